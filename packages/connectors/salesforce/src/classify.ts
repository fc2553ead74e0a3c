import { ConnectorFault, refusedRefresh, unknownFault, type Fault } from '@waymark/connector-kit';
import { SalesforceAnswerError, SalesforceHttpError } from './http-error.ts';

const CONCURRENT_WAIT_MS = 30_000;
const HOUR_MS = 3_600_000;

const REVOKED = new Set(['invalid_grant', 'inactive_user', 'inactive_org']);
const TOKEN = new Set(['INVALID_SESSION_ID', 'INVALID_AUTH_HEADER', 'SESSION_NOT_FOUND']);
/** The user, the profile or the edition lacks a right. Salesforce names an object that the user may not see as an unknown type. */
const RIGHT = new Set([
  'API_DISABLED_FOR_ORG',
  'INSUFFICIENT_ACCESS',
  'INSUFFICIENT_ACCESS_OR_READONLY',
  'INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY',
  'INVALID_TYPE',
  'INVALIDENTITY',
  'FEATURENOTENABLED',
  'FUNCTIONALITY_NOT_ENABLED',
]);
const GONE = new Set(['NOT_FOUND', 'ENTITY_IS_DELETED', 'INVALID_CROSS_REFERENCE_KEY']);
/** States that pass. A query locator is never kept: one that is gone only means that the page is asked for again (failure D11). */
const PASSING = new Set([
  'UNABLE_TO_LOCK_ROW',
  'QUERY_TIMEOUT',
  'SERVER_UNAVAILABLE',
  'REQUEST_RUNNING_TOO_LONG',
  'API_CURRENTLY_DISABLED',
  'INVALID_QUERY_LOCATOR',
  'UNKNOWN_EXCEPTION',
]);
const CURSOR = new Set(['INVALID_REPLICATION_DATE']);
const PASSING_STATUS = new Set([408, 420, 423, 425]);

/**
 * Turns anything thrown on the way to Salesforce into a fault. Total: what is not known is `transient`, which the runner ends after
 * a few attempts as a failure, never as an empty page (failure A4).
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
 */
export function classify(error: unknown): Fault {
  if (error instanceof ConnectorFault) return error.fault;
  if (error instanceof SalesforceHttpError) return classifyAnswer(error);
  if (error instanceof SalesforceAnswerError) return { kind: 'transient', message: error.message };
  if (refusedRefresh(error, REVOKED)) {
    return { kind: 'auth-revoked', message: 'Salesforce refused the refresh token: connect the org again.' };
  }
  const sdk = asSdkError(error);
  if (sdk !== undefined) return classifyAnswer(sdk);
  return unknownFault(error, 'Salesforce');
}

/** What a single code means, for answers that hold one per record. */
export function classifyCode(code: string | undefined, message: string, id: string): Fault {
  if (code !== undefined && GONE.has(code)) return { kind: 'record-gone', message, id };
  if (code !== undefined && PASSING.has(code)) return { kind: 'transient', message };
  return { kind: 'rejected', message };
}

function classifyAnswer(error: SalesforceHttpError): Fault {
  const { status, message, codes } = error;
  const has = (known: ReadonlySet<string>): boolean => codes.some((code) => known.has(code));
  if (has(REVOKED)) return { kind: 'auth-revoked', message };
  if (codes.includes('REQUEST_LIMIT_EXCEEDED')) return classifyLimit(error);
  if (has(CURSOR)) return { kind: 'cursor-expired', message };
  if (has(TOKEN) || status === 401) {
    if (!error.notForApi) return { kind: 'token-expired', message };
    const fix = 'allow the user and the app to use the REST API (permission "API Enabled", scope "api")';
    return { kind: 'scope-missing', message: `${message}: ${fix}`, scope: 'api' };
  }
  if (has(PASSING)) return { kind: 'transient', message };
  if (has(RIGHT)) {
    const fix = 'give the connected user the right to use the API and to read this object';
    return { kind: 'scope-missing', message: `${message}: ${fix}` };
  }
  if (has(GONE)) return { kind: 'record-gone', message };
  if (status === 429) return { kind: 'rate-limited', message, retryAfterMs: error.retryAfterMs ?? CONCURRENT_WAIT_MS };
  if (status >= 500 || PASSING_STATUS.has(status)) {
    const wait = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
    return { kind: 'transient', message, ...wait };
  }
  // A page of something in front of Salesforce is no word of Salesforce.
  return { kind: codes.length > 0 ? 'rejected' : 'transient', message };
}

/** The day's limit comes as 403 without Retry-After; the same code stands for too many long calls at one time (failure D10). */
function classifyLimit(error: SalesforceHttpError): Fault {
  const { message, resumeAt } = error;
  if (error.concurrent) {
    return { kind: 'rate-limited', message, retryAfterMs: error.retryAfterMs ?? CONCURRENT_WAIT_MS };
  }
  if (resumeAt === undefined) return { kind: 'rate-limited', message, retryAfterMs: HOUR_MS };
  return { kind: 'quota-exhausted', message: `${message}: this org's daily API calls are used up`, resumeAt };
}

/** jsforce's HttpApiError: `errorCode`, which is its `name` too, and `data`; it knows no status. */
function asSdkError(error: unknown): SalesforceHttpError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, 'errorCode');
  if (typeof code !== 'string' || !/^[A-Z][A-Z_0-9]+$/.test(code)) return undefined;
  const data: unknown = Reflect.get(error, 'data');
  const status = Number(/^ERROR_HTTP_(\d{3})$/.exec(code)?.[1] ?? 0);
  const body =
    status > 0 ? undefined : code === 'MULTIPLE_API_ERRORS' ? data : [{ errorCode: code, message: error.message }];
  return new SalesforceHttpError({ method: 'a call', path: 'of jsforce', status, body });
}
