import { createHash, randomBytes } from 'node:crypto';
import { consentPage, errorPage } from './consent-page.ts';
import type { Introspection, MintRequest, OAuthErrorCode, TokenResult } from './oauth-result.ts';
import { clientCredentials, html, redirectBack, requestedScopes } from './oauth-wire.ts';

/** An OAuth app as it is registered in the vendor's console. */
export interface OAuthApp {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Compared exactly, as the vendors do. */
  readonly redirectUris: readonly string[];
  readonly name?: string;
}

/** Who or what gives the consent: a Google user, a HubSpot portal. */
export interface OAuthSubject {
  readonly id: string;
  readonly label: string;
}

export interface AccessGrant {
  readonly clientId: string;
  readonly subject: string;
  readonly scopes: string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The refresh token that this access token belongs to. */
  readonly refreshToken?: string;
}

export interface RefreshGrant {
  readonly clientId: string;
  readonly subject: string;
  scopes: string[];
  readonly issuedAt: number;
}

interface CodeGrant {
  readonly clientId: string;
  readonly subject: string;
  readonly scopes: string[];
  readonly redirectUri: string;
  readonly expiresAt: number;
  readonly offline: boolean;
  readonly challenge?: string;
}

/** All that the server remembers; plain JSON, part of the emulator's state. Start with {@link emptyOAuthState}. */
export interface OAuthState {
  apps: Record<string, OAuthApp>;
  codes: Record<string, CodeGrant>;
  access: Record<string, AccessGrant>;
  refresh: Record<string, RefreshGrant>;
  /** Tokens that were valid once: they are refused as revoked, not as unknown. */
  revoked: Record<string, true>;
  /** Scopes that a subject ever granted to an app, by `clientId subject`. */
  consents: Record<string, string[]>;
}

export const emptyOAuthState = (): OAuthState => ({
  apps: {},
  codes: {},
  access: {},
  refresh: {},
  revoked: {},
  consents: {},
});

/** Where the vendors differ. */
export interface OAuthOptions {
  /** The live state; asked at every call, since a reset replaces it. */
  readonly state: () => OAuthState;
  readonly now: () => number;
  /** Who can consent. */
  readonly subjects: () => readonly OAuthSubject[];
  /** Redirect without a page when the request names the subject (`hintParam`). */
  readonly autoConsent: boolean;
  /** Query parameters that name the subject, such as `login_hint`; the first one present counts. */
  readonly hintParams: readonly string[];
  readonly vendor: string;
  /** Path of the authorize route, to which the page posts. */
  readonly authorizePath: string;
  readonly accessTtlSeconds: number;
  /** A refresh gives a new refresh token and voids the old one. */
  readonly rotating: boolean;
  /** With `rotating`: the used refresh token stays good beside the new one; false without it. */
  readonly keepsUsedRefresh?: boolean;
  /** Whether this consent brings a refresh token; always without it. `first` is true when the subject never consented to the app. */
  readonly issuesRefresh?: (request: URLSearchParams, first: boolean) => boolean;
  /** Whether scopes granted earlier are added to the new grant (Google's include_granted_scopes). */
  readonly includesGranted?: (request: URLSearchParams) => boolean;
  /** Scopes that are known; asking for another one is an `invalid_scope` page. Any without it. */
  readonly knownScopes?: readonly string[];
  /** Whether the user may untick scopes; true without it. */
  readonly partialConsent?: boolean;
  readonly accessPrefix?: string;
  readonly refreshPrefix?: string;
  /** 32 unguessable characters for tokens; from the system's source without it. */
  readonly random?: () => string;
}

const codeLifeMs = 600_000;

/**
 * An authorization-code server (RFC 6749, PKCE S256 of RFC 7636) that a service mounts on its own paths: `authorize`
 * for GET, `consent` for the page's POST, `exchange` for the token route, `introspect` in front of the API.
 */
export class OAuthServer {
  readonly #options: OAuthOptions;

  constructor(options: OAuthOptions) {
    this.#options = options;
  }

  registerApp(app: OAuthApp): void {
    this.#state.apps[app.clientId] = { ...app, redirectUris: [...app.redirectUris] };
  }

  /** The answer to GET authorize: a page, a redirect with a code, or an error page that redirects nowhere. */
  authorize(request: URLSearchParams): Response {
    const refusal = this.#refuse(request);
    if (refusal) return refusal;
    const hint = this.#options.hintParams.map((name) => request.get(name)).find((value) => value !== null);
    const subject = this.#options.subjects().find((each) => each.id === hint);
    if (this.#options.autoConsent && subject)
      return this.#redirectWithCode(request, subject.id, requestedScopes(request));
    const app = this.#state.apps[request.get('client_id') ?? ''];
    return html(
      200,
      consentPage({
        vendor: this.#options.vendor,
        action: this.#options.authorizePath,
        app: app?.name ?? app?.clientId ?? '',
        request,
        subjects: this.#options.subjects(),
        ...(subject ? { chosen: subject.id } : {}),
        scopes: requestedScopes(request),
        fixedScopes: this.#options.partialConsent === false,
      }),
    );
  }

  /**
   * The answer to the consent page's POST: fields `request` (the authorize query), `subject`, `scope` (repeated) and
   * `decision` (`allow` or `deny`). Unticked scopes are left out of the grant.
   */
  consent(form: URLSearchParams): Response {
    const request = new URLSearchParams(form.get('request') ?? '');
    const refusal = this.#refuse(request);
    if (refusal) return refusal;
    if (form.get('decision') !== 'allow') return redirectBack(request, { error: 'access_denied' });
    const subject = this.#options.subjects().find((each) => each.id === form.get('subject'));
    if (!subject) return html(400, errorPage(this.#options.vendor, 'invalid_request', 'Choose an account.'));
    const asked = requestedScopes(request);
    const ticked = new Set(form.getAll('scope'));
    const scopes = this.#options.partialConsent === false ? asked : asked.filter((scope) => ticked.has(scope));
    if (scopes.length === 0) return redirectBack(request, { error: 'access_denied' });
    return this.#redirectWithCode(request, subject.id, scopes);
  }

  /** The token route: grant types authorization_code and refresh_token. `basic` is the value of an Authorization header. */
  exchange(form: URLSearchParams, basic?: string): TokenResult {
    const credentials = clientCredentials(form, basic);
    const app = this.#state.apps[credentials.clientId];
    if (!app || app.clientSecret !== credentials.clientSecret) {
      return failure('invalid_client', 'The OAuth client was not found or its secret is wrong.');
    }
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return this.#exchangeCode(app, form);
      case 'refresh_token':
        return this.#refresh(app, form);
      default:
        return failure('unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`);
    }
  }

  /** What an `Authorization: Bearer` header is worth now. */
  introspect(authorization: string | null | undefined): Introspection {
    const token = /^Bearer\s+(\S+)\s*$/iu.exec(authorization ?? '')?.[1];
    if (token === undefined) return { ok: false, reason: 'missing' };
    const grant = this.#state.access[token];
    if (this.#state.revoked[token] === true) return { ok: false, reason: 'revoked' };
    if (!grant) return { ok: false, reason: 'unknown' };
    if (grant.expiresAt <= this.#options.now()) return { ok: false, reason: 'expired' };
    return { ok: true, token, grant };
  }

  /** Revokes a token; a refresh token takes its access tokens with it, an access token its refresh token. False if unknown. */
  revoke(token: string): boolean {
    const state = this.#state;
    const refreshToken = state.refresh[token] ? token : state.access[token]?.refreshToken;
    if (refreshToken === undefined && !state.access[token]) return false;
    for (const [access, grant] of Object.entries(state.access)) {
      if (access === token || (refreshToken !== undefined && grant.refreshToken === refreshToken)) this.#drop(access);
    }
    if (refreshToken !== undefined) this.#drop(refreshToken);
    return true;
  }

  /** Ends every grant of a subject, as when a user removes the app or changes the password; for one app or all. */
  revokeSubject(subject: string, clientId?: string): void {
    const state = this.#state;
    const all = [...Object.entries(state.access), ...Object.entries(state.refresh)];
    for (const [token, grant] of all) {
      if (grant.subject === subject && (clientId === undefined || grant.clientId === clientId)) this.#drop(token);
    }
    for (const key of Object.keys(state.consents)) {
      if (key.endsWith(` ${subject}`) && (clientId === undefined || key.startsWith(`${clientId} `))) {
        delete state.consents[key];
      }
    }
  }

  /** Lets every live access token of a subject (or of all) expire now; refresh tokens stay good. */
  expireAccess(subject?: string): void {
    const state = this.#state;
    for (const [token, grant] of Object.entries(state.access)) {
      if (subject === undefined || grant.subject === subject) {
        state.access[token] = {
          ...grant,
          expiresAt: Math.min(grant.expiresAt, this.#options.now()),
        };
      }
    }
  }

  /** A token pair without a browser, for tests. The app must be registered. */
  mint(request: MintRequest): { accessToken: string; refreshToken?: string; grant: AccessGrant } {
    const refreshToken = request.offline === false ? undefined : this.#issueRefresh(request, [...request.scopes]);
    const { accessToken, grant } = this.#issueAccess(request, [...request.scopes], refreshToken, request.ttlSeconds);
    return { accessToken, grant, ...(refreshToken === undefined ? {} : { refreshToken }) };
  }

  get #state(): OAuthState {
    return this.#options.state();
  }

  #refuse(request: URLSearchParams): Response | undefined {
    const { vendor, knownScopes } = this.#options;
    const app = this.#state.apps[request.get('client_id') ?? ''];
    if (!app) return html(401, errorPage(vendor, 'invalid_client', 'The OAuth client was not found.'));
    const redirectUri = request.get('redirect_uri') ?? '';
    if (!app.redirectUris.includes(redirectUri)) {
      return html(
        400,
        errorPage(vendor, 'redirect_uri_mismatch', `Add exactly this redirect URI to the app: ${redirectUri}`),
      );
    }
    if (request.get('response_type') !== null && request.get('response_type') !== 'code') {
      return html(400, errorPage(vendor, 'unsupported_response_type', 'Ask for response_type=code.'));
    }
    const scopes = requestedScopes(request);
    const unknown = knownScopes ? scopes.filter((scope) => !knownScopes.includes(scope)) : [];
    if (scopes.length === 0 || unknown.length > 0) {
      return html(400, errorPage(vendor, 'invalid_scope', `Unknown or missing scopes: ${unknown.join(' ')}`));
    }
    const method = request.get('code_challenge_method');
    if (request.has('code_challenge') && method !== 'S256') {
      return html(400, errorPage(vendor, 'invalid_request', 'Ask for code_challenge_method=S256.'));
    }
    return undefined;
  }

  #redirectWithCode(request: URLSearchParams, subject: string, scopes: string[]): Response {
    const clientId = request.get('client_id') ?? '';
    const state = this.#state;
    const key = `${clientId} ${subject}`;
    const earlier = state.consents[key];
    const granted = this.#options.includesGranted?.(request) ? [...new Set([...scopes, ...(earlier ?? [])])] : scopes;
    state.consents[key] = [...new Set([...(earlier ?? []), ...scopes])];
    const code = this.#token('');
    const challenge = request.get('code_challenge');
    state.codes[code] = {
      clientId,
      subject,
      scopes: granted,
      redirectUri: request.get('redirect_uri') ?? '',
      expiresAt: this.#options.now() + codeLifeMs,
      offline: this.#options.issuesRefresh?.(request, earlier === undefined) ?? true,
      ...(challenge === null ? {} : { challenge }),
    };
    return redirectBack(request, { code, scope: granted.join(' ') });
  }

  #exchangeCode(app: OAuthApp, form: URLSearchParams): TokenResult {
    const code = form.get('code') ?? '';
    const pending = this.#state.codes[code];
    // A code is spent by its first use, also when that use fails.
    delete this.#state.codes[code];
    if (!pending || pending.clientId !== app.clientId || pending.expiresAt <= this.#options.now()) {
      return failure('invalid_grant', 'The code is unknown, expired or already used.');
    }
    if (form.get('redirect_uri') !== pending.redirectUri) {
      return failure('redirect_uri_mismatch', 'The redirect URI differs from the one of the authorize request.');
    }
    if (pending.challenge !== undefined) {
      const verifier = form.get('code_verifier');
      if (verifier === null) return failure('invalid_grant', 'Missing code verifier.');
      if (createHash('sha256').update(verifier).digest('base64url') !== pending.challenge) {
        return failure('invalid_grant', 'Invalid code verifier.');
      }
    }
    const refreshToken = pending.offline ? this.#issueRefresh(pending, pending.scopes) : undefined;
    return this.#succeed(pending, pending.scopes, refreshToken, refreshToken);
  }

  #refresh(app: OAuthApp, form: URLSearchParams): TokenResult {
    const token = form.get('refresh_token') ?? '';
    const grant = this.#state.refresh[token];
    if (!grant || grant.clientId !== app.clientId) {
      return failure('invalid_grant', 'Token has been expired or revoked.');
    }
    if (!this.#options.rotating) return this.#succeed(grant, grant.scopes, token, undefined);
    if (this.#options.keepsUsedRefresh !== true) this.revoke(token);
    const renewed = this.#issueRefresh(grant, grant.scopes);
    return this.#succeed(grant, grant.scopes, renewed, renewed);
  }

  #succeed(
    owner: { readonly clientId: string; readonly subject: string },
    scopes: readonly string[],
    belongsTo: string | undefined,
    shown: string | undefined,
  ): TokenResult {
    const { accessToken, grant } = this.#issueAccess(owner, [...scopes], belongsTo);
    return {
      ok: true,
      accessToken,
      expiresIn: this.#options.accessTtlSeconds,
      grant,
      ...(shown === undefined ? {} : { refreshToken: shown }),
    };
  }

  #issueAccess(
    owner: { readonly clientId: string; readonly subject: string },
    scopes: string[],
    refreshToken?: string,
    ttlSeconds = this.#options.accessTtlSeconds,
  ): { accessToken: string; grant: AccessGrant } {
    const accessToken = this.#token(this.#options.accessPrefix ?? '');
    const issuedAt = this.#options.now();
    const grant: AccessGrant = {
      clientId: owner.clientId,
      subject: owner.subject,
      scopes,
      issuedAt,
      expiresAt: issuedAt + ttlSeconds * 1000,
      ...(refreshToken === undefined ? {} : { refreshToken }),
    };
    this.#state.access[accessToken] = grant;
    return { accessToken, grant };
  }

  #issueRefresh(owner: { readonly clientId: string; readonly subject: string }, scopes: readonly string[]): string {
    const token = this.#token(this.#options.refreshPrefix ?? '');
    const { clientId, subject } = owner;
    this.#state.refresh[token] = {
      clientId,
      subject,
      scopes: [...scopes],
      issuedAt: this.#options.now(),
    };
    return token;
  }

  #drop(token: string): void {
    const state = this.#state;
    delete state.access[token];
    delete state.refresh[token];
    state.revoked[token] = true;
  }

  #token(prefix: string): string {
    return prefix + (this.#options.random?.() ?? randomBytes(24).toString('base64url'));
  }
}

const failure = (error: OAuthErrorCode, description: string): TokenResult => ({
  ok: false,
  error,
  description,
});
