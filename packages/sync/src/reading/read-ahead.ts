/** What a step of a reading came to: held until its turn, so that a fault of the next page does not overtake the page before it. */
type Step<T> = { readonly result: IteratorResult<T, unknown> } | { readonly error: unknown };

/**
 * The same items in the same order, each asked for while the one before it is in the hands of the caller: a page is read while another is
 * stored. One is held at most. A caller that stops early waits for the step that is under way, and no other is begun.
 */
export async function* readAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const reading = source[Symbol.asyncIterator]();
  const step = (): Promise<Step<T>> =>
    reading.next().then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  let next = step();
  let ended = false;
  try {
    for (;;) {
      const one = await next;
      if ('error' in one || one.result.done === true) {
        ended = true;
        if ('error' in one) throw one.error;
        return;
      }
      next = step();
      yield one.result.value;
    }
  } finally {
    if (!ended) {
      await next;
      await reading.return?.();
    }
  }
}
