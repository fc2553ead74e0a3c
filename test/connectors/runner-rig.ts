import { randomUUID } from 'node:crypto';
import type { AnyConnector } from '@waymark/connector-kit';
import { saveGrant } from '@waymark/store';
import type { TestDatabase } from '@waymark/store/testing';
import { noPoint, syncInstallation, TokenKeeper } from '@waymark/sync';
import { expect } from 'vitest';

export interface RunnerOptions {
  readonly database: TestDatabase;
  readonly workspaceId: string;
  readonly connector: AnyConnector;
  readonly url: string;
  readonly now: () => number;
  readonly token: string;
  readonly scopes: readonly string[];
  readonly externalAccountId: string;
  readonly address?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** An installation as a consent would leave it, on the real runner. */
export interface Installed {
  readonly installationId: string;
  /** One run; the kinds of its faults. */
  readonly run: () => Promise<readonly string[]>;
  /** The provider's ids of the records that stand: not gone, and stored. */
  readonly standing: (stream: string) => Promise<readonly string[]>;
  /** Puts another token, with other scopes, in the place of the first. */
  readonly regrant: (token: string, scopes: readonly string[]) => Promise<void>;
}

export async function installOn(options: RunnerOptions): Promise<Installed> {
  const { database, workspaceId, connector, url, now } = options;
  const installationId = randomUUID();
  const { sealer } = database;
  const regrant: Installed['regrant'] = async (token, scopes) => {
    const accessToken = await sealer.seal(workspaceId, installationId, 'access_token', token);
    await database.inWorkspace(workspaceId, (tx) =>
      saveGrant(
        tx,
        {
          installationId,
          connector: connector.manifest.id,
          provider: connector.manifest.auth.provider,
          externalAccountId: options.externalAccountId,
          label: options.externalAccountId,
          address: options.address ?? null,
          settings: options.settings ?? {},
          grantedScopes: [...scopes],
          accessToken,
          refreshToken: null,
          accessExpiresAt: null,
        },
        now(),
      ),
    );
  };
  await regrant(options.token, options.scopes);
  const credentials = { clientId: 'id', clientSecret: 'secret' };
  const tokens = new TokenKeeper({
    database,
    sealer,
    now,
    point: noPoint,
    credentials: () => Promise.resolve(credentials),
  });
  const deps = {
    database,
    sealer,
    tokens,
    connector: () => Promise.resolve(connector),
    baseUrls: () => Object.fromEntries(Object.keys(connector.manifest.baseUrls).map((name) => [name, url])),
    limits: { share: 0.9, scale: () => 4 },
    now,
    random: () => 0.5,
    point: noPoint,
    holder: 'test',
    onProgress: () => undefined,
    onCommitted: () => undefined,
  };
  return {
    installationId,
    regrant,
    run: async () => {
      const outcome = await syncInstallation(deps, workspaceId, installationId, new AbortController().signal);
      if (outcome.kind !== 'ran') return [outcome.kind];
      expect(outcome.result.faults.map(({ fault }) => fault.message).filter((message) => message === '')).toEqual([]);
      return outcome.result.faults.map(({ fault }) => fault.kind);
    },
    standing: async (stream) => {
      const rows = await database.asOwner<{ external_id: string }>(
        `SELECT external_id FROM source_object WHERE workspace_id = $1 AND stream = $2 AND gone_at IS NULL AND outcome = 'stored'
          ORDER BY external_id`,
        [workspaceId, stream],
      );
      return rows.map((row) => row.external_id);
    },
  };
}
