import { z } from 'zod';
import type { Sealer } from '../secrets.ts';
import type { Tx } from '../tenancy.ts';

/** The OAuth app that an admin made at a provider, with its credentials in clear. Never log it. */
export type ProviderApp = {
  readonly provider: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Further secrets of the app, such as Slack's signing secret, by name. */
  readonly extra: Readonly<Record<string, string>>;
};

const Extra = z.record(z.string(), z.string());
export const providerAppSecretField = (provider: string): string => `provider_app.client_secret:${provider}`;
export const providerAppExtraField = (provider: string): string => `provider_app.extra:${provider}`;

/** Stores an app's credentials sealed, in place of former ones. */
export async function saveProviderApp(tx: Tx, sealer: Sealer, app: ProviderApp, at: number): Promise<void> {
  const secret = await sealer.seal(tx.workspaceId, '', providerAppSecretField(app.provider), app.clientSecret);
  const extra = await sealer.seal(tx.workspaceId, '', providerAppExtraField(app.provider), JSON.stringify(app.extra));
  await tx.query(
    `INSERT INTO provider_app (workspace_id, provider, client_id, client_secret, extra, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (workspace_id, provider) DO UPDATE SET client_id = excluded.client_id, client_secret = excluded.client_secret,
       extra = excluded.extra, updated_at = excluded.updated_at`,
    [tx.workspaceId, app.provider, app.clientId, secret, extra, new Date(at)],
  );
}

/** An app's credentials, opened. */
export async function providerApp(tx: Tx, sealer: Sealer, provider: string): Promise<ProviderApp | undefined> {
  const { rows } = await tx.query<{ client_id: string; client_secret: Buffer; extra: Buffer | null }>(
    'SELECT client_id, client_secret, extra FROM provider_app WHERE workspace_id = $1 AND provider = $2',
    [tx.workspaceId, provider],
  );
  const [row] = rows;
  if (!row) return undefined;
  return {
    provider,
    clientId: row.client_id,
    clientSecret: await sealer.open(tx.workspaceId, '', providerAppSecretField(provider), row.client_secret),
    extra: row.extra
      ? Extra.parse(JSON.parse(await sealer.open(tx.workspaceId, '', providerAppExtraField(provider), row.extra)))
      : {},
  };
}

/** The providers that have an app, with their public client ids. */
export async function providerApps(
  tx: Tx,
): Promise<readonly { readonly provider: string; readonly clientId: string }[]> {
  const { rows } = await tx.query<{ provider: string; client_id: string }>(
    'SELECT provider, client_id FROM provider_app WHERE workspace_id = $1 ORDER BY provider',
    [tx.workspaceId],
  );
  return rows.map((row) => ({ provider: row.provider, clientId: row.client_id }));
}
