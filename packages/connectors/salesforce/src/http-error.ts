import { z } from 'zod';

/** One fault of an answer. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm */
const apiError = z.looseObject({
  errorCode: z.string().optional(),
  /** The name of `errorCode` in answers of collections and of the Tooling API. */
  statusCode: z.string().optional(),
  message: z.string().optional(),
  fields: z.array(z.string()).nullish(),
  error: z.string().optional(),
});
type ApiError = z.infer<typeof apiError>;

/** Salesforce answered with a status that is no success. Its message names codes and fields, never values or people. */
export class SalesforceHttpError extends Error {
  readonly code = 'SALESFORCE_HTTP';
  readonly status: number;
  /** Salesforce's own codes, such as `INVALID_FIELD`; empty where the body was not Salesforce's. */
  readonly codes: readonly string[];
  /** Fields that it complains of. */
  readonly fields: readonly string[];
  /** Whether a used-up limit is the one of calls at the same time, which passes in moments, and not the day's. */
  readonly concurrent: boolean;
  /** The session is a good one, and is not allowed to use the API: renewing it changes nothing. */
  readonly notForApi: boolean;
  /** For a used-up daily quota: when to look again, epoch milliseconds. */
  readonly resumeAt: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(answer: {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly body: unknown;
    readonly resumeAt?: number | undefined;
    readonly retryAfterMs?: number | undefined;
  }) {
    const errors = errorsOf(answer.body);
    const codes = [...new Set(errors.flatMap(codeOf))];
    const fields = [...new Set(errors.flatMap(fieldsOf))].slice(0, 10);
    const detail = [...codes.slice(0, 5), ...fields].join(' ');
    super(
      `Salesforce answered ${answer.status}${detail === '' ? '' : ` ${detail}`} to ${answer.method} ${answer.path}`,
    );
    this.name = 'SalesforceHttpError';
    this.status = answer.status;
    this.codes = codes;
    this.fields = fields;
    this.concurrent = errors.some((error) => /concurrent/i.test(error.message ?? ''));
    this.notForApi = errors.some((error) =>
      /not valid for use with the REST API|not attached to Agent/i.test(error.message ?? ''),
    );
    this.resumeAt = answer.resumeAt;
    this.retryAfterMs = answer.retryAfterMs;
  }
}

/** Salesforce answered with success and something that is not the answer: HTML, half a JSON, a missing list. */
export class SalesforceAnswerError extends Error {
  readonly code = 'SALESFORCE_ANSWER';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'SalesforceAnswerError';
  }
}

/** A list of errors, a single one, or nothing where the body is no word of Salesforce's. */
function errorsOf(body: unknown): ApiError[] {
  const list = Array.isArray(body) ? body : [body];
  return list.flatMap((each) => {
    const parsed = apiError.safeParse(each);
    return parsed.success && codeOf(parsed.data).length > 0 ? [parsed.data] : [];
  });
}

function codeOf(error: ApiError): string[] {
  const code = error.errorCode ?? error.statusCode ?? error.error;
  return code !== undefined && /^[A-Za-z][\w-]{0,80}$/.test(code) ? [code] : [];
}

/** Fields stand in a list of their own, or in the sentence about a column that does not exist. */
function fieldsOf(error: ApiError): string[] {
  const column = /No such column '([\w.]{1,80})'/.exec(error.message ?? '')?.[1];
  return [...(error.fields ?? []), ...(column === undefined ? [] : [column])].filter((name) =>
    /^[\w.]{1,80}$/.test(name),
  );
}
