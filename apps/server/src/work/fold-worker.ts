import { nextWake, type Tx } from '@waymark/store';
import { foldDue, type Folded } from '@waymark/sync';
import type { Waymark } from '../waymark.ts';
import { PerWorkspace } from './per-workspace.ts';

/** Longest sleep between looks at the clock: timers beyond it would be re-armed anyway. */
const longestNapMs = 60_000;

/** Accounts of one look: the list is read again after them, so that what came meanwhile waits no longer than that. */
const accountsAtOnce = 100;

/** Keeps the answers of all accounts of all workspaces current: folds what changed, and what changes by time alone at its instant. */
export class FoldWorker {
  readonly #waymark: Waymark;
  readonly #folds: PerWorkspace;
  /** Apart from the folds, so that none waits for it. */
  readonly #alarms: PerWorkspace;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>;
  readonly #onStored: (workspaceId: string) => void;
  readonly #onFolded: (workspaceId: string) => void;

  constructor(
    waymark: Waymark,
    options: {
      readonly afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>;
      /** The answer of one account was stored: there may be something to send. */
      readonly onStored: (workspaceId: string) => void;
      /** All that was due is folded: there may be something to write back. */
      readonly onFolded: (workspaceId: string) => void;
    },
  ) {
    this.#waymark = waymark;
    this.#afterFold = options.afterFold;
    this.#onStored = options.onStored;
    this.#onFolded = options.onFolded;
    this.#folds = new PerWorkspace(
      (workspaceId) => this.#turn(workspaceId),
      (err, workspaceId) => waymark.log.error({ err, workspaceId }, 'a fold failed'),
    );
    this.#alarms = new PerWorkspace(
      (workspaceId) => this.#arm(workspaceId),
      (err, workspaceId) => waymark.log.error({ err, workspaceId }, 'the next wake-up was not found out'),
    );
  }

  /** Folds what is due in a workspace, soon. */
  ask(workspaceId: string): void {
    this.#folds.ask(workspaceId);
  }

  async #turn(workspaceId: string): Promise<void> {
    let folded = 0;
    let batch: number;
    do {
      batch = await foldDue({
        database: this.#waymark.database,
        workspaceId,
        now: this.#waymark.now,
        point: this.#waymark.point,
        afterFold: this.#afterFold,
        onStored: () => this.#onStored(workspaceId),
        limit: accountsAtOnce,
      });
      folded += batch;
      // Fewer than asked for were all; who changes more asks again.
    } while (batch >= accountsAtOnce);
    if (folded > 0) this.#onFolded(workspaceId);
    this.#alarms.ask(workspaceId);
  }

  /** Sleeps until the next instant at which an answer changes without a new event. */
  async #arm(workspaceId: string): Promise<void> {
    const next = await this.#waymark.database.inWorkspace(workspaceId, (tx) => nextWake(tx));
    clearTimeout(this.#timers.get(workspaceId));
    if (next === null) return;
    const nap = Math.min(longestNapMs, Math.max(10, next - this.#waymark.now()));
    this.#timers.set(workspaceId, setTimeout(() => this.ask(workspaceId), nap).unref());
  }

  async idle(): Promise<void> {
    await this.#folds.idle();
    await this.#alarms.idle();
  }

  async stop(): Promise<void> {
    await this.#folds.stop();
    await this.#alarms.stop();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
