/** One value of a field from the instant at which it began to hold, epoch ms. */
export interface FieldValue {
  readonly value: string;
  readonly at: number;
}

/** A change from one value to another; `from` is absent on the first. */
export type FieldChange<V extends FieldValue> = V & { readonly from: string | undefined };

/** Values, oldest first, equal neighbors as one. */
export function distinctValues<V extends FieldValue>(values: readonly V[]): readonly V[] {
  return values.filter((version, index) => version.value !== values[index - 1]?.value);
}

/**
 * The changes between distinct values, oldest first. A blank that was followed by another value is left out: setting a stage back may
 * take a clear and a set, and the moment between them is no stage of the account (failure H2).
 */
export function changesOf<V extends FieldValue>(values: readonly V[]): FieldChange<V>[] {
  const kept = values.filter((version, index) => version.value !== '' || index === values.length - 1);
  const changes: FieldChange<V>[] = [];
  for (const version of kept) {
    const from = changes.at(-1)?.value;
    if (version.value === (from ?? '')) continue;
    changes.push({ ...version, from });
  }
  return changes;
}

/** The value that held at an instant; undefined before the first. */
export function valueAt(values: readonly FieldValue[], at: number): string | undefined {
  return values.findLast((version) => version.at <= at)?.value;
}

/** CRMs set the close date by themselves when a deal closes: a change that near to the closing says nothing new. */
const SAME_MOMENT_MS = 60_000;

/** Each time that the close date of a deal was moved by a person, with the dates before and after, epoch ms. */
export function closeDateMoves(
  dates: readonly FieldValue[],
  closings: readonly number[],
  parse: (text: string) => number | undefined,
): { at: number; from: number; to: number }[] {
  const moves: { at: number; from: number; to: number }[] = [];
  let from: number | undefined;
  for (const version of dates) {
    const to = parse(version.value);
    if (to === undefined) continue;
    const byClosing = closings.some((at) => Math.abs(at - version.at) <= SAME_MOMENT_MS);
    if (from !== undefined && from !== to && !byClosing) moves.push({ at: version.at, from, to });
    from = to;
  }
  return moves;
}
