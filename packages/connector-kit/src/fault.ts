/**
 * What went wrong, in the words that the runner acts on. `classify` of every connector is total: it returns one of these for
 * any thrown value, and an unknown error is `transient` at most a few times, then a failure; never an empty page.
 */
export type Fault =
  /** The cursor is too old (Gmail history 404, Calendar 410): drop it, resync the window. Not an error (failure A1). */
  | { readonly kind: 'cursor-expired'; readonly message: string }
  | { readonly kind: 'rate-limited'; readonly message: string; readonly retryAfterMs?: number }
  /** A long quota is used up: end the run as deferred until then (failure D10). */
  | { readonly kind: 'quota-exhausted'; readonly message: string; readonly resumeAt: number }
  /** The grant is dead for certain: ask a person. Credentials are never deleted on it (failure E2). */
  | { readonly kind: 'auth-revoked'; readonly message: string }
  /** The access token alone is bad or expired: refresh once and try again. */
  | { readonly kind: 'token-expired'; readonly message: string }
  | { readonly kind: 'scope-missing'; readonly message: string; readonly scope?: string }
  /** One record is gone between list and get: terminal for the record, not for the page (failure A12). */
  | { readonly kind: 'record-gone'; readonly message: string; readonly id?: string }
  | { readonly kind: 'transient'; readonly message: string; readonly retryAfterMs?: number }
  /** The provider refused what we sent: never retried. */
  | { readonly kind: 'rejected'; readonly message: string }
  /** The connector's own code failed. It says nothing of the provider; only the runner finds it, no connector classifies it. */
  | { readonly kind: 'defect'; readonly message: string };

export type FaultKind = Fault['kind'];

/** Thrown through a connector when a classified fault ends a call. `fault.message` never holds a token or a body. */
export class ConnectorFault extends Error {
  readonly code = 'CONNECTOR_FAULT';
  readonly fault: Fault;

  constructor(fault: Fault, options?: { readonly cause?: unknown }) {
    super(fault.message, options);
    this.name = 'ConnectorFault';
    this.fault = fault;
  }
}

/** What the network answers where nobody is: https://nodejs.org/api/errors.html#common-system-errors, https://undici.nodejs.org/#/docs/api/Errors. */
const unreachable: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/**
 * What an error is that no provider's answer explains: it passes, until the runner has seen it a few times. The message names the
 * error's class and its cause's code, never its text, which may hold what was sent.
 */
export function unknownFault(error: unknown, provider: string): Fault {
  if (!(error instanceof Error)) return { kind: 'transient', message: `An unknown fault on a call to ${provider}` };
  const code = field(error.cause, 'code') ?? field(error, 'code');
  if (typeof code === 'string' && unreachable.has(code))
    return { kind: 'transient', message: `${provider} cannot be reached (${code})` };
  const known = typeof code === 'string' ? ` (${code})` : '';
  return { kind: 'transient', message: `${error.name} on a call to ${provider}${known}` };
}

/** How deep causes are looked into: an SDK wraps an OAuth client, which wraps the answer. */
const DEEPEST_CAUSE = 3;

/** Whether an error, or one of its causes, says by one of these words that a refresh token is refused for good. */
export function refusedRefresh(error: unknown, words: ReadonlySet<string>, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > DEEPEST_CAUSE) return false;
  for (const key of ['error', 'name', 'status', 'code', 'message']) {
    const value = field(error, key);
    if (typeof value === 'string' && words.has(value)) return true;
  }
  return refusedRefresh(field(error, 'cause'), words, depth + 1);
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
