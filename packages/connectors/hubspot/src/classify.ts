import { ConnectorFault, refusedRefresh, unknownFault, type Fault } from '@waymark/connector-kit';
import { HubSpotAnswerError, HubSpotHttpError } from './http-error.ts';

const TEN_SECONDS = 10_000;
const REVOKED = new Set(['BAD_REFRESH_TOKEN', 'invalid_grant']);
/** Passing states beside 5xx: time-outs, locks, and 477, which says that an account is being moved between data centers. */
const PASSING = new Set([408, 423, 425, 477]);

/**
 * Turns anything thrown on the way to HubSpot into a fault. Total: what is not known is `transient`, which the runner ends after a
 * few attempts as a failure, never as an empty page (failure A4).
 * https://developers.hubspot.com/docs/api-reference/error-handling
 */
export function classify(error: unknown): Fault {
  if (error instanceof ConnectorFault) return error.fault;
  if (error instanceof HubSpotHttpError) return classifyAnswer(error);
  if (error instanceof HubSpotAnswerError) return { kind: 'transient', message: error.message };
  if (refusedRefresh(error, REVOKED)) {
    return { kind: 'auth-revoked', message: 'HubSpot refused the refresh token: connect the account again.' };
  }
  return unknownFault(error, 'HubSpot');
}

function classifyAnswer(error: HubSpotHttpError): Fault {
  const { status, message, category } = error;
  if (category !== undefined && REVOKED.has(category)) return { kind: 'auth-revoked', message };
  if (status === 401) return { kind: 'token-expired', message };
  if (status === 429) return classifyLimit(error);
  if (status === 403) return classifyForbidden(error);
  if (status >= 500 || PASSING.has(status)) {
    return error.retryAfterMs === undefined
      ? { kind: 'transient', message }
      : { kind: 'transient', message, retryAfterMs: error.retryAfterMs };
  }
  // A list's place is an id and does not age; should HubSpot ever say so, the list begins anew.
  if (status === 410 && error.understood) return { kind: 'cursor-expired', message };
  return { kind: error.understood ? 'rejected' : 'transient', message };
}

/** Retry-After is not documented for HubSpot; where it is missing the policy's own window is waited out (failure D7). */
function classifyLimit(error: HubSpotHttpError): Fault {
  if (error.policy === 'DAILY') {
    if (error.resumeAt !== undefined)
      return { kind: 'quota-exhausted', message: error.message, resumeAt: error.resumeAt };
    return { kind: 'rate-limited', message: error.message, retryAfterMs: error.retryAfterMs ?? 60 * TEN_SECONDS };
  }
  const retryAfterMs = error.retryAfterMs ?? (error.policy === 'SECONDLY' ? 1000 : TEN_SECONDS);
  return { kind: 'rate-limited', message: error.message, retryAfterMs };
}

/** A page of a firewall in front of HubSpot says nothing of our grant. */
function classifyForbidden(error: HubSpotHttpError): Fault {
  if (!error.understood) return { kind: 'transient', message: error.message };
  const scope = error.missingScopes[0];
  return scope === undefined
    ? { kind: 'scope-missing', message: error.message }
    : { kind: 'scope-missing', message: error.message, scope };
}
