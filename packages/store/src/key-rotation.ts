import type { Database } from './database.ts';
import { StoreError } from './errors.ts';
import { inboxField } from './repositories/inbox.ts';
import { organizationSecretField } from './repositories/organization-grants.ts';
import { providerAppExtraField, providerAppSecretField } from './repositories/provider-apps.ts';
import { verifierField } from './repositories/oauth-attempts.ts';
import { pushSecretField } from './repositories/push-subscriptions.ts';
import { rewrapKey, type Sealer } from './secrets.ts';
import type { Transaction, Tx } from './tenancy.ts';

/** What a rotation did. */
export type KeyRotation = {
  readonly version: number;
  readonly resealed: number;
  /** Secrets that did not open and stay under a former key; `doctor` names them. */
  readonly unreadable: number;
  readonly retiredKeysDropped: number;
};

/** A former key is kept this long, for processes that still seal with it. */
const grace = 60 * 60 * 1000;
const batch = 500;

type SealedRow = { key: string; installation_id: string; sealed: Buffer };
/** Every sealed column: how its rows are read in order, and written back where nobody changed them meanwhile. */
const sealedColumns: readonly {
  readonly read: string;
  readonly write: string;
  readonly field: (key: string) => string;
}[] = [
  {
    read: `SELECT provider AS key, '' AS installation_id, client_secret AS sealed FROM provider_app WHERE workspace_id = $1 AND provider > $2 ORDER BY 1 LIMIT $3`,
    write:
      'UPDATE provider_app SET client_secret = $3 WHERE workspace_id = $1 AND provider = $2 AND client_secret = $4',
    field: providerAppSecretField,
  },
  {
    read: `SELECT provider AS key, '' AS installation_id, extra AS sealed FROM provider_app WHERE workspace_id = $1 AND provider > $2 AND extra IS NOT NULL ORDER BY 1 LIMIT $3`,
    write: 'UPDATE provider_app SET extra = $3 WHERE workspace_id = $1 AND provider = $2 AND extra = $4',
    field: providerAppExtraField,
  },
  {
    read: `SELECT state_hash AS key, '' AS installation_id, verifier AS sealed FROM oauth_attempt WHERE workspace_id = $1 AND state_hash > $2 AND verifier IS NOT NULL ORDER BY 1 LIMIT $3`,
    write: 'UPDATE oauth_attempt SET verifier = $3 WHERE workspace_id = $1 AND state_hash = $2 AND verifier = $4',
    field: verifierField,
  },
  {
    read: `SELECT installation_id::text AS key, installation_id::text AS installation_id, access_token AS sealed FROM installation WHERE workspace_id = $1 AND installation_id::text > $2 AND access_token IS NOT NULL ORDER BY 1 LIMIT $3`,
    write:
      'UPDATE installation SET access_token = $3 WHERE workspace_id = $1 AND installation_id::text = $2 AND access_token = $4',
    field: () => 'access_token',
  },
  {
    read: `SELECT installation_id::text AS key, installation_id::text AS installation_id, refresh_token AS sealed FROM installation WHERE workspace_id = $1 AND installation_id::text > $2 AND refresh_token IS NOT NULL ORDER BY 1 LIMIT $3`,
    write:
      'UPDATE installation SET refresh_token = $3 WHERE workspace_id = $1 AND installation_id::text = $2 AND refresh_token = $4',
    field: () => 'refresh_token',
  },
  {
    read: `SELECT source_id::text AS key, coalesce(installation_id::text, '') AS installation_id, raw AS sealed FROM set_aside WHERE workspace_id = $1 AND source_id::text > $2 ORDER BY 1 LIMIT $3`,
    write: 'UPDATE set_aside SET raw = $3 WHERE workspace_id = $1 AND source_id::text = $2 AND raw = $4',
    field: (key) => `set_aside:${key}`,
  },
  {
    read: `SELECT provider AS key, '' AS installation_id, secret AS sealed FROM organization_grant WHERE workspace_id = $1 AND provider > $2 AND secret IS NOT NULL ORDER BY 1 LIMIT $3`,
    write: 'UPDATE organization_grant SET secret = $3 WHERE workspace_id = $1 AND provider = $2 AND secret = $4',
    field: organizationSecretField,
  },
  {
    read: `SELECT token_hash AS key, installation_id::text AS installation_id, secret AS sealed FROM push_subscription WHERE workspace_id = $1 AND token_hash > $2 ORDER BY 1 LIMIT $3`,
    write: 'UPDATE push_subscription SET secret = $3 WHERE workspace_id = $1 AND token_hash = $2 AND secret = $4',
    field: pushSecretField,
  },
  {
    read: `SELECT delivery_id::text AS key, installation_id::text AS installation_id, payload AS sealed FROM inbox_delivery WHERE workspace_id = $1 AND delivery_id::text > $2 ORDER BY 1 LIMIT $3`,
    write: 'UPDATE inbox_delivery SET payload = $3 WHERE workspace_id = $1 AND delivery_id::text = $2 AND payload = $4',
    field: inboxField,
  },
];

/**
 * Gives a workspace a new data key, seals all its secrets again, and drops former keys that nothing needs any more. Safe to repeat
 * after an interruption, and while the workspace works.
 */
export async function rotateWorkspaceKey(
  database: Pick<Database, 'global' | 'inWorkspace'>,
  sealer: Sealer,
  workspaceId: string,
  at: number,
): Promise<KeyRotation> {
  const version = await replaceKey(database, sealer, workspaceId, at);
  sealer.forget(workspaceId);
  let resealed = 0;
  let unreadable = 0;
  for (const column of sealedColumns) {
    for (let after = ''; ;) {
      const rows = await database.inWorkspace(
        workspaceId,
        async (tx) => (await tx.query<SealedRow>(column.read, [workspaceId, after, batch])).rows,
      );
      for (const row of rows) {
        if (row.sealed.readUInt32BE(1) === version) continue;
        const done = await database.inWorkspace(workspaceId, (tx) => reseal(tx, sealer, column, row));
        if (done === 'unreadable') unreadable += 1;
        else resealed += done;
      }
      const last = rows.at(-1);
      if (!last || rows.length < batch) break;
      after = last.key;
    }
  }
  const retiredKeysDropped =
    unreadable > 0
      ? 0
      : await database.inWorkspace(workspaceId, async (tx) => {
          const { rowCount } = await tx.query('DELETE FROM retired_key WHERE workspace_id = $1 AND retired_at < $2', [
            workspaceId,
            new Date(at - grace),
          ]);
          return rowCount ?? 0;
        });
  return { version, resealed, unreadable, retiredKeysDropped };
}

async function replaceKey(
  database: Pick<Database, 'global' | 'inWorkspace'>,
  sealer: Sealer,
  workspaceId: string,
  at: number,
): Promise<number> {
  return database.global(async (tx: Transaction) => {
    const { rows } = await tx.query<{ wrapped_key: Buffer; key_version: number }>(
      'SELECT wrapped_key, key_version FROM workspace WHERE workspace_id = $1 FOR UPDATE',
      [workspaceId],
    );
    const [row] = rows;
    if (!row) throw new StoreError('workspace_missing', `There is no workspace ${workspaceId}: create it first.`);
    // The former key is safe in its own transaction before it is replaced: a crash in between leaves it in both places.
    await database.inWorkspace(workspaceId, (inner) =>
      inner.query(
        `INSERT INTO retired_key (workspace_id, key_version, wrapped_key, retired_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, key_version) DO UPDATE SET retired_at = excluded.retired_at`,
        [workspaceId, row.key_version, row.wrapped_key, new Date(at)],
      ),
    );
    const version = row.key_version + 1;
    await tx.query('UPDATE workspace SET wrapped_key = $2, key_version = $3 WHERE workspace_id = $1', [
      workspaceId,
      sealer.wrapNewKey(workspaceId, version),
      version,
    ]);
    return version;
  });
}

async function reseal(
  tx: Tx,
  sealer: Sealer,
  column: (typeof sealedColumns)[number],
  row: SealedRow,
): Promise<number | 'unreadable'> {
  const field = column.field(row.key);
  let plaintext: Buffer;
  try {
    plaintext = await sealer.openBytes(tx.workspaceId, row.installation_id, field, row.sealed);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'secret_unreadable') return 'unreadable';
    throw error;
  }
  const sealed = await sealer.seal(tx.workspaceId, row.installation_id, field, plaintext);
  const { rowCount } = await tx.query(column.write, [tx.workspaceId, row.key, sealed, row.sealed]);
  return rowCount ?? 0;
}

/**
 * Wraps every workspace's data keys under a new master key; what they seal stays as it is. Stop all processes first: they hold the
 * former one. Repeating it after an interruption goes on with what is left.
 */
export async function rotateMasterKey(
  database: Pick<Database, 'global' | 'inWorkspace'>,
  from: Buffer,
  to: Buffer,
): Promise<number> {
  const all = await database.global(
    async (tx) => (await tx.query<{ workspace_id: string }>('SELECT workspace_id FROM workspace ORDER BY 1')).rows,
  );
  const rewrapped = (workspaceId: string, wrapped: Buffer): Buffer | undefined => {
    try {
      return rewrapKey(workspaceId, wrapped, from, to);
    } catch (error) {
      // It opens under the new key: done before the interruption.
      rewrapKey(workspaceId, wrapped, to, to);
      if (error instanceof StoreError && error.code === 'secret_unreadable') return undefined;
      throw error;
    }
  };
  let keys = 0;
  for (const { workspace_id: workspaceId } of all) {
    keys += await database.inWorkspace(workspaceId, async (tx) => {
      const { rows } = await tx.query<{ key_version: number; wrapped_key: Buffer }>(
        'SELECT key_version, wrapped_key FROM retired_key WHERE workspace_id = $1 FOR UPDATE',
        [workspaceId],
      );
      let done = 0;
      for (const row of rows) {
        const wrapped = rewrapped(workspaceId, row.wrapped_key);
        if (!wrapped) continue;
        await tx.query('UPDATE retired_key SET wrapped_key = $3 WHERE workspace_id = $1 AND key_version = $2', [
          workspaceId,
          row.key_version,
          wrapped,
        ]);
        done += 1;
      }
      return done;
    });
    keys += await database.global(async (tx) => {
      const { rows } = await tx.query<{ wrapped_key: Buffer }>(
        'SELECT wrapped_key FROM workspace WHERE workspace_id = $1 FOR UPDATE',
        [workspaceId],
      );
      const wrapped = rows[0] && rewrapped(workspaceId, rows[0].wrapped_key);
      if (!wrapped) return 0;
      await tx.query('UPDATE workspace SET wrapped_key = $2 WHERE workspace_id = $1', [workspaceId, wrapped]);
      return 1;
    });
  }
  return keys;
}
