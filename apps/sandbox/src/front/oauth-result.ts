import type { AccessGrant } from './oauth.ts';

export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'redirect_uri_mismatch'
  | 'unsupported_grant_type';

/** The outcome of a call to the token route; the service puts it in its vendor's words. */
export type TokenResult =
  | {
      readonly ok: true;
      readonly accessToken: string;
      /** Present after a code exchange with offline access, and after a refresh when tokens rotate. */
      readonly refreshToken?: string;
      readonly expiresIn: number;
      readonly grant: AccessGrant;
    }
  | { readonly ok: false; readonly error: OAuthErrorCode; readonly description: string };

/** What a bearer token is worth, or why it is worth nothing. */
export type Introspection =
  | { readonly ok: true; readonly token: string; readonly grant: AccessGrant }
  | { readonly ok: false; readonly reason: 'missing' | 'unknown' | 'expired' | 'revoked' };

/** Given by hand for tests: a token without a browser. */
export interface MintRequest {
  readonly clientId: string;
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly ttlSeconds?: number;
  readonly offline?: boolean;
}
