import { Gathered, type Database, type Tx } from '@waymark/store';

/**
 * Small pieces of a workspace's work, each of its own kind, in transactions that they share. Each piece resolves when it is durable, and is
 * done again by itself where another one of its transaction fails: it must be safe to repeat.
 */
export class SharedTransactions {
  readonly #gathered: Gathered<(tx: Tx) => Promise<() => void>, () => void>;

  constructor(database: Pick<Database, 'inWorkspace'>) {
    this.#gathered = new Gathered(database, async (tx, pieces) => {
      const told: (() => void)[] = [];
      for (const piece of pieces) told.push(await piece(tx));
      return told;
    });
  }

  run<T>(workspaceId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#gathered
        .add(workspaceId, async (tx) => {
          const result = await work(tx);
          return () => resolve(result);
        })
        .then((tell) => tell(), reject);
    });
  }
}
