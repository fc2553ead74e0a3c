/**
 * Salesforce writes instants as `2026-01-05T09:00:00.000+0000` in JSON and with `Z` in CSV, and dates as `YYYY-MM-DD`: midnight in UTC
 * here. Undefined for anything else.
 */
export function parseTime(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined || text.length > 40) return undefined;
  const trimmed = text.trim();
  if (!/^\d{4}-\d{2}-\d{2}/.test(trimmed)) return undefined;
  const at = Date.parse(trimmed.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(at) ? undefined : Math.trunc(at);
}

/** An instant as SOQL wants it, unquoted. https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm */
export function soqlTime(at: number): string {
  return new Date(at).toISOString();
}
