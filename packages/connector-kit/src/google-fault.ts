import { z } from 'zod';
import { ConnectorFault } from './fault.ts';
import type { Fault } from './fault.ts';

/** What an error of Google's client says, whichever class it is; every key may be unknown. */
export interface GoogleFailure {
  readonly status?: number;
  /** `error.errors[0].reason`, else the OAuth error code, else `error.status`. */
  readonly reason?: string;
  readonly message: string;
  /** The path of the request, which tells an expired cursor from a missing record. */
  readonly path: string;
  readonly retryAfterMs?: number;
  /** The server's clock, epoch milliseconds. */
  readonly serverTime?: number;
}

/** An answer with a good status and a body that is not what was asked for: cut JSON, or the page of a proxy (failure A4). */
export class UnexpectedAnswer extends Error {
  readonly code = 'UNEXPECTED_ANSWER';

  constructor(what: string, options?: { readonly cause?: unknown }) {
    super(`The answer to ${what} was not what Google documents; the call is repeated, then the run fails.`, options);
    this.name = 'UnexpectedAnswer';
  }
}

const errorBody = z.object({
  error: z.union([
    z.string(),
    z.object({
      message: z.string().optional(),
      status: z.string().optional(),
      errors: z.array(z.object({ reason: z.string().optional() })).optional(),
      details: z.array(z.looseObject({ reason: z.string().optional() })).optional(),
    }),
  ]),
  error_description: z.string().optional(),
});

const thrown = z.object({
  message: z.string().default('unknown error'),
  status: z.number().optional(),
  code: z.union([z.number(), z.string()]).optional(),
  config: z.object({ url: z.union([z.string(), z.instanceof(URL)]).optional() }).optional(),
  response: z.object({ status: z.number().optional(), data: z.unknown(), headers: z.unknown() }).partial().optional(),
});

const rateReasons = new Set([
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'quotaExceeded',
  'RATE_LIMIT_EXCEEDED',
  'RESOURCE_EXHAUSTED',
]);
const dayReasons = new Set(['dailyLimitExceeded', 'dailyLimitExceededUnreg']);
const scopeReasons = new Set(['insufficientPermissions', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'insufficientScopes']);
const setupReasons = new Set(['accessNotConfigured', 'SERVICE_DISABLED']);

/**
 * What went wrong in a call to a Google API. Total: whatever is thrown has an answer. A 403 is a rate limit as often as a
 * missing right, so the reason decides before the status (failure F1).
 * https://developers.google.com/workspace/gmail/api/guides/handle-errors
 * https://developers.google.com/workspace/calendar/api/guides/errors
 */
export function classifyGoogle(error: unknown): Fault {
  if (error instanceof ConnectorFault) return error.fault;
  return faultOf(readGoogleError(error));
}

/** Reads what an error of gaxios, of the auth library or of the network carries. Never throws, and leaves tokens out. */
export function readGoogleError(error: unknown): GoogleFailure {
  const shape = thrown.safeParse(error);
  if (!shape.success) return { message: redact(String(error)), path: '' };
  const { message, status, code, config, response } = shape.data;
  const body = errorBody.safeParse(response?.data);
  const detail = body.success ? body.data.error : undefined;
  const httpStatus = response?.status ?? status ?? (typeof code === 'number' ? code : undefined);
  const reason =
    typeof detail === 'string'
      ? detail
      : (detail?.details?.find((one) => one.reason !== undefined)?.reason ??
        detail?.errors?.[0]?.reason ??
        detail?.status);
  const said = typeof detail === 'string' ? (body.data?.error_description ?? detail) : (detail?.message ?? message);
  const serverTime = Date.parse(header(response?.headers, 'date') ?? '');
  const wait = retryAfter(header(response?.headers, 'retry-after'), serverTime);
  return {
    message: redact(said),
    path: pathOf(config?.url),
    ...(httpStatus === undefined ? {} : { status: httpStatus }),
    ...(reason === undefined ? (message === 'invalid_grant' ? { reason: message } : {}) : { reason }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...(Number.isFinite(serverTime) ? { serverTime } : {}),
  };
}

function faultOf(failure: GoogleFailure): Fault {
  const { status, reason = '', path, retryAfterMs } = failure;
  const message = `Google: ${failure.message}${reason === '' ? '' : ` (${reason})`}`;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (reason === 'invalid_grant') return { kind: 'auth-revoked', message };
  if (status === 401) return { kind: 'token-expired', message };
  if (dayReasons.has(reason)) {
    return failure.serverTime === undefined
      ? { kind: 'rate-limited', message, retryAfterMs: 3_600_000 }
      : { kind: 'quota-exhausted', message, resumeAt: nextPacificMidnight(failure.serverTime) };
  }
  if (status === 429 || (status === 403 && rateReasons.has(reason))) return { kind: 'rate-limited', message, ...wait };
  if (status === 403 && scopeReasons.has(reason)) return { kind: 'scope-missing', message };
  if (status === 403 && setupReasons.has(reason)) {
    return {
      kind: 'rejected',
      message: `${message}. Enable this API in the Google Cloud project of the OAuth client.`,
    };
  }
  if (status === 404 || status === 410) return missing(status, reason, path, message);
  if (status === 400 && /sync ?token/i.test(failure.message)) return { kind: 'cursor-expired', message };
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 425) {
    return { kind: 'rejected', message };
  }
  return { kind: 'transient', message, ...wait };
}

/** Only history and event lists have cursors to lose; a missing message or event is one record's end (failures A1, A12). */
function missing(status: 404 | 410, reason: string, path: string, message: string): Fault {
  if (status === 404 && /\/users\/[^/]+\/history$/.test(path)) return { kind: 'cursor-expired', message };
  if (
    status === 410 &&
    (/\/calendars\/[^/]+\/events$/.test(path) || reason === 'fullSyncRequired' || reason === 'updatedMinTooLongAgo')
  ) {
    return { kind: 'cursor-expired', message };
  }
  const record = /\/(?:messages|events)\/([^/]+)(?:\/instances)?$/.exec(path)?.[1];
  if (record !== undefined) return { kind: 'record-gone', message, id: decodeURIComponent(record) };
  return { kind: 'rejected', message };
}

function pathOf(url: string | URL | undefined): string {
  const parsed = url === undefined ? null : URL.parse(String(url));
  return parsed?.pathname ?? '';
}

function header(headers: unknown, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const plain = z.record(z.string(), z.unknown()).safeParse(headers);
  const value = plain.success ? plain.data[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Retry-After in seconds or as a date (RFC 9110, 10.2.3), in milliseconds, at most an hour. */
function retryAfter(value: string | undefined, serverTime: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - serverTime;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : undefined;
}

/** Google's daily quotas are reset at midnight Pacific time. */
function nextPacificMidnight(now: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
  });
  const part = (type: string): number => Number(format.formatToParts(now).find((one) => one.type === type)?.value ?? 0);
  return now + 86_400_000 - (part('hour') * 60 + part('minute')) * 60_000;
}

function redact(message: string): string {
  return message
    .slice(0, 300)
    .replace(/ya29\.[\w.-]+/g, '[token]')
    .replace(/Bearer\s+\S+/gi, 'Bearer [token]');
}
