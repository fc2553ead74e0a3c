import type { Sealer } from '../secrets.ts';
import type { Tx } from '../tenancy.ts';

/** What an organization's administrator granted at a provider. */
export interface OrganizationGrantRow {
  readonly provider: string;
  readonly kind: 'service-account-delegation' | 'client-credentials';
  /** Google's service account key, in clear here and sealed in the store; null where the app's own credentials are the grant. */
  readonly secret: string | null;
}

export const organizationSecretField = (provider: string): string => `organization_grant.secret:${provider}`;

/** Keeps an organization's grant in place of a former one. */
export async function saveOrganizationGrant(
  tx: Tx,
  sealer: Pick<Sealer, 'seal'>,
  grant: OrganizationGrantRow,
  at: number,
): Promise<void> {
  const sealed =
    grant.secret === null
      ? null
      : await sealer.seal(tx.workspaceId, '', organizationSecretField(grant.provider), grant.secret);
  await tx.query(
    `INSERT INTO organization_grant (workspace_id, provider, kind, secret, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
     ON CONFLICT (workspace_id, provider) DO UPDATE SET kind = excluded.kind, secret = excluded.secret, updated_at = excluded.updated_at`,
    [tx.workspaceId, grant.provider, grant.kind, sealed, new Date(at)],
  );
}

/** An organization's grant, opened. */
export async function organizationGrant(
  tx: Tx,
  sealer: Pick<Sealer, 'open'>,
  provider: string,
): Promise<OrganizationGrantRow | undefined> {
  const { rows } = await tx.query<{ kind: OrganizationGrantRow['kind']; secret: Buffer | null }>(
    'SELECT kind, secret FROM organization_grant WHERE workspace_id = $1 AND provider = $2',
    [tx.workspaceId, provider],
  );
  const [row] = rows;
  if (!row) return undefined;
  const secret = row.secret && (await sealer.open(tx.workspaceId, '', organizationSecretField(provider), row.secret));
  return { provider, kind: row.kind, secret };
}

/** A mailbox that may be read under an organization's grant. */
export interface WatchedMailbox {
  readonly connector: string;
  /** The address, in lower case. */
  readonly mailbox: string;
  /** Null until it was read once. */
  readonly installationId: string | null;
  readonly addedAt: number;
}

/** The chosen mailboxes, by connector and address. */
export async function watchedMailboxes(tx: Tx): Promise<readonly WatchedMailbox[]> {
  const { rows } = await tx.query<{
    connector: string;
    mailbox: string;
    installation_id: string | null;
    added_at: Date;
  }>(
    'SELECT connector, mailbox, installation_id, added_at FROM watched_mailbox WHERE workspace_id = $1 ORDER BY connector, mailbox',
    [tx.workspaceId],
  );
  return rows.map((row) => ({
    connector: row.connector,
    mailbox: row.mailbox,
    installationId: row.installation_id,
    addedAt: row.added_at.getTime(),
  }));
}

/** Whether a mailbox is among the chosen ones of a connector. */
export async function isWatched(tx: Tx, connector: string, mailbox: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'SELECT 1 FROM watched_mailbox WHERE workspace_id = $1 AND connector = $2 AND mailbox = $3',
    [tx.workspaceId, connector, mailbox.toLowerCase()],
  );
  return rowCount === 1;
}

/** Chooses a mailbox, or says which installation reads it. */
export async function watchMailbox(
  tx: Tx,
  one: { readonly connector: string; readonly mailbox: string; readonly installationId: string | null },
  at: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO watched_mailbox (workspace_id, connector, mailbox, installation_id, added_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (workspace_id, connector, mailbox) DO UPDATE SET
       installation_id = coalesce(excluded.installation_id, watched_mailbox.installation_id)`,
    [tx.workspaceId, one.connector, one.mailbox.toLowerCase(), one.installationId, new Date(at)],
  );
}

/** Takes a mailbox from the chosen ones. Returns the installation that read it, null where none did yet, undefined where it was not chosen. */
export async function unwatchMailbox(tx: Tx, connector: string, mailbox: string): Promise<string | null | undefined> {
  const { rows } = await tx.query<{ installation_id: string | null }>(
    'DELETE FROM watched_mailbox WHERE workspace_id = $1 AND connector = $2 AND mailbox = $3 RETURNING installation_id',
    [tx.workspaceId, connector, mailbox.toLowerCase()],
  );
  return rows[0]?.installation_id;
}
