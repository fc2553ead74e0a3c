import { DAY } from '../time/zone.ts';
import type { Happening, Unheard } from './workspace-lull.ts';

/** What happened on a day. */
interface DayHeard {
  total: number;
  count: number;
}

const nothing: DayHeard = { total: 0, count: 0 };
const nobody: ReadonlySet<string> = new Set();

/** What a workspace heard of day by day, who told it, and which sources were silent as far as is known. Days are counted from 1970. */
export class DaysHeard {
  /** The first day of which anything is told. */
  readonly first: number;
  /** The levels that days were found to have. */
  readonly levels: Map<number, number> = new Map();
  readonly #unheard: readonly Unheard[];
  readonly #days: Map<number, DayHeard> = new Map();
  /** The same for each set of sources that told the same things. */
  readonly #bySources: Map<string, { readonly sources: readonly string[]; readonly days: Map<number, DayHeard> }> =
    new Map();
  #known: readonly Unheard[] = [];
  #knownAs = '';
  readonly #silent: Map<number, ReadonlySet<string>> = new Map();

  constructor(first: number, unheard: readonly Unheard[]) {
    this.first = first;
    this.#unheard = unheard;
  }

  /** Adds a happening. Returns its day. */
  add({ occurredAt, weight, count = 1, sources }: Happening): number {
    const day = Math.floor(occurredAt / DAY);
    grow(this.#days, day, weight, count);
    if (sources && this.#unheard.length > 0) {
      const key = sources.join('\n');
      const own = this.#bySources.get(key) ?? { sources, days: new Map<number, DayHeard>() };
      this.#bySources.set(key, own);
      grow(own.days, day, weight, count);
    }
    return day;
  }

  /** Takes in which silences are known before an instant. Returns the first day that is seen otherwise; Infinity for none. */
  knowSilences(now: number): number {
    if (this.#unheard.length === 0) return Infinity;
    const known = this.#unheard.flatMap((one): readonly Unheard[] => {
      if (one.knownFrom >= now || (one.filledAt !== null && one.filledAt < now)) return [];
      return [{ ...one, to: one.overAt !== null && one.overAt < now ? one.to : null }];
    });
    const keyOf = (one: Unheard) => `${one.source} ${one.from} ${one.to}`;
    const knownAs = known.map(keyOf).join('\n');
    if (knownAs === this.#knownAs) return Infinity;
    const [before, after] = [new Set(this.#known.map(keyOf)), new Set(known.map(keyOf))];
    const changed = [...this.#known, ...known].filter((one) => before.has(keyOf(one)) !== after.has(keyOf(one)));
    this.#known = known;
    this.#knownAs = knownAs;
    this.#silent.clear();
    return changed.reduce((least, { from }) => Math.min(least, Math.floor(from / DAY)), Infinity);
  }

  /** What was heard on a day of the sources that were heard on another. */
  on(day: number, other: number): DayHeard {
    const all = this.#days.get(day) ?? nothing;
    const silent = this.#silentOn(other);
    if (silent.size === 0) return all;
    let { total, count } = all;
    for (const { sources, days } of this.#bySources.values()) {
      const own = days.get(day);
      if (!own || !sources.every((source) => silent.has(source))) continue;
      total -= own.total;
      count -= own.count;
    }
    return { total, count };
  }

  /** Whether all sources that were heard on `day` were heard on `before` as well. */
  compares(before: number, day: number): boolean {
    const silent = this.#silentOn(before);
    if (silent.size === 0) return true;
    const also = this.#silentOn(day);
    return [...silent].every((source) => also.has(source));
  }

  #silentOn(day: number): ReadonlySet<string> {
    if (this.#known.length === 0) return nobody;
    const found = this.#silent.get(day);
    if (found) return found;
    const silent = new Set(
      this.#known.flatMap(({ source, from, to }) =>
        from < (day + 1) * DAY && (to ?? Infinity) > day * DAY ? [source] : [],
      ),
    );
    this.#silent.set(day, silent);
    return silent;
  }
}

function grow(days: Map<number, DayHeard>, day: number, weight: number, count: number): void {
  const heard = days.get(day);
  if (heard) {
    heard.total += weight;
    heard.count += count;
  } else days.set(day, { total: weight, count });
}
