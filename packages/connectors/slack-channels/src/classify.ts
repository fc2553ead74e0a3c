import { ConnectorFault, type Fault } from '@waymark/connector-kit';
import { z } from 'zod';

/** What the errors of @slack/web-api 8 say, whichever class they are. */
const thrown = z.object({
  code: z.string().optional(),
  message: z.string().default('unknown error'),
  data: z.object({ error: z.string(), needed: z.string().optional() }).optional(),
  statusCode: z.number().optional(),
  status: z.number().optional(),
  retryAfter: z.number().optional(),
  headers: z.record(z.string(), z.unknown()).optional(),
});

const revoked = new Set([
  'token_revoked',
  'account_inactive',
  'invalid_auth',
  'invalid_refresh_token',
  'user_removed_from_team',
]);
const scopes = new Set([
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'team_access_not_granted',
  'access_denied',
]);
const gone = new Set([
  'channel_not_found',
  'not_in_channel',
  'thread_not_found',
  'message_not_found',
  'user_not_found',
  'users_not_found',
  'user_not_visible',
  'team_not_found',
]);
const passing = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

/**
 * Turns anything thrown on the way to Slack into a fault. Total: what is not known is `transient` (failure A4). Errors of a method come
 * with status 200: https://docs.slack.dev/apis/web-api/#errors
 */
export function classify(error: unknown): Fault {
  if (error instanceof ConnectorFault) return error.fault;
  const read = thrown.safeParse(error);
  if (!read.success) return { kind: 'transient', message: 'An unknown fault on a call to Slack' };
  const { data, retryAfter, message } = read.data;
  if (data) return classifyRefusal(data.error, data.needed);
  if (retryAfter !== undefined)
    return { kind: 'rate-limited', message: 'Slack asks to wait.', retryAfterMs: Math.max(0, retryAfter) * 1000 };
  const status = read.data.statusCode ?? read.data.status;
  if (status === 429) return { kind: 'rate-limited', message: 'Slack asks to wait.', ...wait(read.data.headers) };
  if (status === 401) return { kind: 'token-expired', message: 'Slack refused the token.' };
  // Slack says by 200 what it refuses; any other 4xx is of something in between, as is a page with a good status.
  if (status !== undefined) return { kind: 'transient', message: `Slack answered ${status}.` };
  return {
    kind: 'transient',
    message: `On a call to Slack: ${error instanceof Error ? error.name : message.slice(0, 100)}`,
  };
}

function classifyRefusal(code: string, needed: string | undefined): Fault {
  // A proxy's page with status 200: the SDK takes what is no JSON for the error itself.
  if (!/^[a-z0-9_]{1,80}$/.test(code)) return { kind: 'transient', message: 'The answer was no answer of Slack.' };
  const message = `Slack refused the call: ${code}.`;
  if (revoked.has(code)) return { kind: 'auth-revoked', message: `${message} Install the app again.` };
  // With token rotation a token lives for twelve hours: https://docs.slack.dev/authentication/using-token-rotation
  if (code === 'token_expired') return { kind: 'token-expired', message };
  if (scopes.has(code)) return { kind: 'scope-missing', message, ...(needed !== undefined && { scope: needed }) };
  if (code === 'ratelimited' || code === 'rate_limited') return { kind: 'rate-limited', message, retryAfterMs: 60_000 };
  if (gone.has(code)) return { kind: 'record-gone', message };
  if (passing.has(code)) return { kind: 'transient', message };
  return { kind: 'rejected', message };
}

function wait(headers: Readonly<Record<string, unknown>> | undefined): { readonly retryAfterMs?: number } {
  const seconds = Number(headers?.['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {};
}
