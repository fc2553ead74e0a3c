import * as oauth from 'openid-client';
import { contentUuid } from '@waymark/journey';
import { signInOf, type AnyConnector, type ExternalAccount } from '@waymark/connector-kit';
import {
  providerApp,
  putDirectory,
  recordAudit,
  resolveDirectory,
  saveGrant,
  saveOAuthAttempt,
  takeOAuthAttempt,
  wantRun,
  type Installation,
} from '@waymark/store';
import { configurationFor, createSession, Limits, priority } from '@waymark/sync';
import { baseUrlsOf, loadConnector } from '../registry.ts';
import type { Waymark } from '../waymark.ts';
import { randomSecret, secretHash } from './secret-hash.ts';

const linkLifeMs = 3_600_000;
const attemptLifeMs = 10 * 60_000;

/** What went wrong on the way through a provider's consent, for the person in the browser. */
export class InstallError extends Error {
  readonly code: 'LINK_USED' | 'STATE_UNKNOWN' | 'CONSENT_REFUSED' | 'APP_MISSING' | 'EXCHANGE_FAILED' | 'READ_FAILED';
  readonly status: 400 | 403 | 502;

  constructor(
    code: InstallError['code'],
    message: string,
    status: InstallError['status'] = 400,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'InstallError';
    this.code = code;
    this.status = status;
  }
}

/** The address to which a provider sends people back; it must stand in the provider's console exactly so. */
export function redirectUri(publicUrl: string, provider: string): string {
  return `${publicUrl}/oauth/${provider}/callback`;
}

/** The scopes that an installation needs: the account's, every stream's, and those of write-back where it is on. */
export function scopesOf(connector: AnyConnector, settings: Readonly<Record<string, unknown>>): readonly string[] {
  const write = settings.writeback === true ? (connector.write?.scopes ?? []) : [];
  return [
    ...new Set([...connector.manifest.baseScopes, ...connector.streams.flatMap((stream) => stream.scopes), ...write]),
  ];
}

export interface LinkRequest {
  readonly workspaceId: string;
  readonly connector: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly publicUrl: string;
  /** Names the account at the provider where it is known, so that a person need not choose. */
  readonly loginHint?: string;
}

/** A one-use link bound to the workspace: whoever opens it connects an account to that workspace and no other. */
export async function createInstallLink(waymark: Waymark, request: LinkRequest): Promise<string> {
  const connector = await loadConnector(request.connector);
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
      settings: { ...request.settings, ...(request.loginHint && { loginHint: request.loginHint }) },
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
  if (!app)
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
  const base = baseUrlsOf(connector, waymark.configuration.providerUrls)[auth.authorizeBase] ?? '';
  const url = new URL(`${base}${auth.authorizePath}`);
  const parameters: Record<string, string> = {
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: link.redirectUri,
    scope: link.scopes.join(auth.scopeSeparator),
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

  const tokens = await exchange(waymark, connector, app, attempt, callback.query, state);
  const grantedScopes = grantedBy(tokens, attempt.scopes);
  const settings = connector.settings.parse(withoutHint(attempt.settings));
  const account = await identify(waymark, connector, tokens.access_token, settings, grantedScopes);
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
  };
  const installation = await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const saved = await saveGrant(tx, grant, now);
    await wantRun(tx, installationId, now);
    await recordAudit(tx, {
      at: now,
      actor: 'admin',
      action: 'installation.connected',
      subject: installationId,
      detail: { connector: connector.manifest.id, label: account.label },
    });
    return saved;
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
  attempt: { readonly redirectUri: string; readonly verifier: string | null },
  query: URLSearchParams,
  state: string,
): Promise<oauth.TokenEndpointResponse> {
  const auth = signInOf(connector.manifest);
  const base = baseUrlsOf(connector, waymark.configuration.providerUrls)[auth.tokenBase] ?? '';
  const configuration = configurationFor({ ...app, url: `${base}${auth.tokenPath}` });
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

/** Whose account a fresh token is; the verifying read of the installation. */
async function identify(
  waymark: Waymark,
  connector: AnyConnector,
  accessToken: string,
  settings: Readonly<Record<string, unknown>>,
  grantedScopes: readonly string[],
): Promise<ExternalAccount> {
  const session = createSession({
    limits: new Limits(connector.manifest.id, connector.manifest.buckets, waymark.sync.limits),
    priority: priority.write,
    accessToken: () => Promise.resolve(accessToken),
    refreshToken: () => Promise.resolve(),
    classify: (error) => connector.classify(error),
    baseUrls: waymark.sync.baseUrls(connector),
    settings,
    grantedScopes,
    signal: AbortSignal.timeout(60_000),
    now: waymark.now,
    random: Math.random,
  });
  try {
    return await connector.identify(await connector.connect(session));
  } catch (cause) {
    throw new InstallError(
      'READ_FAILED',
      `The account could not be read: ${cause instanceof Error ? cause.message : 'unknown'}.`,
      502,
      { cause },
    );
  }
}

/** What was really granted (failure E6): as text with spaces (RFC 6749), as a list (HubSpot), or, where nothing is said, what was asked. */
function grantedBy(tokens: oauth.TokenEndpointResponse, asked: readonly string[]): readonly string[] {
  if (typeof tokens.scope === 'string' && tokens.scope !== '') return tokens.scope.split(/[\s,]+/);
  const listed: unknown = tokens.scopes;
  return Array.isArray(listed) ? listed.filter((one) => typeof one === 'string') : asked;
}

function withoutHint(settings: unknown): Record<string, unknown> {
  if (!isRecord(settings)) return {};
  const { loginHint: _loginHint, ...rest } = settings;
  return rest;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
