import type { StatusFaultKind } from '../front/faults.ts';
import type { FaultAnswer } from '../front/serve.ts';
import { invalidToken, invalidValue, rateLimited, ZendeskRefusal } from './errors.ts';
import type { ZendeskState } from './state.ts';

/** The help desk that a call's token belongs to. */
export function tenantOf(state: ZendeskState, request: Request): string | undefined {
  const token = /^Bearer\s+(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  return token === undefined ? undefined : state.oauth.access[token]?.subject;
}

/** Zendesk's bodies for faults on demand. It has no 403 rate limit; a cursor can only be lost on a call with one. */
export function faultBody(kind: StatusFaultKind, request: Request): FaultAnswer | undefined {
  const refusal = refusalFor(kind, request);
  return refusal === undefined
    ? undefined
    : { status: refusal.status, headers: refusal.headers, body: { ...refusal.body } };
}

function refusalFor(kind: StatusFaultKind, request: Request): ZendeskRefusal | undefined {
  const { pathname, searchParams } = new URL(request.url);
  switch (kind) {
    case 'unauthorized':
      return invalidToken();
    case 'too-many':
      return rateLimited(1, pathname.includes('/incremental/'));
    case 'server-error':
      return new ZendeskRefusal(500, { error: 'InternalServerError', description: 'Something went wrong' });
    case 'cursor-lost':
      return searchParams.has('cursor') ? invalidValue('The cursor is invalid', 400) : undefined;
    case 'forbidden-rate-limit':
      return undefined;
  }
}
