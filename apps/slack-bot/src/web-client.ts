import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
} from '@slack/web-api';
import { quietLogger } from './quiet-logger.ts';

/**
 * A client that makes each call once: the SDK's own ten retries over half an hour would post twice (failure G2), and waiting out
 * a rate limit inside it would hide it from the queue (failure G3).
 */
export function webClient(token: string | undefined, options: { readonly apiUrl: string; readonly timeoutMs: number }) {
  return new WebClient(token, {
    slackApiUrl: options.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: options.timeoutMs,
    logger: quietLogger(),
  });
}

/** What an error of a call means for what was to be done. */
export type CallOutcome =
  /** Slack refused: nothing was done, and nothing will be by asking again. */
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'rate-limited'; readonly retryAfterMs: number }
  /** The grant is dead, or seems so. */
  | { readonly kind: 'token-dead'; readonly error: string }
  /** Slack had a fault of its own and says that nothing was done. */
  | { readonly kind: 'transient'; readonly error: string }
  /** It may have been done. */
  | { readonly kind: 'unknown'; readonly error: string };

const deadToken = new Set(['token_revoked', 'account_inactive', 'invalid_auth', 'token_expired', 'not_authed']);
/** https://docs.slack.dev/reference/methods/chat.postMessage#errors: Slack's own faults; the first two may come after the act. */
const ownFault = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout']);

/** Sorts an error of the Web API client. Total: what is not known may have been done. */
export function classifyCall(error: unknown): CallOutcome {
  if (error instanceof WebAPIRateLimitedError) return { kind: 'rate-limited', retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIPlatformError) {
    const code = error.data.error;
    // A proxy's page with status 200: the SDK takes what is no JSON for the error itself.
    if (!/^[a-z0-9_]{1,80}$/.test(code)) return { kind: 'unknown', error: 'the answer was no answer of Slack' };
    if (deadToken.has(code)) return { kind: 'token-dead', error: code };
    if (code === 'ratelimited' || code === 'rate_limited') return { kind: 'rate-limited', retryAfterMs: 30_000 };
    if (ownFault.has(code)) return { kind: 'unknown', error: code };
    return { kind: 'refused', error: code };
  }
  if (error instanceof WebAPIHTTPError) {
    return error.statusCode >= 400 && error.statusCode < 500
      ? { kind: 'transient', error: `http ${error.statusCode}` }
      : { kind: 'unknown', error: `http ${error.statusCode}` };
  }
  if (error instanceof WebAPIRequestError) {
    return neverLeft(error.original)
      ? { kind: 'transient', error: 'Slack could not be reached' }
      : { kind: 'unknown', error: 'the connection broke before the answer' };
  }
  // A body that is no JSON, and whatever else: the call was made.
  return { kind: 'unknown', error: error instanceof Error ? error.name : 'unknown error' };
}

/** Whether a request failed before a byte of it was sent. */
function neverLeft(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'].includes(String(at.code)))
      return true;
  }
  return false;
}
