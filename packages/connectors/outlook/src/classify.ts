import { ConnectorFault } from '@waymark/connector-kit';
import type { Fault } from '@waymark/connector-kit';
import { z } from 'zod';

/** A GraphError, whichever way it came about; every key may be unknown. */
const thrown = z.object({
  name: z.string().optional(),
  message: z.string().optional(),
  code: z.string().nullish(),
  statusCode: z.number().nullish(),
  status: z.number().nullish(),
  headers: z.unknown().optional(),
  /** Entra's refusals, where the runner asks what one means. */
  error: z.unknown().optional(),
  error_description: z.string().optional(),
  error_codes: z.array(z.number()).optional(),
});

/** Codes by what they mean, in lower case: Graph is not of one mind about case. */
const codes = {
  cursor: new Set([
    'syncstatenotfound',
    'syncstateinvalid',
    'resyncrequired',
    'resyncchangesapplydifferences',
    'resyncchangesuploaddifferences',
    'errorinvalidsyncstatedata',
  ]),
  throttled: new Set([
    'applicationthrottled',
    'toomanyrequests',
    'mailboxconcurrency',
    'errorserverbusy',
    'activitylimitreached',
    'errortoomanyobjectsopened',
  ]),
  record: new Set(['erroritemnotfound', 'itemnotfound', 'errorfoldernotfound']),
  mailbox: new Set([
    'mailboxnotenabledforrestapi',
    'mailboxnotsupportedforrestapi',
    'errornonexistentmailbox',
    'mailboxnotfound',
    'errormailboxmoveinprogress',
    'request_resourcenotfound',
    'errorinvaliduser',
  ]),
} as const;

/** Entra's codes of a grant that only a person can renew (failure E5). */
const deadGrant: ReadonlyMap<number, string> = new Map([
  [50_173, 'the password was changed or sessions were revoked'],
  [70_043, 'the sign-in frequency of a conditional access policy has passed'],
  [70_008, 'it was not used for too long'],
  [700_082, 'it was not used for 90 days'],
  [700_084, 'it was made for a single-page app, whose grants end after 24 hours'],
  [50_076, 'a second factor is asked for'],
  [50_079, 'a second factor has to be set up'],
  [65_001, 'the consent was withdrawn'],
]);

/**
 * What went wrong in a call to Graph. Total. The code decides before the status, and in any case of letters.
 * https://learn.microsoft.com/en-us/graph/errors
 * https://learn.microsoft.com/en-us/graph/delta-query-overview#synchronization-reset
 */
export function classify(error: unknown): Fault {
  if (error instanceof ConnectorFault) return error.fault;
  const shape = thrown.safeParse(error);
  if (!shape.success) return { kind: 'transient', message: `Microsoft: ${redact(text(error))}` };
  const { name, code, headers } = shape.data;
  const status = shape.data.statusCode ?? shape.data.status ?? undefined;
  const reason = code ?? '';
  const said = redact(shape.data.error_description ?? shape.data.message ?? 'unknown error');
  const message = `Microsoft: ${said}${reason === '' ? '' : ` (${reason.slice(0, 80)})`}`;
  if (name === 'ForeignOrigin' || reason === 'ForeignOrigin' || reason === 'FOREIGN_ORIGIN')
    return { kind: 'rejected', message };
  if (shape.data.error === 'invalid_grant') return revoked(shape.data.error_codes ?? [], said);
  return faultOf(reason.toLowerCase(), said, message, status, headers);
}

function faultOf(code: string, said: string, message: string, status: number | undefined, headers: unknown): Fault {
  const retryAfterMs = retryAfter(headers);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (codes.cursor.has(code) || status === 410) return { kind: 'cursor-expired', message };
  if (status === 400 && /\b(?:delta|skip|sync) ?token\b|badly formed token/i.test(said))
    return { kind: 'cursor-expired', message };
  if (codes.throttled.has(code) || status === 429) return { kind: 'rate-limited', message, ...wait };
  if (code === 'errormailboxmoveinprogress') return { kind: 'transient', message, retryAfterMs: 3_600_000 };
  if (codes.mailbox.has(code) || (code === 'resourcenotfound' && /discovered/i.test(said))) {
    return {
      kind: 'rejected',
      message: `${message}. There is no mailbox in Exchange Online behind this account: it has no license, is on premises or was removed.`,
    };
  }
  if (status === 401) return { kind: 'token-expired', message };
  if (status === 403) {
    return {
      kind: 'scope-missing',
      message: `${message}. The permission is missing, or the mailbox is not in the group that the app may read.`,
    };
  }
  if (codes.record.has(code) || status === 404) return { kind: 'record-gone', message };
  if (status !== undefined && status >= 300 && status < 500 && status !== 408 && status !== 409 && status !== 425)
    return { kind: 'rejected', message };
  return { kind: 'transient', message, ...wait };
}

function revoked(errorCodes: readonly number[], said: string): Fault {
  const why = errorCodes.map((code) => deadGrant.get(code)).find((reason) => reason !== undefined);
  return {
    kind: 'auth-revoked',
    message: `Microsoft ended the grant${why === undefined ? '' : `: ${why}`}. Connect the account again. (${said.slice(0, 120)})`,
  };
}

/** Retry-After in seconds or as a date (RFC 9110, 10.2.3), in milliseconds, at most an hour. */
function retryAfter(headers: unknown): number | undefined {
  if (!(headers instanceof Headers)) return undefined;
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  const ms = /^\d{1,9}$/.test(value)
    ? Number(value) * 1_000
    : Date.parse(value) - Date.parse(headers.get('date') ?? '');
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : undefined;
}

function text(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'unknown error';
  }
}

/** Entra's tokens are JWTs; what looks like one is taken out, and so is what follows `Bearer`. */
function redact(message: string): string {
  return message
    .slice(0, 400)
    .replace(/eyJ[\w-]+(?:\.[\w-]+)*/g, '[token]')
    .replace(/Bearer\s+\S+/gi, 'Bearer [token]');
}
