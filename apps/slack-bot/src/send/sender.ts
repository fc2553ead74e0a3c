import { setTimeout as sleep } from 'node:timers/promises';
import {
  alertMessages,
  doubtOutbox,
  endedSnoozes,
  flagHandling,
  heldDue,
  lockAccount,
  members,
  nextOutboxAt,
  outboxIn,
  readyOutbox,
  slackDestinations,
  writeFlagHandling,
} from '@waymark/store';
import { openSession, type SlackSession } from '../bot-token.ts';
import type { SlackBotDependencies, SlackTiming } from '../dependencies.ts';
import { planAccounts } from '../plan/account-planner.ts';
import { releaseMorning } from '../plan/digest-planner.ts';
import { workspaceFacts } from '../plan/workspace-facts.ts';
import { ChannelBook } from './channel-book.ts';
import { ChannelQueues } from './channel-queues.ts';
import { deliver, type Delivered } from './delivery.ts';
import { Reconciler } from './reconcile.ts';
import { SendLedger } from './send-ledger.ts';

/** What a round of sending left. */
export interface SendReport {
  readonly sent: number;
  readonly uncertain: number;
  /** When something is due again, in epoch milliseconds; null if nothing waits. */
  readonly nextAt: number | null;
}

const pageSize = 200;
/** Rows in hand at a time over all workspaces: more only wait in memory. */
const mostInHand = 1000;
const sessionKeptMs = 2000;
const lookAgainMs = 100;

/** Sends what waits in the outbox. One of these a process: its queues hold the pace for each channel. */
export class Sender {
  readonly #deps: SlackBotDependencies;
  readonly #timing: SlackTiming;
  readonly #queues: ChannelQueues;
  readonly #reconciler: Reconciler;
  readonly #ledger: SendLedger;
  readonly #book: ChannelBook;
  /** Sessions of `sendReady`, for a moment: a burst needs its token read once. */
  readonly #sessions = new Map<string, { readonly until: number; readonly session: SlackSession }>();
  /** Workspaces that are looked at again soon. */
  readonly #again = new Set<string>();
  /** Rows that this process has in hand, so that two rounds do not queue one row twice. */
  readonly #inHand = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(deps: SlackBotDependencies, timing: SlackTiming) {
    this.#deps = deps;
    this.#timing = timing;
    this.#queues = new ChannelQueues(timing.channelIntervalMs);
    this.#reconciler = new Reconciler(deps, timing);
    this.#ledger = new SendLedger(deps);
    this.#book = new ChannelBook(deps.now);
  }

  /** Sends all that is due in a workspace, and returns when it is sent or put off. Rounds may overlap. */
  sendDue(workspaceId: string, signal: AbortSignal): Promise<SendReport> {
    const round = this.#round(workspaceId, signal);
    const tracked: Promise<unknown> = round.catch(() => undefined).finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
    return round;
  }

  /** Lets calls on their way end; the rest stays in the outbox. */
  async close(): Promise<void> {
    this.#queues.clear();
    await Promise.race([
      Promise.allSettled(this.#running),
      new Promise((resolve) => setTimeout(resolve, this.#timing.callTimeoutMs).unref()),
    ]);
  }

  /**
   * Starts to send what is ready, and returns when it is in hand: a channel that has to wait its turn delays no alert of another. What
   * time alone has made due is left to `sendDue`.
   */
  async sendReady(workspaceId: string, signal: AbortSignal): Promise<void> {
    const session = await this.#session(workspaceId);
    while (session && !signal.aborted) {
      const page = await this.#take(workspaceId, session, signal);
      if (!page) return;
      this.#track(
        workspaceId,
        page().then((outcomes) => {
          if (outcomes.includes('stop')) this.#sessions.delete(workspaceId);
          // What waited for one of these may be ready now; a dead grant is tried no more.
          else this.#lookAgain(workspaceId, signal);
        }),
      );
    }
  }

  async #session(workspaceId: string): Promise<SlackSession | undefined> {
    const kept = this.#sessions.get(workspaceId);
    if (kept && kept.until > performance.now()) return kept.session;
    const session = await openSession(this.#deps, workspaceId, this.#timing.callTimeoutMs);
    if (session) this.#sessions.set(workspaceId, { until: performance.now() + sessionKeptMs, session });
    else this.#sessions.delete(workspaceId);
    return session;
  }

  /** Once for all that is delivered in a moment. */
  #lookAgain(workspaceId: string, signal: AbortSignal): void {
    if (this.#again.has(workspaceId)) return;
    this.#again.add(workspaceId);
    const look = async () => {
      await sleep(lookAgainMs);
      this.#again.delete(workspaceId);
      await this.sendReady(workspaceId, signal);
    };
    this.#track(workspaceId, look());
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #track(workspaceId: string, work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work
      .catch((err: unknown) => this.#deps.log.error({ err, workspaceId }, 'sending alerts failed'))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #round(workspaceId: string, signal: AbortSignal): Promise<SendReport> {
    const { database } = this.#deps;
    await this.#prepare(workspaceId);
    const session = await openSession(this.#deps, workspaceId, this.#timing.callTimeoutMs);
    let sent = 0;
    let uncertain = 0;
    if (session) {
      uncertain = await this.#reconciler.reconcile(workspaceId, session);
      for (let stop = false; !stop && !signal.aborted;) {
        const page = await this.#take(workspaceId, session, signal);
        if (!page) break;
        const outcomes = await page();
        sent += outcomes.filter((one) => one === 'done').length;
        stop = outcomes.includes('stop');
      }
    }
    return database.inWorkspace(workspaceId, async (tx) => ({
      sent,
      uncertain: uncertain === 0 ? (await outboxIn(tx, ['uncertain'])).length : uncertain,
      nextAt: await nextOutboxAt(tx),
    }));
  }

  /** Takes a page of what is ready in hand and begins to deliver it. Undefined where nothing is ready, or enough is in hand. */
  async #take(
    workspaceId: string,
    session: SlackSession,
    signal: AbortSignal,
  ): Promise<(() => Promise<readonly Delivered[]>) | undefined> {
    const { database, now } = this.#deps;
    if (this.#inHand.size >= mostInHand) return undefined;
    // Read once for the whole page, so that each post costs two transactions: its claim and its record.
    const round = await database.inWorkspace(workspaceId, async (tx) => {
      const ready = await readyOutbox(tx, now(), pageSize, [...this.#inHand]);
      // Another round may have taken some since the statement began.
      const mine = ready.filter((row) => !this.#inHand.has(row.outboxId));
      if (mine.length === 0) return undefined;
      for (const row of mine) this.#inHand.add(row.outboxId);
      return {
        mine,
        messages: await alertMessages(
          tx,
          mine.map((row) => row.messageId),
        ),
        destinations: await slackDestinations(tx, session.installation.slack.teamId),
        members: await members(tx),
      };
    });
    if (!round) return undefined;
    const { mine, messages, destinations, members: people } = round;
    const context = {
      deps: this.#deps,
      timing: this.#timing,
      queues: this.#queues,
      ledger: this.#ledger,
      workspaceId,
      session,
      book: this.#book,
      destinations,
      members: people,
    };
    const outcomes = Promise.all(
      mine.map(async (row): Promise<Delivered> => {
        try {
          return signal.aborted ? 'stop' : await deliver(context, row, messages.get(row.messageId));
        } finally {
          this.#inHand.delete(row.outboxId);
        }
      }),
    );
    return () => outcomes;
  }

  /** What time alone has made due: lost claims, ended snoozes, held alerts. */
  async #prepare(workspaceId: string): Promise<void> {
    const { database, now } = this.#deps;
    const at = now();
    const due = await database.inWorkspace(workspaceId, async (tx) => {
      await doubtOutbox(tx, at - this.#timing.sendingStaleMs, at);
      return { snoozes: await endedSnoozes(tx, at), held: (await heldDue(tx, at)).length };
    });
    for (const accountId of new Set(due.snoozes.map((one) => one.accountId))) {
      await this.#wakeSnoozes(
        workspaceId,
        accountId,
        due.snoozes.filter((one) => one.accountId === accountId).map((one) => one.flagId),
      );
    }
    if (due.held === 0) return;
    await database.inWorkspace(
      workspaceId,
      async (tx) => {
        const facts = await workspaceFacts(tx, { now: at, pausedRetryMs: this.#timing.pausedRetryMs });
        if (facts) await releaseMorning(tx, this.#deps, facts);
      },
      { retry: true },
    );
  }

  async #wakeSnoozes(workspaceId: string, accountId: string, flagIds: readonly string[]): Promise<void> {
    const { database, now } = this.#deps;
    await database.inWorkspace(
      workspaceId,
      async (tx) => {
        await lockAccount(tx, accountId);
        const over = (await flagHandling(tx, flagIds)).filter((one) => (one.snoozedUntil ?? Infinity) <= now());
        for (const one of over) await writeFlagHandling(tx, { ...one, snoozedUntil: null });
        const facts = await workspaceFacts(tx, { now: now(), pausedRetryMs: this.#timing.pausedRetryMs });
        if (facts) await planAccounts(tx, this.#deps, facts, [accountId], new Set(over.map((one) => one.flagId)));
      },
      { retry: true },
    );
  }
}
