/** A stretch of time, epoch milliseconds; `to` is not part of it. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** A period that was asked for and of which the history knows nothing. */
export class NoSuchPeriod extends Error {
  readonly code = 'NO_SUCH_PERIOD';

  constructor(message: string) {
    super(message);
    this.name = 'NoSuchPeriod';
  }
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** The part of a history that was asked for: all of it where nothing was. Throws NoSuchPeriod where there is none. */
export function periodOf(history: Period, asked: { readonly from?: number; readonly to?: number }): Period {
  const { from = history.from, to = Infinity } = asked;
  const known = `The history goes from ${day(history.from)} to ${day(history.to)}`;
  if (asked.from !== undefined && from >= to)
    throw new NoSuchPeriod(`--from ${day(from)} is not before --to ${day(to)}: give an earlier --from. ${known}.`);
  if (to <= history.from) throw new NoSuchPeriod(`${known}: give a --to after its beginning.`);
  if (from >= history.to) throw new NoSuchPeriod(`${known}: give a --from before its end.`);
  return { from: Math.max(from, history.from), to: Math.min(to, history.to) };
}
