/** The latest of a row of numbers, in the order in which they came and by size: one that comes or leaves costs no sorting anew. */
export class LatestNumbers {
  readonly #inOrder: number[] = [];
  readonly #sorted: number[] = [];

  /** Smallest first. Changes with what comes and leaves. */
  get sorted(): readonly number[] {
    return this.#sorted;
  }

  /** Adds the one that came last. */
  add(value: number): void {
    this.#inOrder.push(value);
    const sorted = this.#sorted;
    let place = sorted.push(value) - 1;
    for (; place > 0 && (sorted[place - 1] ?? value) > value; place -= 1) sorted[place] = sorted[place - 1] ?? value;
    sorted[place] = value;
  }

  /** Lets go of the oldest until no more than so many are left. */
  keep(count: number): void {
    while (this.#inOrder.length > count) {
      const gone = this.#inOrder.shift();
      const place = gone === undefined ? -1 : this.#sorted.indexOf(gone);
      if (place >= 0) this.#sorted.splice(place, 1);
    }
  }
}
