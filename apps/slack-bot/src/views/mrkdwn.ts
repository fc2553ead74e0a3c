import { DateTime } from 'luxon';

/**
 * Escapes text of others for a mrkdwn field or a fallback text (failure R16): `&`, `<` and `>` are all that Slack reads as control
 * characters. https://docs.slack.dev/messaging/formatting-message-text#escaping. A word joiner keeps `@here` and its kind from being
 * read as a mention by clients that look for them.
 */
export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/@(?=here|channel|everyone)/gi, '@\u2060');
}

/** A link with a label; the label alone where the address is no http(s) one or too long to be worth its room. */
export function link(url: string | null, label: string): string {
  const shown = escapeText(label);
  if (url === null || url.length > 400 || !/^https?:\/\/[^\s|<>]+$/.test(url)) return shown;
  // A bar in the label would end the address early in no client, but a closing bracket would end the link: it is escaped above.
  return `<${url.replaceAll('&', '&amp;')}|${shown}>`;
}

/** A person: a Slack user as a mention, anybody else by name. */
export function person(by: string): string {
  return /^[UW][A-Z0-9]{2,}$/.test(by) ? `<@${by}>` : escapeText(by);
}

/** A day in a zone: `18 Oct`, with the year where it is not the present one. */
export function day(at: number, timezone: string, now: number): string {
  // As reasons and notes say it: British English would write `Sept`.
  const date = DateTime.fromMillis(at, { zone: timezone, locale: 'en-US' });
  const thisYear = DateTime.fromMillis(now, { zone: timezone }).year;
  return date.toFormat(date.year === thisYear ? 'd LLL' : 'd LLL yyyy');
}

/** The same of a date that a CRM told: one without a time of day, which comes as midnight (UTC), is that very day in every zone. */
export function date(at: number, timezone: string, now: number): string {
  return day(at, at % 86_400_000 === 0 ? 'UTC' : timezone, now);
}

/** How long ago in whole days, in words. */
export function daysAgo(at: number, now: number): string {
  const days = Math.floor((now - at) / 86_400_000);
  if (days <= 0) return 'today';
  return days === 1 ? 'yesterday' : `${days} days ago`;
}

/** As many lines as fit into a field of `max` characters; what is left out is said. A single line that is too long is cut. */
export function fitLines(lines: readonly string[], max: number): string {
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (length + line.length + 1 > max - 2) {
      kept.push('…');
      break;
    }
    kept.push(line);
    length += line.length + 1;
  }
  return kept.join('\n') || '…';
}
