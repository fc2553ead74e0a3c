import type { FaultAnswer, FaultBody } from '../front/serve.ts';

/** A refusal in Google's JSON shape (https://developers.google.com/workspace/gmail/api/guides/handle-errors). */
export class GoogleError extends Error {
  readonly code: string;
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, reason: string, message: string, extra: ErrorExtra = {}) {
    super(message);
    this.code = reason;
    this.status = status;
    this.headers = extra.headers ?? {};
    const { domain = 'global', location, locationType, rpcStatus, details, itemMessage } = extra;
    this.body = {
      error: {
        code: status,
        message,
        errors: [
          {
            message: itemMessage ?? message,
            domain,
            reason,
            ...(location === undefined ? {} : { location }),
            ...(locationType === undefined ? {} : { locationType }),
          },
        ],
        ...(rpcStatus === undefined ? {} : { status: rpcStatus }),
        ...(details === undefined ? {} : { details }),
      },
    };
  }

  response(): Response {
    return json(this.body, this.status, this.headers);
  }
}

interface ErrorExtra {
  readonly domain?: string;
  readonly location?: string;
  readonly locationType?: string;
  readonly rpcStatus?: string;
  readonly details?: readonly unknown[];
  readonly itemMessage?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
  });

export const invalidCredentials = (): GoogleError =>
  new GoogleError(
    401,
    'authError',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    {
      location: 'Authorization',
      locationType: 'header',
      rpcStatus: 'UNAUTHENTICATED',
      itemMessage: 'Invalid Credentials',
      headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
    },
  );

export const loginRequired = (): GoogleError =>
  new GoogleError(401, 'required', 'Login Required.', {
    location: 'Authorization',
    locationType: 'header',
    rpcStatus: 'UNAUTHENTICATED',
    headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' },
  });

export const insufficientScope = (needed: readonly string[]): GoogleError =>
  new GoogleError(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.', {
    rpcStatus: 'PERMISSION_DENIED',
    itemMessage: 'Insufficient Permission',
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
        domain: 'googleapis.com',
      },
    ],
    headers: {
      'www-authenticate': `Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="${needed.join(' ')}"`,
    },
  });

export const forbidden = (message: string): GoogleError =>
  new GoogleError(403, 'forbidden', message, { rpcStatus: 'PERMISSION_DENIED' });

export const invalidArgument = (message: string, location?: string): GoogleError =>
  new GoogleError(400, location === undefined ? 'invalidArgument' : 'invalidParameter', message, {
    rpcStatus: 'INVALID_ARGUMENT',
    ...(location === undefined ? {} : { location, locationType: 'parameter' }),
  });

export const entityNotFound = (): GoogleError =>
  new GoogleError(404, 'notFound', 'Requested entity was not found.', { rpcStatus: 'NOT_FOUND' });

/** Calendar words its 404 differently from Gmail. */
export const calendarNotFound = (): GoogleError => new GoogleError(404, 'notFound', 'Not Found');

/** https://developers.google.com/workspace/calendar/api/guides/errors#410_gone */
export const fullSyncRequired = (): GoogleError =>
  new GoogleError(410, 'fullSyncRequired', 'Sync token is no longer valid, a full sync is required.', {
    domain: 'calendar',
    location: 'syncToken',
    locationType: 'parameter',
  });

/** Gmail's and Calendar's quota refusal; neither says when to come back in a header. */
export const rateLimited = (reason: 'userRateLimitExceeded' | 'rateLimitExceeded', status = 403): GoogleError =>
  new GoogleError(
    status,
    reason,
    reason === 'rateLimitExceeded' ? 'Rate Limit Exceeded' : 'User-rate limit exceeded.',
    {
      domain: 'usageLimits',
      ...(status === 429 ? { rpcStatus: 'RESOURCE_EXHAUSTED' } : { rpcStatus: 'PERMISSION_DENIED' }),
    },
  );

const isCursorCall = (path: string, query: URLSearchParams): 'gmail' | 'calendar' | undefined => {
  if (/^\/gmail\/v1\/users\/[^/]+\/history$/u.test(path)) return 'gmail';
  const isEvents = /^\/calendar\/v3\/calendars\/[^/]+\/events$/u.test(path);
  return isEvents && (query.has('syncToken') || query.has('pageToken')) ? 'calendar' : undefined;
};

const isTokenRoute = (path: string): boolean => path === '/token' || path.startsWith('/o/oauth2') || path === '/revoke';

const shaped = ({ status, headers, body }: GoogleError): FaultAnswer => ({ status, headers, body });

/** Google's bodies for faults on demand: A1 and A4 for cursors, F1 for limits. */
export const googleFaultBody: FaultBody = (kind, request) => {
  const { pathname, searchParams } = new URL(request.url);
  switch (kind) {
    case 'unauthorized':
      return isTokenRoute(pathname)
        ? { status: 401, body: { error: 'invalid_client', error_description: 'Unauthorized' } }
        : shaped(invalidCredentials());
    case 'forbidden-rate-limit':
      return isTokenRoute(pathname) ? undefined : shaped(rateLimited('userRateLimitExceeded'));
    case 'too-many':
      return shaped(rateLimited('rateLimitExceeded', 429));
    case 'cursor-lost': {
      const cursor = isCursorCall(pathname, searchParams);
      if (cursor === undefined) return undefined;
      return shaped(cursor === 'gmail' ? entityNotFound() : fullSyncRequired());
    }
    case 'server-error':
      return shaped(new GoogleError(500, 'backendError', 'Internal error encountered.', { rpcStatus: 'INTERNAL' }));
  }
};
