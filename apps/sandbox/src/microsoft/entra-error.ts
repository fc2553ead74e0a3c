import { randomUUID } from 'node:crypto';
import type { FaultAnswer } from '../front/serve.ts';

interface EntraFault {
  readonly status: number;
  readonly error: string;
  readonly code: number;
  readonly text: string;
  readonly suberror?: string;
}

/**
 * Refusals of the token endpoint by Entra's own numbers
 * (https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes).
 */
const faults = {
  invalidSecret: {
    status: 401,
    error: 'invalid_client',
    code: 7000215,
    text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%'.",
  },
  unknownApp: {
    status: 400,
    error: 'unauthorized_client',
    code: 700016,
    text: "Application with identifier '%' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
  },
  unknownTenant: { status: 400, error: 'invalid_request', code: 90002, text: "Tenant '%' not found." },
  noTenant: {
    status: 400,
    error: 'invalid_request',
    code: 50059,
    text: 'No tenant-identifying information found in either the request or implied by any provided credentials.',
  },
  unusedRefresh: {
    status: 400,
    error: 'invalid_grant',
    code: 700082,
    text: 'The refresh token has expired due to inactivity. The token was inactive for 90.00:00:00.',
  },
  revoked: {
    status: 400,
    error: 'invalid_grant',
    code: 50173,
    text: 'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
    suberror: 'bad_token',
  },
  badGrant: { status: 400, error: 'invalid_grant', code: 70000, text: 'Provided grant is invalid or malformed.' },
  badCode: {
    status: 400,
    error: 'invalid_grant',
    code: 70008,
    text: 'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
  },
  badVerifier: {
    status: 400,
    error: 'invalid_grant',
    code: 501481,
    text: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  },
  redirectMismatch: {
    status: 400,
    error: 'invalid_request',
    code: 50011,
    text: 'The redirect URI specified in the request does not match the redirect URIs configured for the application.',
  },
  badGrantType: {
    status: 400,
    error: 'unsupported_grant_type',
    code: 70003,
    text: "The app requested an unsupported grant type '%'.",
  },
  scopeNotDefault: {
    status: 400,
    error: 'invalid_scope',
    code: 1002012,
    text: "The provided value for scope '%' is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
  },
  missing: {
    status: 400,
    error: 'invalid_request',
    code: 900144,
    text: "The request body must contain the following parameter: '%'.",
  },
} as const satisfies Record<string, EntraFault>;

export type EntraFaultName = keyof typeof faults;

/** The whole answer for a refusal of the token endpoint; `about` fills the name in its text. */
export const entraAnswer = (name: EntraFaultName, about = ''): FaultAnswer => {
  const fault: EntraFault = faults[name];
  const [trace, correlation] = [randomUUID(), randomUUID()];
  const timestamp = new Date().toISOString().slice(0, 19).replace('T', ' ');
  const text = fault.text.replace('%', about);
  return {
    status: fault.status,
    headers: { 'cache-control': 'no-store' },
    body: {
      error: fault.error,
      error_description: `AADSTS${fault.code}: ${text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}Z`,
      error_codes: [fault.code],
      timestamp: `${timestamp}Z`,
      trace_id: trace,
      correlation_id: correlation,
      ...(fault.suberror === undefined ? {} : { suberror: fault.suberror }),
    },
  };
};
