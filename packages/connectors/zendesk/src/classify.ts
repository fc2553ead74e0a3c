import { ConnectorFault, refusedRefresh, unknownFault, type Fault } from '@waymark/connector-kit';
import { ZendeskAnswerError, ZendeskHttpError } from './http-error.ts';

const MINUTE = 60_000;
const REVOKED = new Set(['invalid_grant']);
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
  if (refusedRefresh(error, REVOKED)) {
    return { kind: 'auth-revoked', message: 'Zendesk refused the refresh token: connect the account again.' };
  }
  return unknownFault(error, 'Zendesk');
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
