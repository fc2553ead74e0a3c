import {
  alertMessage,
  outboxIn,
  placeAlertMessages,
  rewriteOutbox,
  settleOutbox,
  type OutboxRow,
} from '@waymark/store';
import type { SlackSession } from '../bot-token.ts';
import type { SlackBotDependencies, SlackTiming } from '../dependencies.ts';
import { classifyCall } from '../web-client.ts';

/** The type of the metadata by which a post is found again. https://docs.slack.dev/messaging/message-metadata */
export const metadataType = 'waymark_alert';

/** Slack's clock and ours may differ by this much. */
const clockSkewMs = 60_000;
const maxPages = 5;

/**
 * Finds out what became of posts with an unknown outcome: one look into the history of each channel for all of them together
 * (failures R14, R15). What is found was sent; what is not found in a history read to its end goes again. Where no history may be
 * read, it goes again and says that it may be a repeat: an alert seen twice is better than one never seen.
 */
export class Reconciler {
  readonly #lastLook = new Map<string, number>();
  readonly #deps: SlackBotDependencies;
  readonly #timing: SlackTiming;

  constructor(deps: SlackBotDependencies, timing: SlackTiming) {
    this.#deps = deps;
    this.#timing = timing;
  }

  /** Settles what can be settled now. Returns how many rows are still uncertain. */
  async reconcile(workspaceId: string, session: SlackSession): Promise<number> {
    const now = this.#deps.now();
    const groups = new Map<
      string,
      { readonly channel: string; readonly thread: string | null; readonly rows: OutboxRow[] }
    >();
    const uncertain = await this.#deps.database.inWorkspace(workspaceId, async (tx) => {
      const rows = await outboxIn(tx, ['uncertain']);
      for (const row of rows) {
        const tooEarly = (row.startedAt ?? 0) + this.#timing.reconcileAfterMs > now;
        if (tooEarly || (row.nextTryAt ?? 0) > now) continue;
        const message = await alertMessage(tx, row.messageId);
        // An update can be made again: it says the same.
        if (!message?.channel || row.action === 'update') {
          await settleOutbox(tx, row.outboxId, { state: 'pending' }, now);
          continue;
        }
        const thread = row.action === 'reply' ? message.ts : null;
        const key = `${message.channel}:${thread ?? ''}`;
        const group = groups.get(key);
        if (group) group.rows.push(row);
        else groups.set(key, { channel: message.channel, thread, rows: [row] });
      }
      return rows.length;
    });
    let settled = 0;
    for (const [key, group] of groups) {
      const last = this.#lastLook.get(key);
      if (last !== undefined && now - last < this.#timing.historyIntervalMs) continue;
      this.#lastLook.set(key, now);
      settled += await this.#settle(workspaceId, group, await this.#look(session, group));
    }
    if (this.#lastLook.size > 10_000) this.#lastLook.clear();
    return uncertain - settled;
  }

  /** https://docs.slack.dev/reference/methods/conversations.history, https://docs.slack.dev/reference/methods/conversations.replies */
  async #look(
    session: SlackSession,
    group: { readonly channel: string; readonly thread: string | null; readonly rows: readonly OutboxRow[] },
  ): Promise<Look> {
    const { channel, thread } = group;
    const since = Math.min(...group.rows.map((row) => row.startedAt ?? row.createdAt)) - clockSkewMs;
    const found = new Map<string, string>();
    try {
      let cursor: string | undefined;
      for (let page = 0; page < maxPages; page += 1) {
        const query = {
          channel,
          oldest: (since / 1000).toFixed(6),
          inclusive: true,
          limit: 200,
          include_all_metadata: true,
          ...(cursor !== undefined && { cursor }),
        };
        const answer =
          thread === null
            ? await session.client.conversations.history(query)
            : await session.client.conversations.replies({ ...query, ts: thread });
        for (const message of answer.messages ?? []) {
          const id = alertIdOf(message);
          if (id !== undefined && message.ts !== undefined) found.set(id, message.ts);
        }
        cursor = answer.response_metadata?.next_cursor || undefined;
        if (cursor === undefined) return { kind: 'whole', found };
      }
      return { kind: 'part', found };
    } catch (error) {
      const outcome = classifyCall(error);
      if (outcome.kind === 'refused') return { kind: 'forbidden', found, error: outcome.error };
      const wait = outcome.kind === 'rate-limited' ? outcome.retryAfterMs : 30_000;
      return { kind: 'later', found, at: this.#deps.now() + wait };
    }
  }

  async #settle(
    workspaceId: string,
    group: { readonly channel: string; readonly thread: string | null; readonly rows: readonly OutboxRow[] },
    look: Look,
  ): Promise<number> {
    const now = this.#deps.now();
    let settled = 0;
    for (const row of group.rows) {
      await this.#deps.database.inWorkspace(workspaceId, async (tx) => {
        const ts = look.found.get(row.outboxId);
        if (ts !== undefined) {
          await settleOutbox(tx, row.outboxId, { state: 'sent', sentTs: ts }, now);
          if (row.action === 'post')
            await placeAlertMessages(tx, [{ messageId: row.messageId, channel: group.channel, ts }], now);
          settled += 1;
          return;
        }
        if (look.kind === 'whole' || look.kind === 'forbidden') {
          await settleOutbox(
            tx,
            row.outboxId,
            { state: 'pending', error: 'not found in the channel: sent again' },
            now,
          );
          if (look.kind === 'forbidden')
            await rewriteOutbox(tx, row.outboxId, { ...row.payload, possibleRepeat: true }, now);
          settled += 1;
          return;
        }
        const nextTryAt = look.kind === 'later' ? look.at : now + this.#timing.historyIntervalMs;
        await settleOutbox(
          tx,
          row.outboxId,
          { state: 'uncertain', nextTryAt, error: 'the channel could not be read yet' },
          now,
        );
      });
    }
    return settled;
  }
}

type Look =
  | { readonly kind: 'whole' | 'part'; readonly found: ReadonlyMap<string, string> }
  | { readonly kind: 'forbidden'; readonly found: ReadonlyMap<string, string>; readonly error: string }
  | { readonly kind: 'later'; readonly found: ReadonlyMap<string, string>; readonly at: number };

/** The outbox row that a message in Slack came from. The SDK's type of the payload is narrower than what Slack sends. */
function alertIdOf(message: object): string | undefined {
  const metadata: unknown = 'metadata' in message ? message.metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  if (!('event_type' in metadata) || metadata.event_type !== metadataType || !('event_payload' in metadata))
    return undefined;
  const payload: unknown = metadata.event_payload;
  if (typeof payload !== 'object' || payload === null || !('alert_id' in payload)) return undefined;
  return typeof payload.alert_id === 'string' ? payload.alert_id : undefined;
}
