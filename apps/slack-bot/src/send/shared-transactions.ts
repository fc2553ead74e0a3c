import type { Database, Tx } from '@waymark/store';

/** Pieces of work in one transaction: enough to save its cost, few enough that one which fails costs the others little. */
const mostAtOnce = 25;

interface Piece {
  readonly work: (tx: Tx) => Promise<void>;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Small pieces of a workspace's work in transactions that they share: what comes while one is being committed goes into the next, so
 * that nothing waits where little happens, and a burst costs few commits. Each piece resolves when it is durable, and is done again by
 * itself where another one of its transaction fails: it must be safe to repeat.
 */
export class SharedTransactions {
  readonly #database: Database;
  readonly #waiting = new Map<string, Piece[]>();
  readonly #busy = new Set<string>();

  constructor(database: Database) {
    this.#database = database;
  }

  run<T>(workspaceId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let tell = () => reject(new Error('A piece of work was settled before it was done.'));
      const piece: Piece = {
        work: async (tx) => {
          const result = await work(tx);
          tell = () => resolve(result);
        },
        done: () => tell(),
        failed: reject,
      };
      this.#waiting.set(workspaceId, [...(this.#waiting.get(workspaceId) ?? []), piece]);
      void this.#drain(workspaceId);
    });
  }

  async #drain(workspaceId: string): Promise<void> {
    if (this.#busy.has(workspaceId)) return;
    this.#busy.add(workspaceId);
    for (let pieces = this.#take(workspaceId); pieces.length > 0; pieces = this.#take(workspaceId))
      await this.#together(workspaceId, pieces);
    this.#busy.delete(workspaceId);
  }

  #take(workspaceId: string): readonly Piece[] {
    const waiting = this.#waiting.get(workspaceId) ?? [];
    const rest = waiting.slice(mostAtOnce);
    if (rest.length > 0) this.#waiting.set(workspaceId, rest);
    else this.#waiting.delete(workspaceId);
    return waiting.slice(0, mostAtOnce);
  }

  async #together(workspaceId: string, pieces: readonly Piece[]): Promise<void> {
    try {
      await this.#database.inWorkspace(
        workspaceId,
        async (tx) => {
          for (const piece of pieces) await piece.work(tx);
        },
        { retry: true },
      );
      for (const piece of pieces) piece.done();
    } catch (error) {
      if (pieces.length === 1) pieces[0]?.failed(error);
      else for (const piece of pieces) await this.#together(workspaceId, [piece]);
    }
  }
}
