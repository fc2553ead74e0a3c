import type { Tx } from '../tenancy.ts';

/** Why a subscription could not be made or renewed. */
export interface PushFault {
  readonly kind: string;
  readonly message: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** One subscription at a provider, or a posting address (`address`). Times are epoch milliseconds. */
export interface PushRow {
  readonly installationId: string;
  /** Its name within the installation. */
  readonly key: string;
  readonly stream: string;
  readonly tokenHash: string;
  /** Sealed under `pushSecretField(tokenHash)`. */
  readonly secret: Buffer;
  readonly externalId: string | null;
  readonly expiresAt: number | null;
  readonly dueAt: number | null;
  readonly state: 'pending' | 'active' | 'lapsed' | 'address';
  readonly failures: number;
  readonly fault: PushFault | null;
  readonly lastNoticeAt: number | null;
  readonly createdAt: number;
}

export const pushSecretField = (tokenHash: string): string => `push_subscription.secret:${tokenHash}`;

const columns =
  'installation_id, target_key, stream, token_hash, secret, external_id, expires_at, due_at, state, failures, fault, last_notice_at, created_at';

interface Row {
  installation_id: string;
  target_key: string;
  stream: string;
  token_hash: string;
  secret: Buffer;
  external_id: string | null;
  expires_at: Date | null;
  due_at: Date | null;
  state: PushRow['state'];
  failures: number;
  fault: PushFault | null;
  last_notice_at: Date | null;
  created_at: Date;
}

const toPush = (row: Row): PushRow => ({
  installationId: row.installation_id,
  key: row.target_key,
  stream: row.stream,
  tokenHash: row.token_hash,
  secret: row.secret,
  externalId: row.external_id,
  expiresAt: row.expires_at?.getTime() ?? null,
  dueAt: row.due_at?.getTime() ?? null,
  state: row.state,
  failures: row.failures,
  fault: row.fault,
  lastNoticeAt: row.last_notice_at?.getTime() ?? null,
  createdAt: row.created_at.getTime(),
});

const date = (at: number | null): Date | null => (at === null ? null : new Date(at));

/** The subscriptions and posting addresses of the workspace, or of one installation. */
export async function pushSubscriptions(tx: Tx, installationId?: string): Promise<readonly PushRow[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM push_subscription
      WHERE workspace_id = $1 AND ($2::uuid IS NULL OR installation_id = $2) ORDER BY installation_id, target_key`,
    [tx.workspaceId, installationId ?? null],
  );
  return rows.map(toPush);
}

/** The subscription or posting address that a token leads to. */
export async function pushByToken(tx: Tx, tokenHash: string): Promise<PushRow | undefined> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM push_subscription WHERE workspace_id = $1 AND token_hash = $2`,
    [tx.workspaceId, tokenHash],
  );
  return rows[0] && toPush(rows[0]);
}

/** Begins a subscription, or makes an address, in place of a former one of that key; its faults are kept until it stands. */
export async function beginPush(
  tx: Tx,
  push: Pick<PushRow, 'installationId' | 'key' | 'stream' | 'tokenHash' | 'secret'> & {
    readonly state: 'pending' | 'address';
  },
  at: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO push_subscription (workspace_id, installation_id, target_key, stream, token_hash, secret, state, failures, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)
     ON CONFLICT (workspace_id, installation_id, target_key) DO UPDATE SET stream = excluded.stream, token_hash = excluded.token_hash,
       secret = excluded.secret, state = excluded.state, external_id = NULL, expires_at = NULL, due_at = NULL, created_at = excluded.created_at`,
    [tx.workspaceId, push.installationId, push.key, push.stream, push.tokenHash, push.secret, push.state, new Date(at)],
  );
}

/** What a subscription is after its provider answered. False: another attempt has taken its place. */
export async function settlePush(
  tx: Tx,
  tokenHash: string,
  push: {
    readonly externalId: string;
    readonly expiresAt: number | null;
    readonly dueAt: number | null;
    readonly secret: Buffer | null;
  },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE push_subscription SET external_id = $3, expires_at = $4, due_at = $5, secret = coalesce($6, secret), state = 'active',
            failures = 0, fault = NULL
      WHERE workspace_id = $1 AND token_hash = $2`,
    [tx.workspaceId, tokenHash, push.externalId, date(push.expiresAt), date(push.dueAt), push.secret],
  );
  return rowCount === 1;
}

/** Notes that making or renewing a subscription failed, and when it is tried again. The beginning of a lasting fault is kept. */
export async function failPush(
  tx: Tx,
  tokenHash: string,
  fault: { readonly kind: string; readonly message: string },
  times: { readonly at: number; readonly dueAt: number },
): Promise<void> {
  await tx.query(
    `UPDATE push_subscription SET failures = failures + 1, due_at = $3,
            fault = CASE WHEN fault->>'kind' = $4 THEN jsonb_set(fault, '{message}', to_jsonb($5::text))
                         ELSE jsonb_build_object('kind', $4::text, 'message', $5::text, 'since', $6::bigint) END
      WHERE workspace_id = $1 AND token_hash = $2`,
    [tx.workspaceId, tokenHash, new Date(times.dueAt), fault.kind, fault.message.slice(0, 500), times.at],
  );
}

/** A verified notice came, or the provider ended the subscription (`lapsed`): then it is due to be made anew. */
export async function noticePush(tx: Tx, tokenHash: string, lapsed: boolean, at: number): Promise<void> {
  await tx.query(
    `UPDATE push_subscription SET last_notice_at = $3,
            state = CASE WHEN $4 AND state = 'active' THEN 'lapsed' ELSE state END,
            due_at = CASE WHEN $4 AND state = 'active' THEN $3 ELSE due_at END
      WHERE workspace_id = $1 AND token_hash = $2`,
    [tx.workspaceId, tokenHash, new Date(at), lapsed],
  );
}

/** Forgets a subscription or an address. */
export async function removePush(tx: Tx, tokenHash: string): Promise<void> {
  await tx.query('DELETE FROM push_subscription WHERE workspace_id = $1 AND token_hash = $2', [
    tx.workspaceId,
    tokenHash,
  ]);
}

/** Notes when an installation's subscriptions were looked through, and why there are none. */
export async function notePushCheck(tx: Tx, installationId: string, note: string | null, at: number): Promise<void> {
  await tx.query(
    'UPDATE installation SET push_checked_at = $3, push_note = $4 WHERE workspace_id = $1 AND installation_id = $2',
    [tx.workspaceId, installationId, new Date(at), note],
  );
}
