const day = 86_400_000;
/** Sending clocks may run a little ahead of the receiving server; more than this is a wrong clock. */
const clockSkew = 300_000;

/**
 * When a mail was sent: its Date header, which every copy shares, where it lies within a day before its arrival; else the
 * arrival. Undefined where there is neither. Epoch milliseconds.
 */
export function mailTime(dateHeader: string | undefined, arrivedAt: number | undefined): number | undefined {
  const written = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader.slice(0, 100));
  if (arrivedAt === undefined) return Number.isFinite(written) && written > 0 ? written : undefined;
  return written >= arrivedAt - day && written <= arrivedAt + clockSkew ? written : arrivedAt;
}
