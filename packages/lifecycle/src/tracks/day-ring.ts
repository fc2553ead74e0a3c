/** Amounts by UTC day, oldest first. */
export type Days = readonly (readonly [day: number, amount: number])[];

/** More than a year, and a power of two. */
const kept = 512;
const mask = kept - 1;
const sumsFrom = kept;
const squaresFrom = 2 * kept;

/**
 * The amounts of the latest days that are over, a place for each day, so that any stretch of the last year is summed by two looks. It is
 * filled day by day from lists to which facts are added in order of time.
 */
export class DayRing {
  /** The amounts of the days; then, place by place, what came before each day; then the squares of that. One piece of memory costs less than three. */
  readonly #kept = new Float64Array(3 * kept);
  #end: number | null = null;
  #isExact = true;

  /** Whether all amounts so far are whole and none is under zero, so that no sum has lost anything. */
  get isExact(): boolean {
    return this.#isExact;
  }

  /** Forgets everything. */
  clear(): void {
    this.#kept.fill(0);
    this.#end = null;
    this.#isExact = true;
  }

  /** Takes what the lists, joined, have of the days before `today`. Never to be called for a day before the last one. */
  fill(lists: readonly Days[], today: number): void {
    const from = Math.max(this.#end ?? firstDay(lists, today), today - kept + 1);
    if (from >= today) return;
    for (let day = from; day < today; day += 1) this.#kept[day & mask] = 0;
    for (const list of lists) {
      for (let index = list.length - 1; index >= 0; index -= 1) {
        const entry = list[index];
        if (!entry || entry[0] < from) break;
        if (entry[0] >= today) continue;
        this.#kept[entry[0] & mask] = this.amountOn(entry[0]) + entry[1];
        if (entry[1] < 0 || !Number.isInteger(entry[1])) this.#isExact = false;
      }
    }
    let sum = this.#end === null || from > this.#end ? 0 : (this.#kept[sumsFrom + (from & mask)] ?? 0);
    let squares = this.#end === null || from > this.#end ? 0 : (this.#kept[squaresFrom + (from & mask)] ?? 0);
    for (let day = from; day < today; day += 1) {
      this.#kept[sumsFrom + (day & mask)] = sum;
      this.#kept[squaresFrom + (day & mask)] = squares;
      const amount = this.amountOn(day);
      sum += amount;
      squares += amount * amount;
    }
    this.#kept[sumsFrom + (today & mask)] = sum;
    this.#kept[squaresFrom + (today & mask)] = squares;
    if (squares > Number.MAX_SAFE_INTEGER) this.#isExact = false;
    this.#end = today;
  }

  /** The amount of a day of the last year. */
  amountOn(day: number): number {
    return this.#kept[day & mask] ?? 0;
  }

  /** Sums up the latest weeks before a day, and the squares of each: in place n what n weeks hold. Nothing is in days that are not filled yet. */
  sumWeeks(day: number, weeks: number, sums: Float64Array, squares: Float64Array): void {
    const kept = this.#kept;
    const filled = this.#end ?? day;
    const whole = kept[sumsFrom + (filled & mask)] ?? 0;
    let after = whole;
    let square = 0;
    for (let week = 1, from = day - 7; week <= weeks; week += 1, from -= 7) {
      const start = from >= filled ? whole : (kept[sumsFrom + (from & mask)] ?? 0);
      square += (after - start) * (after - start);
      after = start;
      sums[week] = whole - start;
      squares[week] = square;
    }
  }

  /** The sum from a day up to another, which is not included; exact where all amounts are whole. */
  between(from: number, to: number): number {
    return from >= to ? 0 : (this.#kept[sumsFrom + (to & mask)] ?? 0) - (this.#kept[sumsFrom + (from & mask)] ?? 0);
  }

  /** The same of the squares of the days. */
  squaresBetween(from: number, to: number): number {
    return from >= to
      ? 0
      : (this.#kept[squaresFrom + (to & mask)] ?? 0) - (this.#kept[squaresFrom + (from & mask)] ?? 0);
  }
}

/** The first day of any of the lists; `today` if none is earlier. */
function firstDay(lists: readonly Days[], today: number): number {
  let first = today;
  for (const list of lists) first = Math.min(first, list[0]?.[0] ?? today);
  return first;
}

/** As many as a few accounts with a few metrics have. */
const mostSpare = 32;
const spare: DayRing[] = [];

/** Rings by name. Those that are let go of are used again: a piece of memory of that size costs more than all that is counted in it. */
export class DayRings {
  readonly #rings = new Map<string, DayRing>();

  /** The ring of a name, with what the lists have of the days before `today`. */
  filled(name: string, lists: readonly Days[], today: number): DayRing {
    let ring = this.#rings.get(name);
    if (!ring) {
      ring = spare.pop() ?? new DayRing();
      this.#rings.set(name, ring);
    }
    ring.fill(lists, today);
    return ring;
  }

  /** Lets go of all of them: none may be used after that. */
  clear(): void {
    for (const ring of this.#rings.values()) {
      if (spare.length >= mostSpare) break;
      ring.clear();
      spare.push(ring);
    }
    this.#rings.clear();
  }
}
