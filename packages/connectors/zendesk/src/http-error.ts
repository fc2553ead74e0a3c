import { z } from 'zod';

/**
 * The parts of an error body that we act on: `error` is a word, an object with a title, or absent where `errors` is given.
 * https://developer.zendesk.com/api-reference/introduction/requests/#400-range
 */
const errorBody = z.looseObject({
  error: z.union([z.string(), z.looseObject({ title: z.string().optional() })]).optional(),
  errors: z.array(z.looseObject({ code: z.string().optional(), title: z.string().optional() })).optional(),
});

/** A name of a fault, as opposed to a sentence that may quote what people typed. */
const WORD = /^[A-Za-z][\w .:-]{0,60}$/;

/** Zendesk answered with a status that is no success. Its message names codes and paths, never values or people. */
export class ZendeskHttpError extends Error {
  readonly code = 'ZENDESK_HTTP';
  readonly status: number;
  /** Zendesk's own word for the fault, such as `RecordNotFound`, `invalid_token` or `APIRateLimitExceeded`. */
  readonly category: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** Whether the call went on from a cursor: what is wrong with it is then wrong with the cursor. */
  readonly withCursor: boolean;
  /** Whether the body was Zendesk's JSON: a proxy's page is no word of Zendesk. */
  readonly understood: boolean;

  constructor(answer: {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly body: unknown;
    readonly retryAfterMs?: number | undefined;
    readonly withCursor?: boolean;
  }) {
    const parsed = errorBody.safeParse(answer.body);
    const category = parsed.success ? wordOf(parsed.data) : undefined;
    super(`Zendesk answered ${answer.status}${category ? ` ${category}` : ''} to ${answer.method} ${answer.path}`);
    this.name = 'ZendeskHttpError';
    this.status = answer.status;
    this.category = category;
    this.retryAfterMs = answer.retryAfterMs;
    this.withCursor = answer.withCursor ?? false;
    this.understood = parsed.success && (parsed.data.error !== undefined || parsed.data.errors !== undefined);
  }
}

/** Zendesk answered with success and something that is not the answer: HTML, half a JSON, a missing list. */
export class ZendeskAnswerError extends Error {
  readonly code = 'ZENDESK_ANSWER';

  constructor(message: string) {
    super(message);
    this.name = 'ZendeskAnswerError';
  }
}

function wordOf(body: z.infer<typeof errorBody>): string | undefined {
  const first = body.errors?.[0];
  const word = typeof body.error === 'string' ? body.error : (body.error?.title ?? first?.code ?? first?.title);
  return word !== undefined && WORD.test(word) ? word : undefined;
}
