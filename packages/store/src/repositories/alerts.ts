import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../tenancy.ts';

/** A message in Slack, or one that will be: of one account, a digest of several, or a notice to the admin. Times are epoch milliseconds. */
export interface AlertMessage {
  readonly messageId: string;
  readonly accountId: string | null;
  readonly kind: 'account' | 'digest' | 'notice';
  readonly teamId: string;
  /** Where it belongs: `member:<address>`, `channel:<id or #name>`, `user:<id>`. */
  readonly destination: string;
  /** Where it is, once posted. */
  readonly channel: string | null;
  readonly ts: string | null;
  readonly contentDigest: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly openedAt: number;
  readonly closedAt: number | null;
}

interface Row {
  message_id: string;
  account_id: string | null;
  kind: AlertMessage['kind'];
  team_id: string;
  destination: string;
  channel: string | null;
  ts: string | null;
  content_digest: string | null;
  detail: Record<string, unknown>;
  opened_at: Date;
  closed_at: Date | null;
}

const columns =
  'message_id, account_id, kind, team_id, destination, channel, ts, content_digest, detail, opened_at, closed_at';

const toMessage = (row: Row): AlertMessage => ({
  messageId: row.message_id,
  accountId: row.account_id,
  kind: row.kind,
  teamId: row.team_id,
  destination: row.destination,
  channel: row.channel,
  ts: row.ts,
  contentDigest: row.content_digest,
  detail: row.detail,
  openedAt: row.opened_at.getTime(),
  closedAt: row.closed_at?.getTime() ?? null,
});

export async function alertMessage(tx: Tx, messageId: string): Promise<AlertMessage | undefined> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM alert_message WHERE workspace_id = $1 AND message_id = $2`,
    [tx.workspaceId, messageId],
  );
  return rows[0] && toMessage(rows[0]);
}

/** Some messages, by id. */
export async function alertMessages(tx: Tx, messageIds: readonly string[]): Promise<ReadonlyMap<string, AlertMessage>> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM alert_message WHERE workspace_id = $1 AND message_id = ANY($2::uuid[])`,
    [tx.workspaceId, messageIds],
  );
  return new Map(rows.map((row) => [row.message_id, toMessage(row)]));
}

/** The open message of each of these accounts; of all without them. */
export async function openAccountMessages(
  tx: Tx,
  accountIds: readonly string[] | null,
): Promise<readonly AlertMessage[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM alert_message
      WHERE workspace_id = $1 AND kind = 'account' AND closed_at IS NULL AND ($2::uuid[] IS NULL OR account_id = ANY($2::uuid[])) ORDER BY opened_at, message_id`,
    [tx.workspaceId, accountIds],
  );
  return rows.map(toMessage);
}

/** Digests, the open ones unless `closedToo`; with an account, those that name it in `detail.accountIds`. */
export async function digests(
  tx: Tx,
  filter: { readonly accountId?: string; readonly destination?: string; readonly closedToo?: boolean } = {},
): Promise<readonly AlertMessage[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM alert_message
      WHERE workspace_id = $1 AND kind = 'digest' AND (closed_at IS NULL OR $4)
        AND ($2::text IS NULL OR detail->'accountIds' @> to_jsonb($2::text)) AND ($3::text IS NULL OR destination = $3)
      ORDER BY opened_at, message_id`,
    [tx.workspaceId, filter.accountId ?? null, filter.destination ?? null, filter.closedToo ?? false],
  );
  return rows.map(toMessage);
}

/** Digests, open and closed, that name any of these accounts in `detail.accountIds`. */
export async function digestsNaming(tx: Tx, accountIds: readonly string[]): Promise<readonly AlertMessage[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM alert_message
      WHERE workspace_id = $1 AND kind = 'digest' AND detail->'accountIds' ?| $2::text[] ORDER BY opened_at, message_id`,
    [tx.workspaceId, accountIds],
  );
  return rows.map(toMessage);
}

/** The notices to the admin that tell of outages, oldest first; without `closedToo` those of which an outage goes on. */
export async function outageNotices(
  tx: Tx,
  filter: { readonly closedToo?: boolean } = {},
): Promise<readonly AlertMessage[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM alert_message
      WHERE workspace_id = $1 AND kind = 'notice' AND detail->'outages' IS NOT NULL AND (closed_at IS NULL OR $2)
      ORDER BY opened_at, message_id`,
    [tx.workspaceId, filter.closedToo ?? false],
  );
  return rows.map(toMessage);
}

/** A message that is to be added. */
export type NewAlertMessage = Omit<AlertMessage, 'messageId' | 'channel' | 'ts' | 'openedAt' | 'closedAt'>;

/** Adds a message. Returns its id. */
export async function addAlertMessage(tx: Tx, message: NewAlertMessage, at: number): Promise<string> {
  const [messageId = ''] = await addAlertMessages(tx, [message], at);
  return messageId;
}

/** Adds messages. Returns their ids, in the order of the messages. */
export async function addAlertMessages(
  tx: Tx,
  messages: readonly NewAlertMessage[],
  at: number,
): Promise<readonly string[]> {
  if (messages.length === 0) return [];
  const ids = messages.map(() => uuidv7());
  await tx.query(
    `INSERT INTO alert_message (workspace_id, message_id, account_id, kind, team_id, destination, content_digest, detail, opened_at, updated_at)
     SELECT $1::uuid, message_id, account_id, kind, team_id, destination, content_digest, detail, $3::timestamptz, $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS r(message_id uuid, account_id uuid, kind text, team_id text, destination text,
         content_digest text, detail jsonb)
     ON CONFLICT (workspace_id, message_id) DO NOTHING`,
    [
      tx.workspaceId,
      JSON.stringify(
        messages.map((one, index) => ({
          message_id: ids[index],
          account_id: one.accountId,
          kind: one.kind,
          team_id: one.teamId,
          destination: one.destination,
          content_digest: one.contentDigest,
          detail: one.detail,
        })),
      ),
      new Date(at),
    ],
  );
  return ids;
}

/** Writes what a message says now; with `closed` it ends. */
export async function reviseAlertMessage(
  tx: Tx,
  messageId: string,
  change: {
    readonly contentDigest: string | null;
    readonly detail: Readonly<Record<string, unknown>>;
    readonly closed: boolean;
  },
  at: number,
): Promise<void> {
  await tx.query(
    `UPDATE alert_message SET content_digest = $3, detail = $4::jsonb, closed_at = CASE WHEN $5 THEN $6::timestamptz ELSE NULL END, updated_at = $6
      WHERE workspace_id = $1 AND message_id = $2`,
    [tx.workspaceId, messageId, change.contentDigest, JSON.stringify(change.detail), change.closed, new Date(at)],
  );
}

/** Says where messages are being posted, or with a `ts`, were. */
export async function placeAlertMessages(
  tx: Tx,
  places: readonly { readonly messageId: string; readonly channel: string; readonly ts: string | null }[],
  at: number,
): Promise<void> {
  if (places.length === 0) return;
  await tx.query(
    `WITH placed AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[]) AS p(message_id, channel, ts))
     UPDATE alert_message m SET channel = placed.channel, ts = placed.ts, updated_at = $5 FROM placed
      WHERE m.workspace_id = $1 AND m.message_id = placed.message_id`,
    [
      tx.workspaceId,
      places.map((one) => one.messageId),
      places.map((one) => one.channel),
      places.map((one) => one.ts),
      new Date(at),
    ],
  );
}

/** What people did with a flag. Times are epoch milliseconds. */
export interface FlagHandling {
  readonly flagId: string;
  readonly claimedBy: string | null;
  readonly claimedAt: number | null;
  readonly snoozedUntil: number | null;
  readonly answer: string | null;
  readonly answeredBy: string | null;
  readonly answeredAt: number | null;
}

interface HandlingRow {
  flag_id: string;
  claimed_by: string | null;
  claimed_at: Date | null;
  snoozed_until: Date | null;
  answer: string | null;
  answered_by: string | null;
  answered_at: Date | null;
}

const handlingColumns = 'flag_id, claimed_by, claimed_at, snoozed_until, answer, answered_by, answered_at';

const toHandling = (row: HandlingRow): FlagHandling => ({
  flagId: row.flag_id,
  claimedBy: row.claimed_by,
  claimedAt: row.claimed_at?.getTime() ?? null,
  snoozedUntil: row.snoozed_until?.getTime() ?? null,
  answer: row.answer,
  answeredBy: row.answered_by,
  answeredAt: row.answered_at?.getTime() ?? null,
});

export async function flagHandling(tx: Tx, flagIds: readonly string[]): Promise<readonly FlagHandling[]> {
  if (flagIds.length === 0) return [];
  const { rows } = await tx.query<HandlingRow>(
    `SELECT ${handlingColumns} FROM flag_handling WHERE workspace_id = $1 AND flag_id = ANY($2::uuid[])`,
    [tx.workspaceId, flagIds],
  );
  return rows.map(toHandling);
}

/** Writes the whole handling of a flag. */
export async function writeFlagHandling(tx: Tx, one: FlagHandling): Promise<void> {
  const date = (time: number | null) => (time === null ? null : new Date(time));
  await tx.query(
    `INSERT INTO flag_handling (workspace_id, ${handlingColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (workspace_id, flag_id) DO UPDATE SET claimed_by = excluded.claimed_by, claimed_at = excluded.claimed_at,
       snoozed_until = excluded.snoozed_until, answer = excluded.answer, answered_by = excluded.answered_by, answered_at = excluded.answered_at`,
    [
      tx.workspaceId,
      one.flagId,
      one.claimedBy,
      date(one.claimedAt),
      date(one.snoozedUntil),
      one.answer,
      one.answeredBy,
      date(one.answeredAt),
    ],
  );
}

/** Flags whose snooze has ended, with their account. */
export async function endedSnoozes(
  tx: Tx,
  at: number,
): Promise<readonly { readonly flagId: string; readonly accountId: string }[]> {
  const { rows } = await tx.query<{ flag_id: string; account_id: string }>(
    `SELECT DISTINCT h.flag_id, f.account_id FROM flag_handling h
       JOIN flag f ON f.workspace_id = $1 AND f.flag_id = h.flag_id AND f.superseded_at IS NULL
      WHERE h.workspace_id = $1 AND h.snoozed_until <= $2 ORDER BY f.account_id, h.flag_id`,
    [tx.workspaceId, new Date(at)],
  );
  return rows.map((row) => ({ flagId: row.flag_id, accountId: row.account_id }));
}

/** A destination in Slack: the channel it stands for, and why it is not used, if so. */
export interface SlackDestination {
  readonly destination: string;
  readonly channel: string | null;
  readonly pausedReason: string | null;
  readonly toldAdminAt: number | null;
  readonly updatedAt: number;
}

export async function slackDestinations(tx: Tx, teamId: string): Promise<readonly SlackDestination[]> {
  const { rows } = await tx.query<{
    destination: string;
    channel: string | null;
    paused_reason: string | null;
    told_admin_at: Date | null;
    updated_at: Date;
  }>(
    `SELECT destination, channel, paused_reason, told_admin_at, updated_at FROM slack_destination WHERE workspace_id = $1 AND team_id = $2`,
    [tx.workspaceId, teamId],
  );
  return rows.map((row) => ({
    destination: row.destination,
    channel: row.channel,
    pausedReason: row.paused_reason,
    toldAdminAt: row.told_admin_at?.getTime() ?? null,
    updatedAt: row.updated_at.getTime(),
  }));
}

/** Writes what is known of a destination. */
export async function writeSlackDestination(
  tx: Tx,
  teamId: string,
  one: Omit<SlackDestination, 'updatedAt'>,
  at: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO slack_destination (workspace_id, team_id, destination, channel, paused_reason, told_admin_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (workspace_id, team_id, destination) DO UPDATE SET channel = excluded.channel, paused_reason = excluded.paused_reason,
       told_admin_at = excluded.told_admin_at, updated_at = excluded.updated_at`,
    [
      tx.workspaceId,
      teamId,
      one.destination,
      one.channel,
      one.pausedReason,
      one.toldAdminAt === null ? null : new Date(one.toldAdminAt),
      new Date(at),
    ],
  );
}

/** Notes an incoming request before it is acted on. False: it was there already, so it is a repeat (failure G1). */
export async function addSlackReceipt(
  tx: Tx,
  receiptKey: string,
  body: Readonly<Record<string, unknown>>,
  at: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO slack_receipt (workspace_id, receipt_key, received_at, body) VALUES ($1, $2, $3, $4::jsonb)
     ON CONFLICT (workspace_id, receipt_key) DO NOTHING`,
    [tx.workspaceId, receiptKey, new Date(at), JSON.stringify(body)],
  );
  return rowCount === 1;
}

/** Says that a request was acted on. */
export async function settleSlackReceipt(tx: Tx, receiptKey: string, at: number): Promise<void> {
  await tx.query('UPDATE slack_receipt SET handled_at = $3 WHERE workspace_id = $1 AND receipt_key = $2', [
    tx.workspaceId,
    receiptKey,
    new Date(at),
  ]);
}

/** Requests that were noted before an instant and never acted on: the process ended in between. */
export async function openSlackReceipts(
  tx: Tx,
  before: number,
): Promise<readonly { readonly receiptKey: string; readonly body: Readonly<Record<string, unknown>> }[]> {
  const { rows } = await tx.query<{ receipt_key: string; body: Record<string, unknown> }>(
    `SELECT receipt_key, body FROM slack_receipt WHERE workspace_id = $1 AND handled_at IS NULL AND received_at < $2
      ORDER BY received_at LIMIT 100`,
    [tx.workspaceId, new Date(before)],
  );
  return rows.map((row) => ({ receiptKey: row.receipt_key, body: row.body }));
}

/** Removes receipts that no repeat can follow any more. */
export async function sweepSlackReceipts(tx: Tx, before: number): Promise<number> {
  const { rowCount } = await tx.query(
    'DELETE FROM slack_receipt WHERE workspace_id = $1 AND received_at < $2 AND handled_at IS NOT NULL',
    [tx.workspaceId, new Date(before)],
  );
  return rowCount ?? 0;
}

/** The pages at the provider of these events, where one is known. */
export async function eventUrls(tx: Tx, eventIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (eventIds.length === 0) return new Map();
  const { rows } = await tx.query<{ event_id: string; url: string }>(
    `SELECT DISTINCT ON (event_id) event_id, url FROM journey_event
      WHERE workspace_id = $1 AND event_id = ANY($2::uuid[]) AND superseded_at IS NULL AND url IS NOT NULL
      ORDER BY event_id, rank, source_id`,
    [tx.workspaceId, eventIds],
  );
  return new Map(rows.map((row) => [row.event_id, row.url]));
}
