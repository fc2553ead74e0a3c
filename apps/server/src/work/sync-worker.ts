import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';
import { dueInstallations, installations, installation as readInstallation } from '@waymark/store';
import { keepLiveOutages, keepPeers, keepSeason, syncInstallation, watchCoverage, refreshQueue } from '@waymark/sync';
import { connectorIds } from '../registry.ts';
import type { Waymark } from '../waymark.ts';
import { PerWorkspace } from './per-workspace.ts';

/** Runs of one workspace at a time, so that a large one leaves room for the others (I10). */
const perWorkspace = 4;
/** Runs of this process at a time. */
const perProcess = 8;

const tidyAfterMs = 1000;
/** The part of the time that may be spent on tidying up, where runs never cease: its cost grows with what there is. */
const tidyShare = 0.05;

/** Keeps the installations of all workspaces read: those that are due, those that a webhook wants. */
export class SyncWorker {
  readonly #waymark: Waymark;
  readonly #queues = new Map<string, PQueue>();
  readonly #running = new Map<string, Promise<void>>();
  /** Looks after a run whether another is asked for. */
  readonly #looking = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #onRun: (workspaceId: string) => void;
  readonly #tidy: PerWorkspace;
  /** How long it last took by workspace, ms. */
  readonly #tidyCost = new Map<string, number>();
  #active = 0;
  readonly #slots: (() => void)[] = [];

  constructor(waymark: Waymark, onRun: (workspaceId: string) => void) {
    this.#waymark = waymark;
    this.#onRun = onRun;
    this.#tidy = new PerWorkspace(
      (workspaceId) => this.#tidyUp(workspaceId),
      (err, workspaceId) => waymark.log.error({ err, workspaceId }, 'tidying up after a run failed'),
    );
  }

  /** Starts what is due in one workspace; returns at once when all of it is running. */
  async sweep(workspaceId: string): Promise<void> {
    const due = await this.#waymark.database.inWorkspace(workspaceId, (tx) =>
      dueInstallations(tx, connectorIds, this.#waymark.now()),
    );
    for (const installationId of due) this.run(workspaceId, installationId);
  }

  /** Runs an installation soon, unless it runs already; then it runs once more if a hint came meanwhile. */
  run(workspaceId: string, installationId: string): void {
    if (this.#running.has(installationId) || this.#stop.signal.aborted) return;
    const queue = this.#queues.get(workspaceId) ?? new PQueue({ concurrency: perWorkspace });
    this.#queues.set(workspaceId, queue);
    const run = queue
      .add(() => this.#inSlot(() => this.#once(workspaceId, installationId)))
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#waymark.log.error({ err: error, workspaceId, installationId }, 'a run ended with an error');
      })
      .finally(() => {
        this.#running.delete(installationId);
        const look = this.#again(workspaceId, installationId).finally(() => this.#looking.delete(look));
        this.#looking.add(look);
      });
    this.#running.set(installationId, run);
  }

  /** A slot of the process, taken in the order of asking, whichever workspace asks. */
  async #inSlot(work: () => Promise<void>): Promise<void> {
    if (this.#active >= perProcess) await new Promise<void>((resolve) => this.#slots.push(resolve));
    this.#active += 1;
    try {
      await work();
    } finally {
      this.#active -= 1;
      this.#slots.shift()?.();
    }
  }

  async #once(workspaceId: string, installationId: string): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const outcome = await syncInstallation(this.#waymark.sync, workspaceId, installationId, this.#stop.signal, {
      ifAsked: true,
    });
    if (outcome.kind !== 'ran') return;
    for (const { stream, partition, fault } of outcome.result.faults) {
      // A slip in code is mended by nobody who waits.
      const level = fault.kind === 'defect' ? 'error' : 'warn';
      this.#waymark.log[level]({ workspaceId, installationId, stream, partition, fault: fault.kind }, fault.message);
    }
    this.#onRun(workspaceId);
    this.#tidy.ask(workspaceId);
  }

  /** What no alert waits for: gaps in coverage, sources that tell nothing, and the queue of whom nobody could match. Many runs share one of it. */
  async #tidyUp(workspaceId: string): Promise<void> {
    const pause = Math.max(tidyAfterMs, (this.#tidyCost.get(workspaceId) ?? 0) / tidyShare);
    await sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    const begun = performance.now();
    await this.#waymark.database.inWorkspace(workspaceId, async (tx) => {
      await watchCoverage(tx, await installations(tx), this.#waymark.now());
      await keepLiveOutages(tx, this.#waymark.now());
      await keepSeason(tx, this.#waymark.now());
      await keepPeers(tx, this.#waymark.now());
      await refreshQueue(tx);
    });
    this.#tidyCost.set(workspaceId, performance.now() - begun);
    this.#onRun(workspaceId);
  }

  async #again(workspaceId: string, installationId: string): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const current = await this.#waymark.database
      .inWorkspace(workspaceId, (tx) => readInstallation(tx, installationId))
      .catch(() => undefined);
    const asks = current?.status === 'active' && (current.wantedAt !== null || current.hintedAt !== null);
    if (asks && current.leaseHolder === null) this.run(workspaceId, installationId);
  }

  /** Resolves when no run is under way, and none is asked for by what came during the last. */
  async idle(): Promise<void> {
    do {
      while (this.#running.size + this.#looking.size > 0)
        await Promise.all([...this.#running.values(), ...this.#looking]);
      await this.#tidy.idle();
    } while (this.#running.size + this.#looking.size > 0);
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  /** Lets pages that are being stored end, and stops. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('The server is stopping.'));
    await this.idle();
    await this.#tidy.stop();
  }
}
