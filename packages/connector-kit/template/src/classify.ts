import { ConnectorFault, unknownFault, type Fault } from '@waymark/connector-kit';
import { ExampleDeskHttpError } from './client.ts';

/**
 * Turns anything thrown on the way to Example Desk into a fault. Total: what is not known is `transient`, which the runner ends after a
 * few attempts as a failure, never as an empty page (failure A4).
 */
export function classify(error: unknown): Fault {
  if (error instanceof ConnectorFault) return error.fault;
  if (!(error instanceof ExampleDeskHttpError)) return unknownFault(error, 'Example Desk');
  const { status, message, retryAfterMs } = error;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 401) return { kind: 'token-expired', message };
  if (status === 403) return { kind: 'scope-missing', message };
  if (status === 404) return { kind: 'record-gone', message };
  if (status === 429) return { kind: 'rate-limited', message, ...wait };
  if (status >= 500 || status === 408) return { kind: 'transient', message, ...wait };
  return { kind: 'rejected', message };
}
