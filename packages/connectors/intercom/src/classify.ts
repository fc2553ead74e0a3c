import { ConnectorFault, unknownFault, type Fault } from '@waymark/connector-kit';
import { IntercomHttpError } from './client.ts';

/** Intercom spreads its limit over windows of ten seconds. */
const windowMs = 10_000;
/** Tokens do not expire, so that a refused one is a dead one; the runner wants a second sign of it. */
const dead = new Set(['token_revoked', 'token_suspended', 'token_blocked']);

/**
 * Turns anything thrown on the way to Intercom into a fault. Total: what is not known is `transient`, which the runner ends after a few
 * attempts as a failure, never as an empty page (failure A4). https://developers.intercom.com/docs/references/rest-api/errors/http-responses
 */
export function classify(error: unknown): Fault {
  if (error instanceof ConnectorFault) return error.fault;
  if (!(error instanceof IntercomHttpError)) return unknownFault(error, 'Intercom');
  const { status, message, reason, retryAfterMs } = error;
  if (status === 401) {
    return reason !== undefined && dead.has(reason)
      ? { kind: 'auth-revoked', message }
      : { kind: 'token-expired', message };
  }
  if (status === 403) return { kind: reason === undefined ? 'transient' : 'scope-missing', message };
  if (status === 404 && reason !== undefined) return { kind: 'record-gone', message };
  if (status === 429) return { kind: 'rate-limited', message, retryAfterMs: retryAfterMs ?? windowMs };
  if (status >= 500 || status === 408 || reason === undefined) return { kind: 'transient', message };
  return { kind: 'rejected', message };
}
