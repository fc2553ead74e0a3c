import type { Tx } from '../tenancy.ts';

/** How an installation signs in; see migration 009. */
export type GrantKind = 'consent' | 'service-account-delegation' | 'client-credentials' | 'address';

/** One grant of one account at a provider. Tokens stay sealed; see `readTokens`. Times are epoch milliseconds. */
export interface Installation {
  readonly installationId: string;
  readonly connector: string;
  readonly provider: string;
  readonly externalAccountId: string;
  readonly label: string;
  readonly address: string | null;
  readonly status: 'active' | 'needs_auth' | 'disabled' | 'preview';
  readonly statusReason: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly grantedScopes: readonly string[];
  readonly generation: number;
  /** Definite signs in a row that the grant is dead; the second asks a person. */
  readonly revokedSignals: number;
  readonly accessExpiresAt: number | null;
  readonly leaseHolder: string | null;
  readonly leaseUntil: number | null;
  readonly resumeAt: number | null;
  readonly resumeReason: string | null;
  readonly wantedAt: number | null;
  /** Since when hints of a webhook wait to be read. */
  readonly hintedAt: number | null;
  readonly nextRunAt: number | null;
  readonly lastResyncAt: number | null;
  readonly createdAt: number;
  readonly grantKind: GrantKind;
  /** The account's own base URL as the provider named it; null where it names none. */
  readonly accountBase: string | null;
  readonly pushCheckedAt: number | null;
  /** Why nothing is subscribed. */
  readonly pushNote: string | null;
}

interface Row {
  installation_id: string;
  connector: string;
  provider: string;
  external_account_id: string;
  label: string;
  address: string | null;
  status: Installation['status'];
  status_reason: string | null;
  settings: Record<string, unknown>;
  granted_scopes: string[];
  generation: number;
  revoked_signals: number;
  access_expires_at: Date | null;
  lease_holder: string | null;
  lease_until: Date | null;
  resume_at: Date | null;
  resume_reason: string | null;
  wanted_at: Date | null;
  hinted_at: Date | null;
  next_run_at: Date | null;
  last_resync_at: Date | null;
  created_at: Date;
  grant_kind: GrantKind;
  account_base: string | null;
  push_checked_at: Date | null;
  push_note: string | null;
}

const columns =
  'installation_id, connector, provider, external_account_id, label, address, status, status_reason, settings, granted_scopes, generation, ' +
  'access_expires_at, lease_holder, lease_until, resume_at, resume_reason, wanted_at, hinted_at, next_run_at, last_resync_at, created_at, ' +
  'grant_kind, account_base, push_checked_at, push_note, revoked_signals';

const ms = (date: Date | null) => date?.getTime() ?? null;

const toInstallation = (row: Row): Installation => ({
  installationId: row.installation_id,
  connector: row.connector,
  provider: row.provider,
  externalAccountId: row.external_account_id,
  label: row.label,
  address: row.address,
  status: row.status,
  statusReason: row.status_reason,
  settings: row.settings,
  grantedScopes: row.granted_scopes,
  generation: row.generation,
  revokedSignals: row.revoked_signals,
  accessExpiresAt: ms(row.access_expires_at),
  leaseHolder: row.lease_holder,
  leaseUntil: ms(row.lease_until),
  resumeAt: ms(row.resume_at),
  resumeReason: row.resume_reason,
  wantedAt: ms(row.wanted_at),
  hintedAt: ms(row.hinted_at),
  nextRunAt: ms(row.next_run_at),
  lastResyncAt: ms(row.last_resync_at),
  createdAt: row.created_at.getTime(),
  grantKind: row.grant_kind,
  accountBase: row.account_base,
  pushCheckedAt: ms(row.push_checked_at),
  pushNote: row.push_note,
});

/** The installations of the workspace, oldest first. */
export async function installations(tx: Tx): Promise<readonly Installation[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM installation WHERE workspace_id = $1 ORDER BY created_at, installation_id`,
    [tx.workspaceId],
  );
  return rows.map(toInstallation);
}

export async function installation(tx: Tx, installationId: string): Promise<Installation | undefined> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM installation WHERE workspace_id = $1 AND installation_id = $2`,
    [tx.workspaceId, installationId],
  );
  return rows[0] && toInstallation(rows[0]);
}

export interface NewGrant {
  readonly installationId: string;
  readonly connector: string;
  readonly provider: string;
  readonly externalAccountId: string;
  readonly label: string;
  readonly address: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly grantedScopes: readonly string[];
  /** Null for an installation that has no sign-in. */
  readonly accessToken: Buffer | null;
  readonly refreshToken: Buffer | null;
  readonly accessExpiresAt: number | null;
  /** `consent` without it. */
  readonly grantKind?: GrantKind;
  readonly accountBase?: string | null;
}

/**
 * Stores a grant. The installation is bound to the account at the provider (B7): the same account renews its grant in place and
 * keeps its id, cursors and history; another account is another installation. `sealed` must seal under the id that is returned by
 * `installationIdFor`, so the caller asks for it first.
 */
export async function saveGrant(tx: Tx, grant: NewGrant, at: number): Promise<Installation> {
  const { rows } = await tx.query<Row>(
    `INSERT INTO installation (workspace_id, installation_id, connector, provider, external_account_id, label, address, status, settings,
         granted_scopes, generation, access_token, refresh_token, access_expires_at, token_version, revoked_signals, lease_fence, created_at, updated_at,
         grant_kind, account_base)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8::jsonb, $9, 1, $10, $11, $12, 1, 0, 0, $13, $13, $14, $15)
     ON CONFLICT (workspace_id, installation_id) DO UPDATE SET
         label = excluded.label, address = excluded.address, status = 'active', status_reason = NULL, settings = excluded.settings,
         granted_scopes = excluded.granted_scopes, generation = installation.generation + 1, access_token = excluded.access_token,
         refresh_token = coalesce(excluded.refresh_token, installation.refresh_token), access_expires_at = excluded.access_expires_at,
         token_version = installation.token_version + 1, revoked_signals = 0, resume_at = NULL, resume_reason = NULL, updated_at = excluded.updated_at,
         grant_kind = excluded.grant_kind, account_base = excluded.account_base, push_checked_at = NULL
     RETURNING ${columns}`,
    [
      tx.workspaceId,
      grant.installationId,
      grant.connector,
      grant.provider,
      grant.externalAccountId,
      grant.label,
      grant.address,
      JSON.stringify(grant.settings),
      grant.grantedScopes,
      grant.accessToken,
      grant.refreshToken,
      grant.accessExpiresAt === null ? null : new Date(grant.accessExpiresAt),
      new Date(at),
      grant.grantKind ?? 'consent',
      grant.accountBase ?? null,
    ],
  );
  if (!rows[0]) throw new Error('the installation was not returned');
  return toInstallation(rows[0]);
}

/** The sealed tokens of an installation, with the version to compare when writing back. */
export interface SealedTokens {
  readonly accessToken: Buffer | null;
  readonly refreshToken: Buffer | null;
  readonly accessExpiresAt: number | null;
  readonly tokenVersion: number;
  readonly status: Installation['status'];
  readonly grantedScopes: readonly string[];
  readonly connector: string;
  readonly grantKind: GrantKind;
  readonly address: string | null;
}

/** Reads the tokens; with `lock` the row stays locked until the transaction ends, so that one refresh runs at a time (E1). */
export async function readTokens(tx: Tx, installationId: string, lock: boolean): Promise<SealedTokens | undefined> {
  const { rows } = await tx.query<{
    access_token: Buffer | null;
    refresh_token: Buffer | null;
    access_expires_at: Date | null;
    token_version: number;
    status: Installation['status'];
    granted_scopes: string[];
    connector: string;
    grant_kind: GrantKind;
    address: string | null;
  }>(
    `SELECT access_token, refresh_token, access_expires_at, token_version, status, granted_scopes, connector, grant_kind, address
       FROM installation WHERE workspace_id = $1 AND installation_id = $2 ${lock ? 'FOR UPDATE' : ''}`,
    [tx.workspaceId, installationId],
  );
  const row = rows[0];
  return (
    row && {
      accessToken: row.access_token,
      refreshToken: row.refresh_token,
      accessExpiresAt: ms(row.access_expires_at),
      tokenVersion: row.token_version,
      status: row.status,
      grantedScopes: row.granted_scopes,
      connector: row.connector,
      grantKind: row.grant_kind,
      address: row.address,
    }
  );
}

/** Stores a refreshed pair; a missing refresh token keeps the one there is. */
export async function writeTokens(
  tx: Tx,
  installationId: string,
  tokens: {
    readonly accessToken: Buffer;
    readonly refreshToken: Buffer | null;
    readonly accessExpiresAt: number | null;
  },
  at: number,
): Promise<void> {
  await tx.query(
    `UPDATE installation SET access_token = $3, refresh_token = coalesce($4, refresh_token), access_expires_at = $5,
            token_version = token_version + 1, revoked_signals = 0, updated_at = $6
      WHERE workspace_id = $1 AND installation_id = $2`,
    [
      tx.workspaceId,
      installationId,
      tokens.accessToken,
      tokens.refreshToken,
      tokens.accessExpiresAt === null ? null : new Date(tokens.accessExpiresAt),
      new Date(at),
    ],
  );
}

/**
 * Counts one definite sign that the grant is dead; the second in a row asks a person. Credentials are never deleted (E2).
 * Returns whether the installation now needs a person.
 */
export async function countRevokedSignal(tx: Tx, installationId: string, reason: string, at: number): Promise<boolean> {
  const { rows } = await tx.query<{ status: string }>(
    `UPDATE installation SET revoked_signals = revoked_signals + 1,
            status = CASE WHEN revoked_signals >= 1 AND status = 'active' THEN 'needs_auth' ELSE status END,
            status_reason = CASE WHEN status = 'disabled' THEN status_reason ELSE $3 END, updated_at = $4
      WHERE workspace_id = $1 AND installation_id = $2 RETURNING status`,
    [tx.workspaceId, installationId, reason.slice(0, 500), new Date(at)],
  );
  return rows[0]?.status === 'needs_auth';
}

/** The provider let a run in: signs of a dead grant count in a row only (E2). */
export async function forgetRevokedSignals(tx: Tx, installationId: string): Promise<void> {
  await tx.query(
    `UPDATE installation SET revoked_signals = 0
      WHERE workspace_id = $1 AND installation_id = $2 AND revoked_signals > 0 AND status = 'active'`,
    [tx.workspaceId, installationId],
  );
}

export async function setStatus(
  tx: Tx,
  installationId: string,
  status: Installation['status'],
  reason: string | null,
  at: number,
): Promise<void> {
  await tx.query(
    'UPDATE installation SET status = $3, status_reason = $4, updated_at = $5 WHERE workspace_id = $1 AND installation_id = $2',
    [tx.workspaceId, installationId, status, reason, new Date(at)],
  );
}

export async function setSettings(
  tx: Tx,
  installationId: string,
  settings: Readonly<Record<string, unknown>>,
  at: number,
): Promise<void> {
  await tx.query(
    'UPDATE installation SET settings = $3::jsonb, updated_at = $4 WHERE workspace_id = $1 AND installation_id = $2',
    [tx.workspaceId, installationId, JSON.stringify(settings), new Date(at)],
  );
}
