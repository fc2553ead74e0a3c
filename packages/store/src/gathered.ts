import type { Database } from './database.ts';
import type { Tx } from './tenancy.ts';

/** Pieces in one transaction: enough to save its cost, few enough that one which fails costs the others little. */
const mostAtOnce = 25;

interface Waiting<P, R> {
  readonly piece: P;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Pieces of a workspace's work of one kind in transactions that they share: what comes while one is being committed goes into the next,
 * so that nothing waits where little happens, and a burst costs few commits. Each piece resolves when it is durable, and is done again by
 * itself where another one of its transaction fails: the work must be safe to repeat.
 */
export class Gathered<P, R> {
  readonly #database: Pick<Database, 'inWorkspace'>;
  readonly #work: (tx: Tx, pieces: readonly P[]) => Promise<readonly R[]>;
  readonly #waiting = new Map<string, Waiting<P, R>[]>();
  readonly #busy = new Set<string>();

  /** @param work does all pieces, and gives the result of each in their order */
  constructor(database: Pick<Database, 'inWorkspace'>, work: (tx: Tx, pieces: readonly P[]) => Promise<readonly R[]>) {
    this.#database = database;
    this.#work = work;
  }

  add(workspaceId: string, piece: P): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#waiting.set(workspaceId, [...(this.#waiting.get(workspaceId) ?? []), { piece, resolve, reject }]);
      void this.#drain(workspaceId);
    });
  }

  async #drain(workspaceId: string): Promise<void> {
    if (this.#busy.has(workspaceId)) return;
    this.#busy.add(workspaceId);
    for (let some = this.#take(workspaceId); some.length > 0; some = this.#take(workspaceId))
      await this.#together(workspaceId, some);
    this.#busy.delete(workspaceId);
  }

  #take(workspaceId: string): readonly Waiting<P, R>[] {
    const waiting = this.#waiting.get(workspaceId) ?? [];
    const rest = waiting.slice(mostAtOnce);
    if (rest.length > 0) this.#waiting.set(workspaceId, rest);
    else this.#waiting.delete(workspaceId);
    return waiting.slice(0, mostAtOnce);
  }

  async #together(workspaceId: string, some: readonly Waiting<P, R>[]): Promise<void> {
    try {
      const pieces = some.map(({ piece }) => piece);
      const results = await this.#database.inWorkspace(workspaceId, (tx) => this.#work(tx, pieces), { retry: true });
      for (const [index, result] of results.entries()) some[index]?.resolve(result);
      for (const { reject } of some.slice(results.length))
        reject(new Error('A piece of work was settled before it was done.'));
    } catch (error) {
      if (some.length === 1) some[0]?.reject(error);
      else for (const one of some) await this.#together(workspaceId, [one]);
    }
  }
}
