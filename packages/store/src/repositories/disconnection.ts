import type { Tx } from '../tenancy.ts';
import { forgetKnownContacts } from './contact-known.ts';

/**
 * Switches an installation off for good: no run begins, the one under way loses its lease and can store nothing more. The grant stays
 * until `dropGrant`, so that it can be given back at the provider.
 */
export async function closeInstallation(tx: Tx, installationId: string, reason: string, at: number): Promise<void> {
  await tx.query(
    `UPDATE installation SET status = 'disabled', status_reason = $3, lease_fence = lease_fence + 1, lease_holder = NULL, lease_until = NULL,
            wanted_at = NULL, hinted_at = NULL, next_run_at = NULL, resume_at = NULL, resume_reason = NULL, updated_at = $4
      WHERE workspace_id = $1 AND installation_id = $2`,
    [tx.workspaceId, installationId, reason, new Date(at)],
  );
}

/** Forgets the tokens of an installation. A person's wish alone leads here: no failure ever deletes a grant (failure E2). */
export async function dropGrant(tx: Tx, installationId: string, at: number): Promise<void> {
  await tx.query(
    `UPDATE installation SET access_token = NULL, refresh_token = NULL, access_expires_at = NULL, token_version = token_version + 1,
            revoked_signals = 0, push_note = NULL, updated_at = $3
      WHERE workspace_id = $1 AND installation_id = $2`,
    [tx.workspaceId, installationId, new Date(at)],
  );
}

/**
 * Forgets the companies and contacts that an installation named, and what accounts were judged with on their word. An account that nothing else speaks for keeps its row, for its
 * history, but not its name. End what they said before (`endEntities`).
 */
export async function forgetSaid(
  tx: Tx,
  installationId: string,
  at: number,
): Promise<{ readonly companies: number; readonly contacts: number }> {
  const companies = await tx.query<{ account_id: string }>(
    'DELETE FROM account_record WHERE workspace_id = $1 AND installation_id = $2 RETURNING account_id',
    [tx.workspaceId, installationId],
  );
  const accounts = [...new Set(companies.rows.map((row) => row.account_id))];
  await tx.query('DELETE FROM account_known WHERE workspace_id = $1 AND account_id = ANY($2::uuid[])', [
    tx.workspaceId,
    accounts,
  ]);
  await tx.query(
    `UPDATE account a SET name = '(purged)', domain = NULL, is_customer = FALSE, csm_email = NULL, csm_basis = NULL, customer_since = NULL,
            renewal_at = NULL, value = NULL, currency = NULL, tier = NULL, crm_stage = NULL, timezone = NULL, attributes = '{}'::jsonb,
            updated_at = $3
      WHERE a.workspace_id = $1 AND a.account_id = ANY($2::uuid[])
        AND NOT EXISTS (SELECT 1 FROM account_record r WHERE r.workspace_id = $1 AND r.account_id = a.account_id)`,
    [tx.workspaceId, accounts, new Date(at)],
  );
  await forgetKnownContacts(tx, { installationId });
  const contacts = await tx.query('DELETE FROM contact WHERE workspace_id = $1 AND installation_id = $2', [
    tx.workspaceId,
    installationId,
  ]);
  return { companies: companies.rowCount ?? 0, contacts: contacts.rowCount ?? 0 };
}

/** Forgets that an installation was ever read: records, what was posted, hinted and set aside, cursors and coverage. */
export async function forgetReading(tx: Tx, installationId: string): Promise<void> {
  for (const table of [
    'inbox_delivery',
    'inbox',
    'hint',
    'set_aside',
    'source_object',
    'stream_state',
    'coverage_gap',
    'past_coverage',
    'source_outage',
  ])
    await tx.query(`DELETE FROM ${table} WHERE workspace_id = $1 AND installation_id = $2`, [
      tx.workspaceId,
      installationId,
    ]);
}
