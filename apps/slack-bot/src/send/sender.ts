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
import { openSession } from '../bot-token.ts';
import type { SlackBotDependencies, SlackTiming } from '../dependencies.ts';
import { planAccounts } from '../plan/account-planner.ts';
import { releaseMorning } from '../plan/digest-planner.ts';
import { workspaceFacts } from '../plan/workspace-facts.ts';
import { ChannelQueues } from './channel-queues.ts';
import { deliver } from './delivery.ts';
import { Reconciler } from './reconcile.ts';

/** What a round of sending left. */
export interface SendReport {
  readonly sent: number;
  readonly uncertain: number;
  /** When something is due again, in epoch milliseconds; null if nothing waits. */
  readonly nextAt: number | null;
}

const pageSize = 200;

/** Sends what waits in the outbox. One of these a process: its queues hold the pace for each channel. */
export class Sender {
  readonly #deps: SlackBotDependencies;
  readonly #timing: SlackTiming;
  readonly #queues: ChannelQueues;
  readonly #reconciler: Reconciler;
  /** Rows that this process has in hand, so that two rounds do not queue one row twice. */
  readonly #inHand = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(deps: SlackBotDependencies, timing: SlackTiming) {
    this.#deps = deps;
    this.#timing = timing;
    this.#queues = new ChannelQueues(timing.channelIntervalMs);
    this.#reconciler = new Reconciler(deps, timing);
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

  async #round(workspaceId: string, signal: AbortSignal): Promise<SendReport> {
    const { database, now } = this.#deps;
    await this.#prepare(workspaceId);
    const session = await openSession(this.#deps, workspaceId, this.#timing.callTimeoutMs);
    let sent = 0;
    let uncertain = 0;
    if (session) {
      uncertain = await this.#reconciler.reconcile(workspaceId, session);
      for (let stop = false; !stop && !signal.aborted;) {
        const { teamId } = session.installation.slack;
        // Read once for the whole page, so that each post costs two transactions: its claim and its record.
        const round = await database.inWorkspace(workspaceId, async (tx) => {
          const ready = await readyOutbox(tx, now(), pageSize);
          const mine = ready.filter((row) => !this.#inHand.has(row.outboxId));
          if (mine.length === 0) return undefined;
          for (const row of mine) this.#inHand.add(row.outboxId);
          return {
            mine,
            messages: await alertMessages(
              tx,
              mine.map((row) => row.messageId),
            ),
            destinations: await slackDestinations(tx, teamId),
            members: await members(tx),
          };
        });
        if (!round) break;
        const { mine, messages, destinations, members: people } = round;
        const context = {
          deps: this.#deps,
          timing: this.#timing,
          queues: this.#queues,
          workspaceId,
          session,
          destinations,
          members: people,
        };
        const outcomes = await Promise.all(
          mine.map(async (row) => {
            try {
              return signal.aborted ? 'stop' : await deliver(context, row, messages.get(row.messageId));
            } finally {
              this.#inHand.delete(row.outboxId);
            }
          }),
        );
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
