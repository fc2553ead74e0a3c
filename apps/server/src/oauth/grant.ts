import * as oauth from 'openid-client';
import { contentUuid } from '@waymark/journey';
import { signInOf, type AnyConnector } from '@waymark/connector-kit';
import {
  providerApp,
  putDirectory,
  recordAudit,
  resolveDirectory,
  installation as readInstallation,
  saveGrant,
  saveOAuthAttempt,
  setStatus,
  takeOAuthAttempt,
  wantRun,
  type Installation,
} from '@waymark/store';
import { accountBaseOf, AddressError, configurationFor, fillPath, parameterValues } from '@waymark/sync';
import { loadConnector } from '../registry.ts';
import type { Waymark } from '../waymark.ts';
import { grantedBy } from './granted-scopes.ts';
import { identifyAccount } from './identify.ts';
import { InstallError } from './install-error.ts';
import { randomSecret, secretHash } from './secret-hash.ts';

const linkLifeMs = 3_600_000;
const attemptLifeMs = 10 * 60_000;

/** The address to which a provider sends people back; it must stand in the provider's console exactly so. */
export function redirectUri(publicUrl: string, provider: string): string {
  return `${publicUrl}/oauth/${provider}/callback`;
}

/** The scopes that an installation needs: the account's, every stream's, those of webhooks unless they are off, of write-back where it is on. */
export function scopesOf(connector: AnyConnector, settings: Readonly<Record<string, unknown>>): readonly string[] {
  const write = settings.writeback === true ? (connector.write?.scopes ?? []) : [];
  const push = settings.webhooks === false ? [] : (connector.push?.scopes ?? []);
  const read = connector.streams.flatMap((stream) => stream.scopes);
  return [...new Set([...connector.manifest.baseScopes, ...read, ...push, ...write])];
}

/** The wanted scopes as the provider takes them: apart those that are of optional streams alone, where it has a parameter for them. */
function scopeParameters(connector: AnyConnector, wanted: readonly string[]): Record<string, string> {
  const { scopeSeparator, optionalScopeParameter: name } = signInOf(connector.manifest);
  if (name === undefined) return { scope: wanted.join(scopeSeparator) };
  const optionalStreams = connector.streams.filter((stream) => stream.optional === true);
  const firm = new Set(
    scopesOf({ ...connector, streams: connector.streams.filter((one) => one.optional !== true) }, {}),
  );
  const mayBe = new Set(optionalStreams.flatMap((stream) => stream.scopes.filter((scope) => !firm.has(scope))));
  const optional = wanted.filter((scope) => mayBe.has(scope));
  return {
    scope: wanted.filter((scope) => !mayBe.has(scope)).join(scopeSeparator),
    ...(optional.length > 0 && { [name]: optional.join(scopeSeparator) }),
  };
}

export interface LinkRequest {
  readonly workspaceId: string;
  readonly connector: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly publicUrl: string;
  /** Names the account at the provider where it is known, so that a person need not choose. */
  readonly loginHint?: string;
  /** Whether a new account is only looked at until a person accepts what would be kept. */
  readonly preview?: boolean;
}

/** A one-use link bound to the workspace: whoever opens it connects an account to that workspace and no other. */
export async function createInstallLink(waymark: Waymark, request: LinkRequest): Promise<string> {
  const connector = await loadConnector(request.connector);
  // Told now, not to whoever opens the link.
  const settings = { ...request.settings, ...parameterValues(connector, request.settings) };
  const token = randomSecret();
  const now = waymark.now();
  await waymark.database.inWorkspace(request.workspaceId, (tx) =>
    saveOAuthAttempt(tx, waymark.sealer, {
      stateHash: secretHash(token),
      provider: connector.manifest.auth.provider,
      connector: request.connector,
      browserHash: null,
      verifier: null,
      redirectUri: redirectUri(request.publicUrl, connector.manifest.auth.provider),
      scopes: scopesOf(connector, request.settings),
      settings: {
        ...settings,
        ...(request.loginHint && { loginHint: request.loginHint }),
        ...(request.preview && { preview: true }),
      },
      createdAt: now,
      expiresAt: now + linkLifeMs,
    }),
  );
  await waymark.database.global((tx) =>
    putDirectory(tx, {
      kind: 'install_link',
      key: secretHash(token),
      workspaceId: request.workspaceId,
      installationId: null,
      expiresAt: now + linkLifeMs,
    }),
  );
  return `${request.publicUrl}/oauth/start/${token}`;
}

/** Follows a link once: the consent page's address, and the cookie that binds the way back to this browser. */
export async function beginConsent(
  waymark: Waymark,
  token: string,
): Promise<{ readonly location: string; readonly browserSecret: string }> {
  const now = waymark.now();
  const [entry] = await waymark.database.global((tx) => resolveDirectory(tx, 'install_link', secretHash(token), now));
  const link =
    entry &&
    (await waymark.database.inWorkspace(entry.workspaceId, (tx) =>
      takeOAuthAttempt(tx, waymark.sealer, secretHash(token), null, now),
    ));
  if (!entry || !link)
    throw new InstallError('LINK_USED', 'This link was used or has run out: make a new one with waymark install.');
  const connector = await loadConnector(link.connector);
  const auth = signInOf(connector.manifest);
  const app = await waymark.database.inWorkspace(entry.workspaceId, (tx) =>
    providerApp(tx, waymark.sealer, auth.provider),
  );
  if (!app || app.clientId === '')
    throw new InstallError(
      'APP_MISSING',
      `The app credentials of ${auth.provider} are missing: run waymark install ${link.connector}.`,
    );

  const state = randomSecret();
  const browserSecret = randomSecret();
  const verifier = auth.pkce ? oauth.randomPKCECodeVerifier() : null;
  const settings = isRecord(link.settings) ? link.settings : {};
  await waymark.database.inWorkspace(entry.workspaceId, (tx) =>
    saveOAuthAttempt(tx, waymark.sealer, {
      ...link,
      settings,
      stateHash: secretHash(state),
      browserHash: secretHash(browserSecret),
      verifier,
      createdAt: now,
      expiresAt: now + attemptLifeMs,
    }),
  );
  await waymark.database.global((tx) =>
    putDirectory(tx, {
      kind: 'oauth_state',
      key: secretHash(state),
      workspaceId: entry.workspaceId,
      installationId: null,
      expiresAt: now + attemptLifeMs,
    }),
  );
  const base = waymark.sync.baseUrls(connector, { settings, accountBase: null })[auth.authorizeBase] ?? '';
  const url = new URL(`${base}${fillPath(auth.authorizePath, parameterValues(connector, settings))}`);
  const parameters: Record<string, string> = {
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: link.redirectUri,
    ...scopeParameters(connector, link.scopes),
    state,
    ...auth.authorizeParams,
    ...(typeof settings.loginHint === 'string' && { login_hint: settings.loginHint }),
    ...(verifier && {
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { location: url.href, browserSecret };
}

/** Ends the way through consent: exchanges the code, finds out whose account it is, and stores the grant for that account. */
export async function completeConsent(
  waymark: Waymark,
  provider: string,
  callback: { readonly query: URLSearchParams; readonly browserSecret: string | undefined },
): Promise<{
  readonly workspaceId: string;
  readonly installation: Installation;
  readonly missingScopes: readonly string[];
}> {
  const state = callback.query.get('state') ?? '';
  const now = waymark.now();
  const [entry] = await waymark.database.global((tx) => resolveDirectory(tx, 'oauth_state', secretHash(state), now));
  const attempt =
    entry &&
    (await waymark.database.inWorkspace(entry.workspaceId, (tx) =>
      takeOAuthAttempt(
        tx,
        waymark.sealer,
        secretHash(state),
        callback.browserSecret === undefined ? null : secretHash(callback.browserSecret),
        now,
      ),
    ));
  if (!entry || !attempt || attempt.provider !== provider) {
    throw new InstallError(
      'STATE_UNKNOWN',
      'This answer belongs to no consent of this browser: open the link of waymark install again.',
      403,
    );
  }
  const refused = callback.query.get('error');
  if (refused)
    throw new InstallError(
      'CONSENT_REFUSED',
      `The provider said ${refused.slice(0, 100)}: allow the access and try again.`,
    );
  const { workspaceId } = entry;
  const connector = await loadConnector(attempt.connector);
  const app = await waymark.database.inWorkspace(workspaceId, (tx) => providerApp(tx, waymark.sealer, provider));
  if (!app)
    throw new InstallError(
      'APP_MISSING',
      `The app credentials of ${provider} are missing: run waymark install ${attempt.connector}.`,
    );

  const given = withoutHint(attempt.settings);
  const parameters = parameterValues(connector, given);
  const tokens = await exchange(waymark, connector, app, { ...attempt, settings: given }, callback.query, state);
  const grantedScopes = grantedBy(tokens, attempt.scopes);
  const settings = { ...connector.settings.parse(given), ...parameters };
  const accountBase = accountBaseFrom(waymark, connector, tokens);
  const account = await identifyAccount(waymark, connector, {
    accessToken: () => Promise.resolve(tokens.access_token),
    settings,
    accountBase,
    grantedScopes,
  });
  const installationId = contentUuid('installation', workspaceId, connector.manifest.id, account.externalAccountId);
  const seal = (field: string, text: string) => waymark.sealer.seal(workspaceId, installationId, field, text);
  const grant = {
    installationId,
    connector: connector.manifest.id,
    provider,
    externalAccountId: account.externalAccountId,
    label: account.label,
    address: account.address ?? null,
    settings,
    grantedScopes,
    accessToken: await seal('access_token', tokens.access_token),
    refreshToken: tokens.refresh_token ? await seal('refresh_token', tokens.refresh_token) : null,
    accessExpiresAt: tokens.expires_in === undefined ? null : now + tokens.expires_in * 1000,
    accountBase,
  };
  const installation = await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const before = await readInstallation(tx, installationId);
    const saved = await saveGrant(tx, grant, now);
    // An account that is being read already is not held up by connecting it again.
    const held = wantsPreview(attempt.settings) && (before === undefined || before.status === 'preview');
    if (held) await setStatus(tx, installationId, 'preview', previewReason, now);
    else await wantRun(tx, installationId, now);
    await recordAudit(tx, {
      at: now,
      actor: 'admin',
      action: 'installation.connected',
      subject: installationId,
      detail: { connector: connector.manifest.id, label: account.label },
    });
    return held ? { ...saved, status: 'preview' as const, statusReason: previewReason } : saved;
  });
  await waymark.database.global((tx) =>
    putDirectory(tx, {
      kind: `account:${connector.manifest.id}`,
      key: account.externalAccountId,
      workspaceId,
      installationId,
      expiresAt: null,
    }),
  );
  waymark.committed(workspaceId);
  return { workspaceId, installation, missingScopes: attempt.scopes.filter((scope) => !grantedScopes.includes(scope)) };
}

async function exchange(
  waymark: Waymark,
  connector: AnyConnector,
  app: { readonly clientId: string; readonly clientSecret: string },
  attempt: {
    readonly redirectUri: string;
    readonly verifier: string | null;
    readonly settings: Readonly<Record<string, unknown>>;
  },
  query: URLSearchParams,
  state: string,
): Promise<oauth.TokenEndpointResponse> {
  const auth = signInOf(connector.manifest);
  const base =
    waymark.sync.baseUrls(connector, { settings: attempt.settings, accountBase: null })[auth.tokenBase] ?? '';
  const url = `${base}${fillPath(auth.tokenPath, parameterValues(connector, attempt.settings))}`;
  const configuration = configurationFor({ url, bearerTypes: auth.bearerTypes ?? [] }, app);
  const address = new URL(attempt.redirectUri);
  // Only what the flow knows goes on: providers add parameters of their own.
  for (const name of ['code', 'state']) address.searchParams.set(name, query.get(name) ?? '');
  try {
    return await oauth.authorizationCodeGrant(configuration, address, {
      expectedState: state,
      ...(attempt.verifier !== null && { pkceCodeVerifier: attempt.verifier }),
    });
  } catch (cause) {
    const reason = cause instanceof oauth.ResponseBodyError ? cause.error : 'no usable answer';
    throw new InstallError(
      'EXCHANGE_FAILED',
      `The provider did not accept the consent (${reason}): check client id, secret and redirect address.`,
      502,
      { cause },
    );
  }
}

function accountBaseFrom(
  waymark: Waymark,
  connector: AnyConnector,
  tokens: oauth.TokenEndpointResponse,
): string | null {
  try {
    return accountBaseOf(connector, waymark.configuration.providerUrls, tokens);
  } catch (cause) {
    if (!(cause instanceof AddressError)) throw cause;
    throw new InstallError('EXCHANGE_FAILED', cause.message, 502, { cause });
  }
}

function withoutHint(settings: unknown): Record<string, unknown> {
  if (!isRecord(settings)) return {};
  const { loginHint: _loginHint, preview: _preview, ...rest } = settings;
  return rest;
}

const wantsPreview = (settings: unknown): boolean => isRecord(settings) && settings.preview === true;

export const previewReason = 'Nothing is stored before a person accepts: waymark preview shows what would be kept.';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
