const DAY = 86_400_000;

/** A span of days: from the first instant on, up to and without the second. Epoch milliseconds, days of UTC. */
export interface DaySpan {
  readonly from: number;
  readonly until: number;
}

/**
 * What a date literal such as TODAY or LAST_N_DAYS:7 means; undefined if there is none of that name. The vendor counts days in the
 * user's time zone, the sandbox in UTC.
 * https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
 */
export function daySpan(name: string, count: number, now: number): DaySpan | undefined {
  const today = Math.floor(now / DAY) * DAY;
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (name) {
    case 'today':
      return { from: today, until: today + DAY };
    case 'yesterday':
      return { from: today - DAY, until: today };
    case 'tomorrow':
      return { from: today + DAY, until: today + 2 * DAY };
    case 'last_n_days':
      return { from: today - count * DAY, until: today + DAY };
    case 'next_n_days':
      return { from: today + DAY, until: today + (count + 1) * DAY };
    case 'n_days_ago':
      return { from: today - count * DAY, until: today - (count - 1) * DAY };
    case 'this_month':
      return { from: Date.UTC(year, month), until: Date.UTC(year, month + 1) };
    case 'last_month':
      return { from: Date.UTC(year, month - 1), until: Date.UTC(year, month) };
    case 'this_year':
      return { from: Date.UTC(year, 0), until: Date.UTC(year + 1, 0) };
    case 'last_year':
      return { from: Date.UTC(year - 1, 0), until: Date.UTC(year, 0) };
    default:
      return undefined;
  }
}
