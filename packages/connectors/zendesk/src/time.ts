/** An instant as Zendesk writes it (RFC 3339), epoch milliseconds; undefined for anything else. */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length > 40 || !/^\d{4}-\d\d-\d\dT/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** Epoch seconds, as exports count, rounded down so that nothing is left out. */
export function toSeconds(at: number): number {
  return Math.max(0, Math.floor(at / 1000));
}
