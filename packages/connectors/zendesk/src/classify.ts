import { ConnectorFault, type Fault } from '@waymark/connector-kit';
import { ZendeskAnswerError, ZendeskHttpError } from './http-error.ts';

const MINUTE = 60_000;
/** Refusals that a cursor of its own can cause; 401, 403 and 429 have causes of theirs. */
const CURSOR_REFUSED = new Set([400, 404, 410, 422]);
/** 409 says that somebody else writes at this moment, 423 that the account is being moved. */
const PASSING = new Set([408, 409, 423, 425]);

/**
 * Turns anything thrown on the way to Zendesk into a fault. Total: what is not known is `transient`, which the runner ends after a
 * few attempts as a failure, never as an empty page (failure A4).
 * https://developer.zendesk.com/api-reference/introduction/requests/
 */
export function classify(error: unknown): Fault {
  if (error instanceof ConnectorFault) return error.fault;
  if (error instanceof ZendeskHttpError) return classifyAnswer(error);
  if (error instanceof ZendeskAnswerError) return { kind: 'transient', message: error.message };
  if (isRevoked(error)) {
    return { kind: 'auth-revoked', message: 'Zendesk refused the refresh token: connect the account again.' };
  }
  if (error instanceof Error)
    return { kind: 'transient', message: `${error.name} on a call to Zendesk${causeCode(error)}` };
  return { kind: 'transient', message: 'An unknown fault on a call to Zendesk' };
}

function classifyAnswer(error: ZendeskHttpError): Fault {
  const { status, message, category, understood, retryAfterMs } = error;
  if (category === 'invalid_grant') return { kind: 'auth-revoked', message };
  if (status === 401) return { kind: 'token-expired', message };
  // A 429 without Retry-After is waited out for the minute over which Zendesk counts.
  if (status === 429) return { kind: 'rate-limited', message, retryAfterMs: retryAfterMs ?? MINUTE };
  // Zendesk does not say which permission is missing: its 403 is of the scope, of the person's role or of the plan.
  if (status === 403) return { kind: understood ? 'scope-missing' : 'transient', message };
  if (status >= 500 || PASSING.has(status)) {
    return retryAfterMs === undefined ? { kind: 'transient', message } : { kind: 'transient', message, retryAfterMs };
  }
  if (!understood) return { kind: 'transient', message };
  if (error.withCursor && CURSOR_REFUSED.has(status)) return { kind: 'cursor-expired', message };
  if (status === 404 || status === 410) return { kind: 'record-gone', message };
  return { kind: 'rejected', message };
}

/** A refused refresh as an OAuth client library throws it: the code stands in the error itself or in its cause. */
function isRevoked(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 3) return false;
  if (Reflect.get(error, 'error') === 'invalid_grant') return true;
  return isRevoked(Reflect.get(error, 'cause'), depth + 1);
}

function causeCode(error: Error): string {
  const cause = error.cause;
  if (typeof cause !== 'object' || cause === null) return '';
  const code: unknown = Reflect.get(cause, 'code');
  return typeof code === 'string' ? ` (${code})` : '';
}
