import type { StatusFaultKind } from '../front/faults.ts';
import type { FaultAnswer } from '../front/serve.ts';
import { HubSpotRefusal, rateLimited, unauthorized } from './errors.ts';
import type { HubSpotState } from './state.ts';

/** The portal that a call's token belongs to. */
export function tenantOf(state: HubSpotState, request: Request): string | undefined {
  const token = /^Bearer\s+(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  return token === undefined ? undefined : state.oauth.access[token]?.subject;
}

/** HubSpot's bodies for faults on demand. It has no 403 rate limit; a cursor can only be lost on a call with `after`. */
export function faultBody(kind: StatusFaultKind, request: Request): FaultAnswer | undefined {
  const refusal = refusalFor(kind, request);
  if (refusal === undefined) return undefined;
  const correlationId = '00000000-0000-4000-8000-fa0170000000';
  return { status: refusal.status, headers: refusal.headers, body: { ...refusal.body, correlationId } };
}

function refusalFor(kind: StatusFaultKind, request: Request): HubSpotRefusal | undefined {
  const { pathname, searchParams } = new URL(request.url);
  switch (kind) {
    case 'unauthorized':
      return unauthorized();
    case 'too-many':
      return rateLimited(pathname.endsWith('/search') ? 'SECONDLY' : 'TEN_SECONDLY_ROLLING');
    case 'server-error':
      return new HubSpotRefusal(500, 'INTERNAL_ERROR', 'internal error');
    case 'cursor-lost':
      return searchParams.has('after')
        ? new HubSpotRefusal(410, 'CURSOR_EXPIRED', 'The paging cursor is not valid any more')
        : undefined;
    case 'forbidden-rate-limit':
      return undefined;
  }
}
