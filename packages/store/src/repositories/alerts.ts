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
