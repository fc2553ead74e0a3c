import { importPKCS8, SignJWT } from 'jose';
import * as oauth from 'openid-client';
import { z } from 'zod';
import { configurationFor, type TokenEndpoint } from './token-endpoint.ts';
import type { Issuer } from './tokens.ts';

/** What is used of a service account's key file. Its `token_uri` is not: where requests go is the operator's to say. */
const keyFile = z.object({
  type: z.literal('service_account'),
  client_email: z.email(),
  client_id: z.string().optional(),
  private_key_id: z.string().optional(),
  private_key: z.string().startsWith('-----BEGIN PRIVATE KEY-----'),
});

/** Google's service account, as its key file names it. */
export type ServiceAccount = z.infer<typeof keyFile>;

/** A file that is no key of a service account. */
class ServiceAccountError extends Error {
  readonly code = 'SERVICE_ACCOUNT';

  constructor(what: string) {
    super(
      `This is no key of a service account (${what}): in Google's console, under IAM & Admin, Service Accounts, Keys, make one of the type JSON.`,
    );
    this.name = 'ServiceAccountError';
  }
}

/** Reads a key file's text. Throws ServiceAccountError, which names fields and never their values. */
export function readServiceAccount(text: string): ServiceAccount {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ServiceAccountError('not JSON');
  }
  const parsed = keyFile.safeParse(json);
  if (!parsed.success) throw new ServiceAccountError(parsed.error.issues.map((one) => one.path.join('.')).join(', '));
  return parsed.data;
}

/** How long a signed request holds, s. Google takes an hour at most. */
const assertionLife = 600;

/**
 * A token for one mailbox by domain-wide delegation: a request signed by the service account, with the mailbox as its subject
 * (RFC 7523; https://developers.google.com/identity/protocols/oauth2/service-account). Throws what openid-client throws.
 */
export async function assertedGrant(
  endpoint: TokenEndpoint,
  account: ServiceAccount,
  asked: { readonly subject: string; readonly scopes: readonly string[]; readonly now: number },
): Promise<oauth.TokenEndpointResponse> {
  const issuedAt = Math.floor(asked.now / 1000);
  const assertion = await new SignJWT({ scope: asked.scopes.join(' ') })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(account.private_key_id && { kid: account.private_key_id }) })
    .setIssuer(account.client_email)
    .setSubject(asked.subject)
    .setAudience(endpoint.url)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + assertionLife)
    .sign(await importPKCS8(account.private_key, 'RS256'));
  return oauth.genericGrantRequest(configurationFor(endpoint, null), 'urn:ietf:params:oauth:grant-type:jwt-bearer', {
    assertion,
  });
}

/** Entra's way: the app's own credentials (RFC 6749, 4.4); which mailboxes they open is the administrator's to limit. */
export function credentialsGrant(
  endpoint: TokenEndpoint,
  app: { readonly clientId: string; readonly clientSecret: string },
  scopes: readonly string[],
): Promise<oauth.TokenEndpointResponse> {
  return oauth.clientCredentialsGrant(configurationFor(endpoint, app), { scope: scopes.join(' ') });
}

/** A first token for a mailbox that has just been chosen. Throws an Error that says what the provider refused. */
export async function mailboxToken(
  issuer: Issuer,
  asked: { readonly mailbox: string; readonly now: number } & (
    | { readonly serviceAccount: ServiceAccount }
    | { readonly app: { readonly clientId: string; readonly clientSecret: string } }
  ),
): Promise<{ readonly accessToken: string; readonly expiresAt: number | null }> {
  const endpoint = { url: issuer.tokenUrl, bearerTypes: issuer.bearerTypes ?? [] };
  const scopes = issuer.organizationScopes ?? [];
  try {
    const answer =
      'app' in asked
        ? await credentialsGrant(endpoint, asked.app, scopes)
        : await assertedGrant(endpoint, asked.serviceAccount, { subject: asked.mailbox, scopes, now: asked.now });
    return {
      accessToken: answer.access_token,
      expiresAt: answer.expires_in === undefined ? null : asked.now + answer.expires_in * 1000,
    };
  } catch (cause) {
    const told =
      cause instanceof oauth.ResponseBodyError
        ? `${cause.error}${cause.error_description ? `: ${cause.error_description.slice(0, 200)}` : ''}`
        : 'no usable answer';
    throw new OrganizationRefusal(told, { cause });
  }
}

/** The provider gives no token for a mailbox. */
class OrganizationRefusal extends Error {
  readonly code = 'ORGANIZATION_REFUSED';

  constructor(told: string, options?: { readonly cause?: unknown }) {
    super(
      `The provider gives no token for this mailbox (${told}): check that it exists and that its administrator allowed the scopes.`,
      options,
    );
    this.name = 'OrganizationRefusal';
  }
}
