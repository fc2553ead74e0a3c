import { randomUUID } from 'node:crypto';
import type { FaultAnswer, FaultBody } from '../front/serve.ts';
import { entraAnswer } from './entra-error.ts';

/** A refusal in Graph's JSON shape (https://learn.microsoft.com/en-us/graph/errors). */
export class GraphError extends Error {
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }

  get body(): unknown {
    const id = randomUUID();
    const date = new Date().toISOString().slice(0, 19);
    const innerError = { date, 'request-id': id, 'client-request-id': id };
    return { error: { code: this.code, message: this.message, innerError } };
  }

  response(): Response {
    return json(this.body, this.status, this.headers);
  }
}

export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: {
      'content-type':
        'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
      'request-id': randomUUID(),
      ...headers,
    },
  });

/** Every reason has its own words, and one code (https://learn.microsoft.com/en-us/graph/resolve-auth-errors). */
export const invalidToken = (reason: 'missing' | 'unknown' | 'expired' | 'revoked'): GraphError => {
  const message = {
    missing: 'Access token is empty.',
    unknown: 'IDX14100: JWT is not well formed, there are no dots (.).',
    expired: 'Lifetime validation failed, the token is expired.',
    revoked:
      'Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp',
  }[reason];
  return new GraphError(401, 'InvalidAuthenticationToken', message, {
    'www-authenticate': `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"${reason === 'revoked' ? ', error="insufficient_claims", claims="e30="' : ''}`,
  });
};

export const accessDenied = (): GraphError =>
  new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.');

/** The app has the permission, and the mailbox is outside the group it is held to (https://learn.microsoft.com/en-us/graph/auth-limit-mailbox-access). */
export const blockedByPolicy = (): GraphError =>
  new GraphError(
    403,
    'ErrorAccessDenied',
    'Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.',
  );

export const itemNotFound = (): GraphError =>
  new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');

export const invalidUser = (user: string): GraphError =>
  new GraphError(404, 'ErrorInvalidUser', `The requested user '${user}' is invalid.`);

export const badRequest = (message: string, code = 'BadRequest'): GraphError => new GraphError(400, code, message);

/** https://learn.microsoft.com/en-us/graph/delta-query-overview#synchronization-reset */
export const syncStateNotFound = (): GraphError =>
  new GraphError(
    410,
    'SyncStateNotFound',
    "The sync state generation is not found; generation='1',mailboxGuid='00000000-0000-0000-0000-000000000000'.",
  );

/** https://learn.microsoft.com/en-us/graph/throttling */
export const throttled = (retryAfterMs: number): GraphError =>
  new GraphError(429, 'TooManyRequests', 'Too many requests. Retry after the time in the Retry-After header.', {
    'retry-after': String(Math.max(1, Math.ceil(Math.min(retryAfterMs, 3_600_000) / 1000))),
  });

const isTokenRoute = (path: string): boolean => /\/oauth2\/v2\.0\//u.test(path);

const hasStateToken = (query: URLSearchParams): boolean => query.has('$deltatoken') || query.has('$skiptoken');

const shaped = ({ status, headers, body }: GraphError): FaultAnswer => ({ status, headers, body });

/** Microsoft's bodies for faults on demand: A7 for delta tokens, also in the middle of a round; F1 for limits. */
export const microsoftFaultBody: FaultBody = (kind, request) => {
  const { pathname, searchParams } = new URL(request.url);
  switch (kind) {
    case 'unauthorized':
      return isTokenRoute(pathname) ? entraAnswer('invalidSecret') : shaped(invalidToken('unknown'));
    case 'forbidden-rate-limit':
      // Graph never words a limit as 403.
      return undefined;
    case 'too-many':
      return shaped(throttled(1000));
    case 'cursor-lost':
      return /\/delta(?:\(\))?$/u.test(pathname) && hasStateToken(searchParams)
        ? shaped(syncStateNotFound())
        : undefined;
    case 'server-error':
      return shaped(
        new GraphError(503, 'ServiceUnavailable', 'The service is temporarily unavailable. Please retry later.'),
      );
  }
};
