import type { Sealer } from '../secrets.ts';
import type { Tx } from '../tenancy.ts';

/** One person's way to a provider's consent page and back. Times are epoch milliseconds. */
export type OAuthAttempt = {
  /** SHA-256 of the state parameter, in hex: the state itself is only in the browser. */
  readonly stateHash: string;
  readonly provider: string;
  readonly connector: string;
  /** SHA-256 of the cookie that binds the attempt to a browser; null for a link that any browser may open. */
  readonly browserHash: string | null;
  /** The PKCE verifier (RFC 7636), in clear here, sealed in the store; null where the provider has no PKCE. */
  readonly verifier: string | null;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly settings: unknown;
  readonly createdAt: number;
  readonly expiresAt: number;
};

export const verifierField = (stateHash: string): string => `oauth_attempt.verifier:${stateHash}`;

/** Keeps an attempt until its callback. The directory leads from the state's hash to the workspace. */
export async function saveOAuthAttempt(tx: Tx, sealer: Sealer, attempt: OAuthAttempt): Promise<void> {
  const verifier =
    attempt.verifier === null
      ? null
      : await sealer.seal(tx.workspaceId, '', verifierField(attempt.stateHash), attempt.verifier);
  await tx.query(
    `INSERT INTO oauth_attempt (workspace_id, state_hash, provider, connector, browser_hash, verifier, redirect_uri, scopes, settings,
       created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      tx.workspaceId,
      attempt.stateHash,
      attempt.provider,
      attempt.connector,
      attempt.browserHash,
      verifier,
      attempt.redirectUri,
      attempt.scopes,
      JSON.stringify(attempt.settings),
      new Date(attempt.createdAt),
      new Date(attempt.expiresAt),
    ],
  );
}

/**
 * Takes an attempt for its callback, once: a second call, an expired attempt or another browser gets undefined. The attempt is
 * used up only by the right browser, so a stranger with a stolen link cannot spoil it.
 */
export async function takeOAuthAttempt(
  tx: Tx,
  sealer: Sealer,
  stateHash: string,
  browserHash: string | null,
  at: number,
): Promise<OAuthAttempt | undefined> {
  const { rows } = await tx.query<{
    provider: string;
    connector: string;
    browser_hash: string | null;
    verifier: Buffer | null;
    redirect_uri: string;
    scopes: string[];
    settings: unknown;
    created_at: Date;
    expires_at: Date;
  }>(
    `UPDATE oauth_attempt SET used_at = $4
      WHERE workspace_id = $1 AND state_hash = $2 AND (browser_hash IS NULL OR browser_hash = $3) AND used_at IS NULL AND expires_at > $4
      RETURNING provider, connector, browser_hash, verifier, redirect_uri, scopes, settings, created_at, expires_at`,
    [tx.workspaceId, stateHash, browserHash, new Date(at)],
  );
  const [row] = rows;
  if (!row) return undefined;
  return {
    stateHash,
    provider: row.provider,
    connector: row.connector,
    browserHash: row.browser_hash,
    verifier: row.verifier ? await sealer.open(tx.workspaceId, '', verifierField(stateHash), row.verifier) : null,
    redirectUri: row.redirect_uri,
    scopes: row.scopes,
    settings: row.settings,
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at.getTime(),
  };
}

/** Removes attempts that ended before a time. Returns how many. */
export async function sweepOAuthAttempts(tx: Tx, before: number): Promise<number> {
  const { rowCount } = await tx.query('DELETE FROM oauth_attempt WHERE workspace_id = $1 AND expires_at < $2', [
    tx.workspaceId,
    new Date(before),
  ]);
  return rowCount ?? 0;
}
