import { day, type Explained } from '@waymark/server';
import { sightText } from '@waymark/sync';

/** What lies around an answer: why the account's events are its own, and what of its contact is seen. What is of today although an earlier time is asked for says so. */
export const aroundText = (one: Pick<Explained, 'matching' | 'coverage' | 'ofToday' | 'timezone'>): string =>
  `${matchingText(one)}${coverageText(one)}`;

/** Why its events are its own, and who lost them. */
function matchingText({ matching, ofToday }: Pick<Explained, 'matching' | 'ofToday'>): string {
  if (matching.length === 0) return '';
  const lines = matching.slice(0, 12).map((one) => {
    const lost = one.lost.map((each) => `${each.name} (${each.why}, ${each.events})`).join(', ');
    const by = one.united && (one.united.eventId === null ? 'an import' : `event ${one.united.eventId}`);
    const united = one.united
      ? ` (${one.united.key} has the domain ${one.united.domain}, ${by} says; to part them: waymark review decide ${one.united.domain} --split)`
      : '';
    return `  ${one.events} by ${one.reason} ${one.subject}${united}${lost === '' ? '' : `; lost: ${lost}`}`;
  });
  const when = ofToday.includes('matching')
    ? 'Why its events are its own today (the reasons of then are not kept)'
    : 'Why its events are its own';
  return `${when}:\n${lines.join('\n')}\n\n`;
}

/** What of the contact can be seen, from when on, and what was not watched with the reason. */
function coverageText({ coverage, ofToday, timezone }: Pick<Explained, 'coverage' | 'ofToday' | 'timezone'>): string {
  const dayOf = (at: number) => day(at, timezone);
  const { sight, watchedFrom, gaps } = coverage;
  const since = watchedFrom === null ? 'nothing has been read through yet' : `watched since ${dayOf(watchedFrom)}`;
  const unseen = sight.unseen.slice(0, 10).map((one) => `  not seen: ${one.name ?? one.address} <${one.address}>`);
  const missed = gaps.map(
    (gap) =>
      `  not watched for ${gap.touchpoints.join(', ')}${gap.from > 0 ? ` from ${dayOf(gap.from)}` : ''}${gap.to === null ? '' : ` to ${dayOf(gap.to)}`}: ${gap.reason}`,
  );
  const told = ofToday.includes('sight') ? `${since}. Today ${sightText(sight)}.` : `${sightText(sight)}; ${since}.`;
  return `Coverage: ${told}\n${[...unseen, ...missed].map((each) => `${each}\n`).join('')}\n`;
}
