import { z } from 'zod';

/** The parts of HubSpot's error body that we act on. https://developers.hubspot.com/docs/api-reference/error-handling */
const errorBody = z.looseObject({
  status: z.string().optional(),
  category: z.string().optional(),
  subCategory: z.unknown().optional(),
  correlationId: z.string().optional(),
  policyName: z.string().optional(),
  error: z.string().optional(),
  errors: z
    .array(
      z.looseObject({
        code: z.string().optional(),
        context: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
});

/** HubSpot answered with a status that is no success. Its message names codes and properties, never values or people. */
export class HubSpotHttpError extends Error {
  readonly code = 'HUBSPOT_HTTP';
  readonly status: number;
  /** HubSpot's own words for the kind of failure, such as `VALIDATION_ERROR`, `BAD_REFRESH_TOKEN` or `MISSING_SCOPES`. */
  readonly category: string | undefined;
  /** Which limit a 429 hit: `TEN_SECONDLY_ROLLING`, `SECONDLY` or `DAILY`. */
  readonly policy: string | undefined;
  /** Codes of the single faults, such as `INVALID_OPTION`. */
  readonly codes: readonly string[];
  readonly missingScopes: readonly string[];
  readonly retryAfterMs: number | undefined;
  /** For a used-up daily quota: when the account's next day begins, epoch milliseconds. */
  readonly resumeAt: number | undefined;
  /** Whether the body was HubSpot's JSON: a proxy's page is no word of HubSpot. */
  readonly understood: boolean;

  constructor(answer: {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly body: unknown;
    readonly retryAfterMs?: number | undefined;
    readonly resumeAt?: number | undefined;
    readonly grantedScopes?: readonly string[];
  }) {
    const parsed = errorBody.safeParse(answer.body);
    const body = parsed.success ? parsed.data : undefined;
    const category = oauthCategory(body?.status) ?? body?.category ?? body?.error;
    const detail = (body?.errors ?? []).slice(0, 5).map((each) => [each.code, ...names(each.context, 'propertyName')]);
    const text = detail
      .map((parts) => parts.filter((part) => part !== undefined).join(' '))
      .filter((part) => part !== '')
      .join('; ');
    super(
      `HubSpot answered ${answer.status}${category ? ` ${category}` : ''}${text ? ` (${text})` : ''} to ${answer.method} ${answer.path}` +
        (body?.correlationId ? `, correlation id ${body.correlationId}` : ''),
    );
    this.name = 'HubSpotHttpError';
    this.status = answer.status;
    this.category = category;
    this.policy = body?.policyName;
    this.codes = (body?.errors ?? []).flatMap((each) => each.code ?? []);
    this.missingScopes = missing(scopesOf(body), answer.grantedScopes ?? []);
    this.retryAfterMs = answer.retryAfterMs;
    this.resumeAt = answer.resumeAt;
    this.understood = category !== undefined;
  }
}

/** HubSpot answered with success and something that is not the answer: HTML, half a JSON, a missing list. */
export class HubSpotAnswerError extends Error {
  readonly code = 'HUBSPOT_ANSWER';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'HubSpotAnswerError';
  }
}

/** The token endpoint tells the kind in `status`; everywhere else `status` is the word `error`. */
function oauthCategory(status: string | undefined): string | undefined {
  return status === undefined || status === 'error' ? undefined : status;
}

function scopesOf(body: z.infer<typeof errorBody> | undefined): string[] {
  return (body?.errors ?? []).flatMap((each) => [
    ...names(each.context, 'requiredGranularScopes'),
    ...names(each.context, 'requiredScopes'),
  ]);
}

/** HubSpot names all scopes that the call takes, also those that are there. */
function missing(scopes: readonly string[], granted: readonly string[]): readonly string[] {
  const absent = scopes.filter((scope) => !granted.includes(scope));
  return absent.length > 0 ? absent : scopes;
}

function names(context: Readonly<Record<string, unknown>> | undefined, key: string): string[] {
  const list = context?.[key];
  if (!Array.isArray(list)) return [];
  return list.filter((name) => typeof name === 'string' && /^[\w.-]{1,100}$/.test(name)).map(String);
}
