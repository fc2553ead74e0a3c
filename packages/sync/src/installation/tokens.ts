import * as oauth from 'openid-client';
import { ConnectorFault } from '@waymark/connector-kit';
import {
  countRevokedSignal,
  isWatched,
  readTokens,
  writeTokens,
  type Database,
  type Sealer as StoreSealer,
  type SealedTokens,
  type Tx,
} from '@waymark/store';
import { assertedGrant, credentialsGrant, readServiceAccount, type ServiceAccount } from './organization-token.ts';
import type { Point } from '../reading/points.ts';
import { configurationFor, type TokenEndpoint } from './token-endpoint.ts';

/** Seals and opens secrets of a workspace. */
export type Sealer = Pick<StoreSealer, 'seal' | 'open'>;

/** Where a provider gives out tokens. */
export interface Issuer {
  readonly provider: string;
  readonly tokenUrl: string;
  /** Token types beside `bearer` that its answer may name. */
  readonly bearerTypes?: readonly string[];
  /** What is asked for by the app's own credentials, for what belongs to the app. */
  readonly appScopes?: readonly string[];
  /** What is asked for where an organization's grant is used; refreshes ask for what was granted. */
  readonly organizationScopes?: readonly string[];
}

/** A part of an access token's life after which it is renewed by the clock, not by a 401 (HubSpot's advice). */
const renewAt = 0.8;
/** At most so long before its end, ms; also where a token's whole life is not known. */
const longestMargin = 300_000;

interface AppCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}
type Credentials = (workspaceId: string, provider: string) => Promise<AppCredentials>;
type OrganizationSecret = (workspaceId: string, provider: string) => Promise<string>;
/** What an exchange is made with. */
type Means = { readonly app: AppCredentials } | { readonly serviceAccount: ServiceAccount };

interface CachedToken {
  readonly token: string;
  readonly renewAfter: number;
  readonly version: number;
  /** When an exchange gave it; -Infinity where it was read from the store. */
  readonly renewedAt: number;
}

/**
 * Access tokens of installations. A refresh runs under the lock of the installation's row and reads the tokens again after the lock
 * (failure E1); a new refresh token is stored before the new access token is used. Callers of one process share one refresh (R17).
 */
export class TokenKeeper {
  readonly #database: Database;
  readonly #sealer: Sealer;
  readonly #credentials: Credentials;
  readonly #organizationSecret: OrganizationSecret;
  readonly #now: () => number;
  readonly #point: Point;
  readonly #cache = new Map<string, CachedToken>();
  readonly #flights = new Map<string, Promise<string>>();
  /** By installation: somebody who looks for a token of it right now. */
  readonly #looks = new Map<string, Promise<string>>();
  /** Which grant of an installation is in use. */
  readonly #grants = new Map<string, number>();
  /** By workspace and provider; kept in memory alone, since nobody consented to it and it can be had again at any time. */
  readonly #appTokens = new Map<string, { readonly token: string; readonly renewAfter: number }>();

  constructor(options: {
    readonly database: Database;
    readonly sealer: Sealer;
    readonly credentials: Credentials;
    /** The service account key that a workspace's organization gave for a provider; rejects where there is none. */
    readonly organizationSecret?: OrganizationSecret;
    readonly now: () => number;
    readonly point: Point;
  }) {
    this.#database = options.database;
    this.#sealer = options.sealer;
    this.#credentials = options.credentials;
    this.#organizationSecret =
      options.organizationSecret ?? (() => Promise.reject(new Error('No organization has granted anything here.')));
    this.#now = options.now;
    this.#point = options.point;
  }

  /**
   * From now on the grant of this generation: a token of an earlier one is used no more. The account was connected again, maybe through
   * another process, and a token without an end would be kept for good.
   */
  useGrant(installationId: string, generation: number): void {
    if ((this.#grants.get(installationId) ?? generation) !== generation) this.#cache.delete(installationId);
    this.#grants.set(installationId, generation);
  }

  /**
   * An access token that is good for now. Callers of one moment share one look, from the row to the exchange: one who read the row late
   * would make a second exchange of a refused grant, and two refusals ask for a person. Throws ConnectorFault `auth-revoked` when a person is
   * needed, `transient` when the endpoint failed.
   */
  async accessToken(workspaceId: string, installationId: string, issuer: Issuer): Promise<string> {
    const cached = this.#cache.get(installationId);
    if (cached && cached.renewAfter > this.#now()) return cached.token;
    const under = this.#looks.get(installationId);
    if (under) return under;
    const look = this.#look(workspaceId, installationId, issuer).finally(() => this.#looks.delete(installationId));
    this.#looks.set(installationId, look);
    return look;
  }

  async #look(workspaceId: string, installationId: string, issuer: Issuer): Promise<string> {
    const stored = await this.#database.inWorkspace(workspaceId, (tx) => readTokens(tx, installationId, false));
    const usable = stored && (await this.#usable(workspaceId, installationId, stored));
    return usable ?? this.refresh(workspaceId, installationId, issuer, stored?.tokenVersion ?? 0);
  }

  /** A token of the app itself. Throws ConnectorFault `scope-missing` where the provider refuses one, `transient` when it fails. */
  async appToken(workspaceId: string, issuer: Issuer): Promise<string> {
    const key = `${workspaceId}|${issuer.provider}`;
    const cached = this.#appTokens.get(key);
    if (cached && cached.renewAfter > this.#now()) return cached.token;
    const app = await this.#credentials(workspaceId, issuer.provider);
    const endpoint: TokenEndpoint = { url: issuer.tokenUrl, bearerTypes: issuer.bearerTypes ?? [] };
    try {
      const answer = await credentialsGrant(endpoint, app, issuer.appScopes ?? []);
      const life = (answer.expires_in ?? 0) * 1000;
      this.#appTokens.set(key, { token: answer.access_token, renewAfter: this.#now() + life * renewAt });
      return answer.access_token;
    } catch (error) {
      const refused = error instanceof oauth.ResponseBodyError && [400, 401, 403].includes(error.status);
      throw new ConnectorFault(
        refused
          ? {
              kind: 'scope-missing',
              message: `The app gets no token of its own (${error.error}): add ${(issuer.appScopes ?? []).join(', ')} to it at the provider.`,
            }
          : { kind: 'transient', message: 'The token endpoint gave no usable answer to the app’s own credentials.' },
        { cause: error },
      );
    }
  }

  /**
   * Renews the token unless somebody did since `seenVersion`; without one, since the version in the cache. `usedAt` is when the call
   * began that the provider refused: a token that is younger was not the one that it refused.
   */
  refresh(
    workspaceId: string,
    installationId: string,
    issuer: Issuer,
    seenVersion?: number,
    usedAt?: number,
  ): Promise<string> {
    const under = this.#flights.get(installationId);
    if (under) return under;
    const cached = this.#cache.get(installationId);
    if (cached && usedAt !== undefined && cached.renewedAt > usedAt) return Promise.resolve(cached.token);
    const seen = seenVersion ?? this.#cache.get(installationId)?.version ?? 0;
    this.#cache.delete(installationId);
    const flight = this.#renew(workspaceId, installationId, issuer, seen).finally(() =>
      this.#flights.delete(installationId),
    );
    this.#flights.set(installationId, flight);
    return flight;
  }

  async #renew(workspaceId: string, installationId: string, issuer: Issuer, seen: number): Promise<string> {
    // Before the transaction: a connection that waits for a second one could wait for ever, were all of them refreshing.
    const before = await this.#database.inWorkspace(workspaceId, (tx) => readTokens(tx, installationId, false));
    const means: Means =
      before?.grantKind === 'service-account-delegation'
        ? { serviceAccount: readServiceAccount(await this.#organizationSecret(workspaceId, issuer.provider)) }
        : { app: await this.#credentials(workspaceId, issuer.provider) };
    // The same holds for the workspace's key, which the sealer reads once and keeps for a while.
    await this.#sealer.seal(workspaceId, installationId, 'access_token', '');
    const outcome = await this.#database.inWorkspace(workspaceId, async (tx) => {
      const stored = await readTokens(tx, installationId, true);
      if (!stored)
        return new ConnectorFault({ kind: 'auth-revoked', message: 'The installation is gone: install it again.' });
      if (stored.tokenVersion > seen) {
        const usable = await this.#usable(workspaceId, installationId, stored);
        if (usable) return usable;
      }
      return this.#exchange(tx, installationId, { means, issuer }, stored);
    });
    await this.#point('token-stored');
    if (outcome instanceof ConnectorFault) throw outcome;
    if (typeof outcome === 'string') return outcome;
    // Only now: what was rolled back must not be used.
    this.#cache.set(installationId, outcome);
    return outcome.token;
  }

  async #usable(workspaceId: string, installationId: string, stored: SealedTokens): Promise<string | undefined> {
    if (!stored.accessToken) return undefined;
    const renewAfter = stored.accessExpiresAt === null ? Infinity : stored.accessExpiresAt - longestMargin;
    if (renewAfter <= this.#now()) return undefined;
    const token = await this.#sealer.open(workspaceId, installationId, 'access_token', stored.accessToken);
    this.#cache.set(installationId, { token, renewAfter, version: stored.tokenVersion, renewedAt: -Infinity });
    return token;
  }

  /** Under the row lock. A fault comes back as a value, so that the count of definite refusals is committed (E2). */
  async #exchange(
    tx: Tx,
    installationId: string,
    from: { readonly means: Means; readonly issuer: Issuer },
    stored: SealedTokens,
  ): Promise<CachedToken | ConnectorFault> {
    const { workspaceId } = tx;
    const grant = await this.#grantOf(tx, installationId, from, stored);
    if (grant instanceof ConnectorFault) return grant;
    await this.#point('before-token-exchange');
    try {
      const answer = await grant();
      const life = answer.expires_in === undefined ? null : answer.expires_in * 1000;
      await writeTokens(
        tx,
        installationId,
        {
          accessToken: await this.#sealer.seal(workspaceId, installationId, 'access_token', answer.access_token),
          refreshToken: answer.refresh_token
            ? await this.#sealer.seal(workspaceId, installationId, 'refresh_token', answer.refresh_token)
            : null,
          accessExpiresAt: life === null ? null : this.#now() + life,
        },
        this.#now(),
      );
      const margin = life === null ? 0 : Math.min(longestMargin, life * (1 - renewAt));
      const renewAfter = life === null ? Infinity : this.#now() + life - margin;
      return { token: answer.access_token, renewAfter, version: stored.tokenVersion + 1, renewedAt: this.#now() };
    } catch (error) {
      const fault = classifyRefresh(error, stored.grantKind === 'consent');
      if (fault.kind === 'auth-revoked') await countRevokedSignal(tx, installationId, fault.message, this.#now());
      return new ConnectorFault(fault);
    }
  }

  /** How the next token is got: by the refresh token, or by the organization's grant for a mailbox that is still chosen. */
  async #grantOf(
    tx: Tx,
    installationId: string,
    { means, issuer }: { readonly means: Means; readonly issuer: Issuer },
    stored: SealedTokens,
  ): Promise<ConnectorFault | (() => Promise<oauth.TokenEndpointResponse>)> {
    const endpoint: TokenEndpoint = { url: issuer.tokenUrl, bearerTypes: issuer.bearerTypes ?? [] };
    if (stored.grantKind === 'service-account-delegation' || stored.grantKind === 'client-credentials') {
      const mailbox = stored.address ?? '';
      if (!(await isWatched(tx, stored.connector, mailbox))) return new ConnectorFault(notWatched(mailbox));
      const scopes = issuer.organizationScopes ?? stored.grantedScopes;
      if ('serviceAccount' in means) {
        const asked = { subject: mailbox, scopes, now: this.#now() };
        return () => assertedGrant(endpoint, means.serviceAccount, asked);
      }
      return () => credentialsGrant(endpoint, means.app, scopes);
    }
    if (!stored.refreshToken || !('app' in means)) {
      return new ConnectorFault({
        kind: 'auth-revoked',
        message: 'There is no refresh token: connect the account again.',
      });
    }
    const sealed = stored.refreshToken;
    const refreshToken = await this.#sealer.open(tx.workspaceId, installationId, 'refresh_token', sealed);
    return () => oauth.refreshTokenGrant(configurationFor(endpoint, means.app), refreshToken);
  }
}

/** A mailbox that nobody chose is never asked for, whatever the organization's grant would give. */
export const notWatched = (mailbox: string) => ({
  kind: 'rejected' as const,
  message: `${mailbox} is not among the chosen mailboxes: choose it with waymark mailboxes add.`,
});

/** Only a definite refusal of the grant is final; all else may pass (failure E2, R17). An organization's grant is mended at the provider. */
function classifyRefresh(error: unknown, consented: boolean) {
  if (error instanceof oauth.ResponseBodyError) {
    const told = error.error_description ?? '';
    if (error.error === 'invalid_grant' && !consented && /invalid jwt/i.test(told)) {
      return {
        kind: 'transient' as const,
        message: `The provider refused the signed request (${told.slice(0, 150)}): check this machine's clock.`,
      };
    }
    if (error.error === 'invalid_grant') {
      return {
        kind: 'auth-revoked' as const,
        message: consented
          ? 'The provider refused the grant (invalid_grant): connect the account again.'
          : `The provider does not know the mailbox or the key (invalid_grant: ${told.slice(0, 150)}).`,
      };
    }
    if (!consented && ['unauthorized_client', 'access_denied', 'invalid_scope'].includes(error.error)) {
      return {
        kind: 'rejected' as const,
        message: `The organization has not granted this (${error.error}): its administrator must allow the scopes that waymark install shows.`,
      };
    }
    if (error.error === 'invalid_client' || error.error === 'unauthorized_client') {
      return {
        kind: 'rejected' as const,
        message: `The provider refused the app's credentials (${error.error}): check client id and secret.`,
      };
    }
  }
  return { kind: 'transient' as const, message: 'The token endpoint did not answer as it should: it is tried again.' };
}
