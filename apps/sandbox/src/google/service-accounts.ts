import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import type { OAuthServer } from '../front/oauth.ts';
import { json } from './errors.ts';
import type { PushState } from './push-state.ts';
import type { GoogleState } from './state.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const longestLife = 3600;
/** What Google forgives between two clocks, s. */
const skew = 300;

/** Makes a service account with one key, as the console does, and gives its key file. */
export const createServiceAccount = (push: PushState, email: string): object => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const keyId = createHash('sha256').update(pem).digest('hex').slice(0, 40);
  const clientId = String(BigInt(`0x${keyId.slice(0, 16)}`))
    .padStart(21, '1')
    .slice(0, 21);
  push.serviceAccounts[email] = { email, clientId, keyId, publicKey: pem, delegated: [] };
  return {
    type: 'service_account',
    project_id: 'sandbox',
    private_key_id: keyId,
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    client_email: email,
    client_id: clientId,
    token_uri: 'https://oauth2.googleapis.com/token',
  };
};

const refused = (error: string, description: string, status = 400): Response =>
  json({ error, error_description: description }, status);

/**
 * The token route for a signed request (https://developers.google.com/identity/protocols/oauth2/service-account): signature, times and
 * audience of the assertion, then the scopes that the administrator delegated, then the user. Undefined for another grant type.
 */
export const assertionGrant = (
  form: URLSearchParams,
  context: {
    readonly state: GoogleState;
    readonly push: PushState;
    readonly oauth: OAuthServer;
    readonly now: number;
    /** Where this route is, and Google's own name for it. */
    readonly audiences: readonly string[];
  },
): Response | undefined => {
  if (form.get('grant_type') !== grantType) return undefined;
  const { push, state, oauth, now } = context;
  const [head = '', body = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const claims = read(body);
  const account = push.serviceAccounts[String(claims?.['iss'])];
  if (!claims || !account) return refused('invalid_grant', 'Invalid grant: account not found');
  const key = createPublicKey(account.publicKey);
  const signed =
    read(head)?.['alg'] === 'RS256' &&
    verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
  if (!signed) return refused('invalid_grant', 'Invalid JWT Signature.');
  const [iat, exp] = [Number(claims['iat']), Number(claims['exp'])];
  const seconds = now / 1000;
  if (!(iat <= seconds + skew && exp > seconds - skew && exp - iat <= longestLife))
    return refused(
      'invalid_grant',
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
    );
  if (!context.audiences.includes(String(claims['aud'])))
    return refused('invalid_grant', 'Invalid JWT: Failed audience check.');
  const scopes = String(claims['scope'] ?? '')
    .split(' ')
    .filter((scope) => scope !== '');
  if (scopes.length === 0) return refused('invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
  const subject = String(claims['sub'] ?? '').toLowerCase();
  if (!scopes.every((scope) => account.delegated.includes(scope)))
    return refused(
      'unauthorized_client',
      'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.',
      401,
    );
  if (!state.users[subject]) return refused('invalid_grant', 'Invalid email or User ID');
  const { accessToken, grant } = oauth.mint({ clientId: account.clientId, subject, scopes, offline: false });
  const expires = Math.round((grant.expiresAt - grant.issuedAt) / 1000);
  return json({ access_token: accessToken, expires_in: expires, token_type: 'Bearer' }, 200, {
    'cache-control': 'no-store',
  });
};

const read = (part: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
};
