/** A stretch of time laid out on a line, in pixels. Times are epoch milliseconds. */
export interface TimeAxis {
  readonly from: number;
  readonly to: number;
  /** Where an instant stands; outside the stretch, its nearer end. */
  readonly x: (at: number) => number;
  /** The first instants of months in the stretch, thinned out so that their names have room. */
  readonly months: readonly { readonly at: number; readonly name: string }[];
}

/** Lays out a stretch between two positions. Months are those of UTC: a line of a year does not show the difference. */
export function timeAxis(from: number, to: number, left: number, right: number): TimeAxis {
  const length = Math.max(1, to - from);
  const x = (at: number): number => {
    const share = Math.min(1, Math.max(0, (at - from) / length));
    return Math.round((left + share * (right - left)) * 10) / 10;
  };
  const all: { at: number; name: string }[] = [];
  const first = new Date(from);
  for (let month = 1; ; month += 1) {
    const at = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + month, 1);
    if (at >= to || all.length > 600) break;
    const begin = new Date(at);
    const name = new Intl.DateTimeFormat('en-US', {
      month: 'short',
      timeZone: 'UTC',
      ...((begin.getUTCMonth() === 0 || all.length === 0) && { year: '2-digit' }),
    }).format(begin);
    all.push({ at, name });
  }
  const every = Math.max(1, Math.ceil(all.length / ((right - left) / 56)));
  return { from, to, x, months: all.filter((_, index) => index % every === 0) };
}
