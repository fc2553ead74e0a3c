import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../tenancy.ts';

/**
 * A call to Slack that is to be made once. `pending` waits for the sender; `sending` is claimed and may have been posted; `uncertain`
 * has an outcome that nobody knows; `held` waits for the morning. Times are epoch milliseconds.
 */
export interface OutboxRow {
  readonly outboxId: string;
  readonly alertKey: string;
  readonly messageId: string;
  readonly teamId: string;
  readonly action: 'post' | 'update' | 'reply';
  readonly payload: Readonly<Record<string, unknown>>;
  readonly state: 'held' | 'pending' | 'sending' | 'sent' | 'uncertain' | 'failed' | 'canceled';
  readonly heldUntil: number | null;
  readonly heldReason: string | null;
  readonly attempt: number;
  readonly startedAt: number | null;
  readonly nextTryAt: number | null;
  readonly sentTs: string | null;
  readonly error: string | null;
  readonly createdAt: number;
}

interface Row {
  outbox_id: string;
  alert_key: string;
  message_id: string;
  team_id: string;
  action: OutboxRow['action'];
  payload: Record<string, unknown>;
  state: OutboxRow['state'];
  held_until: Date | null;
  held_reason: string | null;
  attempt: number;
  started_at: Date | null;
  next_try_at: Date | null;
  sent_ts: string | null;
  error: string | null;
  created_at: Date;
}

const columns =
  'outbox_id, alert_key, message_id, team_id, action, payload, state, held_until, held_reason, attempt, started_at, next_try_at, sent_ts, error, created_at';

const toRow = (row: Row): OutboxRow => ({
  outboxId: row.outbox_id,
  alertKey: row.alert_key,
  messageId: row.message_id,
  teamId: row.team_id,
  action: row.action,
  payload: row.payload,
  state: row.state,
  heldUntil: row.held_until?.getTime() ?? null,
  heldReason: row.held_reason,
  attempt: row.attempt,
  startedAt: row.started_at?.getTime() ?? null,
  nextTryAt: row.next_try_at?.getTime() ?? null,
  sentTs: row.sent_ts,
  error: row.error,
  createdAt: row.created_at.getTime(),
});

/** A call that is to be put into the outbox. */
export type NewOutboxRow = Pick<
  OutboxRow,
  'alertKey' | 'messageId' | 'teamId' | 'action' | 'payload' | 'heldUntil' | 'heldReason'
>;

/** Puts a call into the outbox, once for its key. Returns its id, or undefined if the key is there already. */
export async function enqueue(tx: Tx, row: NewOutboxRow, at: number): Promise<string | undefined> {
  return (await enqueueAll(tx, [row], at)).get(row.alertKey);
}

/** Puts calls into the outbox in their order, each once for its key. Returns the ids by key, without keys that were there already. */
export async function enqueueAll(
  tx: Tx,
  rows: readonly NewOutboxRow[],
  at: number,
): Promise<ReadonlyMap<string, string>> {
  if (rows.length === 0) return new Map();
  const { rows: added } = await tx.query<{ alert_key: string; outbox_id: string }>(
    `INSERT INTO outbox (workspace_id, outbox_id, alert_key, message_id, team_id, action, payload, state, held_until, held_reason, attempt,
       created_at, updated_at)
     SELECT $1::uuid, outbox_id, alert_key, message_id, team_id, action, payload, CASE WHEN held_until IS NULL THEN 'pending' ELSE 'held' END,
            held_until, held_reason, 0, $3::timestamptz, $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS r(outbox_id uuid, alert_key text, message_id uuid, team_id text, action text, payload jsonb,
         held_until timestamptz, held_reason text)
     ON CONFLICT (workspace_id, alert_key) DO NOTHING RETURNING alert_key, outbox_id`,
    [
      tx.workspaceId,
      JSON.stringify(
        rows.map((row) => ({
          outbox_id: uuidv7(),
          alert_key: row.alertKey,
          message_id: row.messageId,
          team_id: row.teamId,
          action: row.action,
          payload: row.payload,
          held_until: row.heldUntil === null ? null : new Date(row.heldUntil),
          held_reason: row.heldReason,
        })),
      ),
      new Date(at),
    ],
  );
  return new Map(added.map((row) => [row.alert_key, row.outbox_id]));
}

/** The rows of one message in these states, in the order in which they have to be sent. */
export async function outboxOf(
  tx: Tx,
  messageId: string,
  states: readonly OutboxRow['state'][],
): Promise<readonly OutboxRow[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM outbox WHERE workspace_id = $1 AND message_id = $2 AND state = ANY($3::text[]) ORDER BY outbox_id`,
    [tx.workspaceId, messageId, states],
  );
  return rows.map(toRow);
}

/** Replaces what an unsent row says. False: it is on its way already. */
export async function rewriteOutbox(
  tx: Tx,
  outboxId: string,
  payload: Readonly<Record<string, unknown>>,
  at: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE outbox SET payload = $3::jsonb, updated_at = $4 WHERE workspace_id = $1 AND outbox_id = $2 AND state IN ('pending', 'held')`,
    [tx.workspaceId, outboxId, JSON.stringify(payload), new Date(at)],
  );
  return rowCount === 1;
}

/** Cancels unsent rows of a message. Returns how many. */
export async function cancelOutbox(
  tx: Tx,
  messageId: string,
  actions: readonly OutboxRow['action'][],
  why: string,
  at: number,
): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE outbox SET state = 'canceled', error = $4, updated_at = $5
      WHERE workspace_id = $1 AND message_id = $2 AND action = ANY($3::text[]) AND state IN ('pending', 'held')`,
    [tx.workspaceId, messageId, actions, why, new Date(at)],
  );
  return rowCount ?? 0;
}

/** Rows that may be sent now: due, with no earlier row of their message still open, and none of `except`. */
export async function readyOutbox(
  tx: Tx,
  at: number,
  limit: number,
  except: readonly string[] = [],
): Promise<readonly OutboxRow[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM outbox o
      WHERE o.workspace_id = $1 AND o.state = 'pending' AND (o.next_try_at IS NULL OR o.next_try_at <= $2)
        AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.workspace_id = $1 AND e.message_id = o.message_id AND e.outbox_id < o.outbox_id
                           AND (e.state IN ('pending', 'sending', 'uncertain') OR (e.state = 'held' AND e.action = 'post')))
        AND o.outbox_id <> ALL($4::uuid[])
      ORDER BY o.created_at, o.outbox_id LIMIT $3`,
    [tx.workspaceId, new Date(at), limit, except],
  );
  return rows.map(toRow);
}

/** The rows in one of these states, oldest first. */
export async function outboxIn(tx: Tx, states: readonly OutboxRow['state'][]): Promise<readonly OutboxRow[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM outbox WHERE workspace_id = $1 AND state = ANY($2::text[]) ORDER BY created_at, outbox_id`,
    [tx.workspaceId, states],
  );
  return rows.map(toRow);
}

/** Claims rows for one attempt each, before anything is sent (failure G2), by id; those that another has are left out. */
export async function claimOutbox(
  tx: Tx,
  outboxIds: readonly string[],
  sender: string,
  at: number,
): Promise<ReadonlyMap<string, OutboxRow>> {
  const { rows } = await tx.query<Row>(
    `UPDATE outbox SET state = 'sending', attempt = attempt + 1, sender = $3, started_at = $4, next_try_at = NULL, updated_at = $4
      WHERE workspace_id = $1 AND outbox_id = ANY($2::uuid[]) AND state = 'pending' RETURNING ${columns}`,
    [tx.workspaceId, outboxIds, sender, new Date(at)],
  );
  return new Map(rows.map((row) => [row.outbox_id, toRow(row)]));
}

/** Ends attempts that went well; like `settleOutbox` with `sent`. */
export async function settleSent(
  tx: Tx,
  sent: readonly { readonly outboxId: string; readonly ts: string }[],
  at: number,
): Promise<void> {
  await tx.query(
    `WITH told AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::text[]) AS t(outbox_id, ts))
     UPDATE outbox o SET state = 'sent', sent_ts = told.ts, error = NULL, next_try_at = NULL, updated_at = $4 FROM told
      WHERE o.workspace_id = $1 AND o.outbox_id = told.outbox_id AND o.state IN ('sending', 'uncertain', 'pending')`,
    [tx.workspaceId, sent.map((one) => one.outboxId), sent.map((one) => one.ts), new Date(at)],
  );
}

/** Puts off a row that nobody has claimed. */
export async function postponeOutbox(
  tx: Tx,
  outboxId: string,
  nextTryAt: number,
  error: string,
  at: number,
): Promise<void> {
  await tx.query(
    `UPDATE outbox SET next_try_at = $3, error = $4, updated_at = $5 WHERE workspace_id = $1 AND outbox_id = $2 AND state = 'pending'`,
    [tx.workspaceId, outboxId, new Date(nextTryAt), error.slice(0, 500), new Date(at)],
  );
}

/** Gives up on a row that nobody has claimed. */
export async function failOutbox(tx: Tx, outboxId: string, error: string, at: number): Promise<void> {
  await tx.query(
    `UPDATE outbox SET state = 'failed', error = $3, updated_at = $4 WHERE workspace_id = $1 AND outbox_id = $2 AND state = 'pending'`,
    [tx.workspaceId, outboxId, error.slice(0, 500), new Date(at)],
  );
}

/** Ends an attempt of a claimed or uncertain row; `sent` is taken at any time. False: the row has moved on meanwhile. */
export async function settleOutbox(
  tx: Tx,
  outboxId: string,
  outcome: {
    readonly state: 'sent' | 'pending' | 'uncertain' | 'failed' | 'canceled';
    readonly sentTs?: string;
    readonly error?: string;
    readonly nextTryAt?: number;
  },
  at: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE outbox SET state = $3, sent_ts = coalesce($4, sent_ts), error = $5, next_try_at = $6, updated_at = $7
      WHERE workspace_id = $1 AND outbox_id = $2 AND (state IN ('sending', 'uncertain') OR ($3 = 'sent' AND state = 'pending'))`,
    [
      tx.workspaceId,
      outboxId,
      outcome.state,
      outcome.sentTs ?? null,
      outcome.error?.slice(0, 500) ?? null,
      outcome.nextTryAt === undefined ? null : new Date(outcome.nextTryAt),
      new Date(at),
    ],
  );
  return rowCount === 1;
}

/** Claimed rows whose sender has not been heard of since: nobody knows whether they were posted. Returns how many. */
export async function doubtOutbox(tx: Tx, startedBefore: number, at: number): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE outbox SET state = 'uncertain', error = 'the sender ended before it recorded the outcome', updated_at = $3
      WHERE workspace_id = $1 AND state = 'sending' AND started_at < $2`,
    [tx.workspaceId, new Date(startedBefore), new Date(at)],
  );
  return rowCount ?? 0;
}

/** Held rows whose time has come, oldest first. */
export async function heldDue(tx: Tx, at: number): Promise<readonly OutboxRow[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM outbox WHERE workspace_id = $1 AND state = 'held' AND held_until <= $2 ORDER BY created_at, outbox_id`,
    [tx.workspaceId, new Date(at)],
  );
  return rows.map(toRow);
}

/** Lets held rows of a message go. */
export async function releaseHeld(tx: Tx, messageId: string, at: number): Promise<void> {
  await tx.query(
    `UPDATE outbox SET state = 'pending', held_until = NULL, updated_at = $3 WHERE workspace_id = $1 AND message_id = $2 AND state = 'held'`,
    [tx.workspaceId, messageId, new Date(at)],
  );
}

/** The next instant at which a row of the workspace is due; null if none waits. */
export async function nextOutboxAt(tx: Tx): Promise<number | null> {
  const { rows } = await tx.query<{ next: Date | null }>(
    `SELECT min(coalesce(held_until, next_try_at, created_at)) AS next FROM outbox
      WHERE workspace_id = $1 AND state IN ('pending', 'held', 'uncertain', 'sending')`,
    [tx.workspaceId],
  );
  return rows[0]?.next?.getTime() ?? null;
}

/** What became of the workspace's alerts, notices to the admin left out. `heldBack` counts every alert that ever waited for the morning. */
export async function alertCounts(tx: Tx): Promise<{
  readonly posted: number;
  readonly uncertain: number;
  readonly pending: number;
  readonly heldBack: number;
  readonly failed: number;
}> {
  const { rows } = await tx.query<{ posted: number; uncertain: number; pending: number; held: number; failed: number }>(
    `SELECT count(*) FILTER (WHERE o.state = 'sent' AND o.action = 'post')::int AS posted,
            count(*) FILTER (WHERE o.state = 'uncertain')::int AS uncertain,
            count(*) FILTER (WHERE o.state IN ('pending', 'sending'))::int AS pending,
            count(*) FILTER (WHERE o.held_reason IS NOT NULL)::int AS held,
            count(*) FILTER (WHERE o.state = 'failed')::int AS failed
       FROM outbox o JOIN alert_message m ON m.workspace_id = $1 AND m.message_id = o.message_id
      WHERE o.workspace_id = $1 AND m.kind <> 'notice'`,
    [tx.workspaceId],
  );
  const row = rows[0];
  return {
    posted: row?.posted ?? 0,
    uncertain: row?.uncertain ?? 0,
    pending: row?.pending ?? 0,
    heldBack: row?.held ?? 0,
    failed: row?.failed ?? 0,
  };
}

/**
 * Whether the workspace has read what there is to read and folded all of it: every active source has ended a run, no stream of theirs is
 * still in its first reading (but one paused for a missing scope), no account waits, and there is something at all.
 */
export async function steadyState(tx: Tx): Promise<boolean> {
  const { rows } = await tx.query<{ reading: boolean; waiting: boolean; folded: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM installation i WHERE i.workspace_id = $1 AND i.connector <> 'slack' AND i.status = 'active'
                       AND (i.next_run_at IS NULL
                         OR EXISTS (SELECT 1 FROM stream_state s WHERE s.workspace_id = $1 AND s.installation_id = i.installation_id
                                       AND s.backfill_done_at IS NULL AND s.paused_reason IS NULL))) AS reading,
            EXISTS (SELECT 1 FROM account_wake w WHERE w.workspace_id = $1) AS waiting,
            EXISTS (SELECT 1 FROM engine_state e WHERE e.workspace_id = $1) AS folded`,
    [tx.workspaceId],
  );
  const [row] = rows;
  return row !== undefined && !row.reading && !row.waiting && row.folded;
}
