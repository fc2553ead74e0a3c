import type { StatusFaultKind } from '../front/faults.ts';
import type { FaultAnswer } from '../front/serve.ts';
import { dailyLimit, invalidLocator, SalesforceRefusal, sessionExpired } from './errors.ts';
import type { Org, SalesforceState } from './state.ts';

/** The org that a call's token belongs to. */
export function tenantOf(state: SalesforceState, request: Request): string | undefined {
  const token = /^Bearer\s+(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const subject = token === undefined ? undefined : state.oauth.access[token]?.subject;
  if (subject === undefined) return undefined;
  const isHome = (org: Org): boolean =>
    Object.values(org.records['User'] ?? {}).some((user) => user['Username'] === subject);
  return Object.values(state.orgs).find(isHome)?.id;
}

/**
 * Salesforce's bodies for faults on demand. Too many calls are a 403 as well: the daily limit has one message, too many long calls at
 * once another. A cursor can only be lost where one is sent.
 */
export function faultBody(kind: StatusFaultKind, request: Request): FaultAnswer | undefined {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname.startsWith('/services/oauth2/')) return oauthFault(kind);
  const refusal = refusalFor(kind, pathname, searchParams);
  return refusal === undefined ? undefined : { status: refusal.status, body: refusal.body };
}

function refusalFor(kind: StatusFaultKind, path: string, query: URLSearchParams): SalesforceRefusal | undefined {
  switch (kind) {
    case 'unauthorized':
      return sessionExpired();
    case 'forbidden-rate-limit':
      return dailyLimit();
    case 'too-many':
      return new SalesforceRefusal(403, 'REQUEST_LIMIT_EXCEEDED', 'ConcurrentPerOrgLongTxn Limit exceeded.');
    case 'server-error':
      return new SalesforceRefusal(
        500,
        'UNKNOWN_EXCEPTION',
        'An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-12345 (-1234567890)',
      );
    case 'cursor-lost':
      return /\/query(All)?\/01g/.test(path) || query.has('locator') ? invalidLocator() : undefined;
  }
}

function oauthFault(kind: StatusFaultKind): FaultAnswer | undefined {
  switch (kind) {
    case 'unauthorized':
      return { status: 400, body: { error: 'invalid_grant', error_description: 'expired access/refresh token' } };
    case 'too-many':
      return { status: 400, body: { error: 'login_rate_exceeded', error_description: 'Login Rate Exceeded' } };
    case 'server-error':
      return { status: 500, body: { error: 'unknown_error', error_description: 'retry your request' } };
    default:
      return undefined;
  }
}
