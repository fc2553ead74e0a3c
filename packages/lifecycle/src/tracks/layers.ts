/**
 * Entries by name in two layers, as plain JSON: a large one that is shared by all copies and never changed, and a small one of what was
 * set lately. So a copy that can be changed costs the same however many entries there are.
 */
export interface Layers<T> {
  readonly base: Readonly<Record<string, T>>;
  lately: Record<string, T>;
  latelyCount: number;
}

/** Of so many the small layer becomes part of the large one. */
const mostLately = 64;

/** An empty record made for many names: without a prototype it is a table from the first of them, which is several times faster to fill. */
export const emptyRecord = <T>(): Record<string, T> => Object.create(null);

export const noLayers = <T>(): Layers<T> => ({ base: {}, lately: emptyRecord(), latelyCount: 0 });

/** What is kept under a name; names are prefixed, so that none is inherited. */
export const layered = <T>({ base, lately }: Layers<T>, name: string): T | undefined => lately[name] ?? base[name];

/** The layers with an entry set: changes the small layer in place, or gives new ones. */
export function withEntry<T>(layers: Layers<T>, name: string, value: T): Layers<T> {
  if (layers.lately[name] === undefined) layers.latelyCount += 1;
  layers.lately[name] = value;
  return layers.latelyCount < mostLately ? layers : { ...noLayers(), base: allOf(layers) };
}

/** All entries in one record of its own, in the order in which their names first came. */
export const allOf = <T>({ base, lately }: Layers<T>): Record<string, T> =>
  Object.assign(emptyRecord<T>(), base, lately);

/** A copy that can be changed without changing the original. */
export const copyLayers = <T>({ base, lately, latelyCount }: Layers<T>): Layers<T> => ({
  base,
  lately: Object.assign(emptyRecord<T>(), lately),
  latelyCount,
});
