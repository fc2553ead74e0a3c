import { DateTime } from 'luxon';

/** HubSpot writes instants as ISO 8601 or as epoch milliseconds in text, and dates as `YYYY-MM-DD`; undefined for anything else. */
export function parseTime(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined || text.length > 40) return undefined;
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const at = /^-?\d{1,15}$/.test(trimmed) ? Number(trimmed) : Date.parse(trimmed);
  return Number.isNaN(at) ? undefined : Math.trunc(at);
}

/**
 * When the account's next day begins, epoch milliseconds: its daily quota resets at its own midnight.
 * https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 */
export function nextMidnight(now: number, zone: string): number | undefined {
  const local = DateTime.fromMillis(now, { zone });
  if (!local.isValid) return undefined;
  return local.plus({ days: 1 }).startOf('day').toMillis();
}
