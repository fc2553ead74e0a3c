import type { AnyConnector } from '@waymark/connector-kit';
import { fillPath, isLoopback, parameterValues } from '@waymark/sync';
import { installations, providerApp, readTokens, type Installation } from '@waymark/store';
import type { Waymark } from '../waymark.ts';

/** What became of a grant at its provider: `kept` where others here use it, `by-hand` where only a person can take it back. */
export interface Revocation {
  readonly outcome: 'revoked' | 'kept' | 'by-hand' | 'failed' | 'nothing';
  readonly note: string;
}

const byHand = (name: string) => `Take the grant back in the settings of ${name}.`;

/**
 * Gives a consent back to its provider. At Google and Slack that ends the whole consent of the account for the app, so it is kept while
 * another installation of the workspace reads the same account by it. Never throws.
 */
export async function revokeGrant(
  waymark: Waymark,
  workspaceId: string,
  connector: AnyConnector,
  installation: Installation,
): Promise<Revocation> {
  const { auth, name } = connector.manifest;
  if (auth.kind !== 'oauth2') return { outcome: 'nothing', note: 'Nobody had signed in.' };
  if (installation.grantKind !== 'consent')
    return {
      outcome: 'by-hand',
      note: 'The grant of the organization stays for its other mailboxes; its administrator takes it back.',
    };
  const { tokens, app, sharing } = await waymark.database.inWorkspace(workspaceId, async (tx) => ({
    tokens: await readTokens(tx, installation.installationId, false),
    app: await providerApp(tx, waymark.sealer, auth.provider),
    sharing: (await installations(tx)).find((one) => sharesGrant(one, installation)),
  }));
  if (!tokens?.refreshToken && !tokens?.accessToken)
    return { outcome: 'nothing', note: 'There was no token any more.' };
  if (sharing) return { outcome: 'kept', note: `${sharing.connector} ${sharing.label} uses the same consent.` };
  const note = auth.revokeByHand ?? byHand(name);
  if (auth.revokePath === undefined) return { outcome: 'by-hand', note };
  try {
    const field = tokens.refreshToken ? 'refresh_token' : 'access_token';
    const sealed = tokens.refreshToken ?? tokens.accessToken ?? Buffer.alloc(0);
    const token = await waymark.sealer.open(workspaceId, installation.installationId, field, sealed);
    const base = waymark.sync.baseUrls(connector, installation)[auth.tokenBase] ?? '';
    const url = `${base}${fillPath(auth.revokePath, parameterValues(connector, installation.settings))}`;
    const credentials = app && { client_id: app.clientId, client_secret: app.clientSecret };
    return (await askToRevoke(url, { token, token_type_hint: field, ...credentials }))
      ? { outcome: 'revoked', note: `${name} has taken the grant back.` }
      : { outcome: 'failed', note: `${name} did not take the grant back. ${note}` };
  } catch {
    return { outcome: 'failed', note: `${name} did not answer. ${note}` };
  }
}

function sharesGrant(other: Installation, ended: Installation): boolean {
  if (other.installationId === ended.installationId || other.status === 'disabled') return false;
  if (other.provider !== ended.provider || other.grantKind !== 'consent') return false;
  const name = (one: Installation) => (one.address ?? one.externalAccountId).toLowerCase();
  return other.externalAccountId === ended.externalAccountId || name(other) === name(ended);
}

/** RFC 7009: a form, and any success is one. Slack says `ok: false` with status 200. */
async function askToRevoke(url: string, fields: Readonly<Record<string, string>>): Promise<boolean> {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !isLoopback(hostname)) return false;
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams(fields),
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  return response.ok && !/"ok"\s*:\s*false/.test(text);
}
