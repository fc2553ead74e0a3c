/**
 * A refusal in Zendesk's shape: `{ error, description }`, or an object with title and message in `error`.
 * https://developer.zendesk.com/api-reference/introduction/requests/#400-range
 */
export class ZendeskRefusal extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: Readonly<Record<string, unknown>>, headers: Readonly<Record<string, string>> = {}) {
    super(`Zendesk refuses with ${status}`);
    this.name = 'ZendeskRefusal';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export function invalidToken(): ZendeskRefusal {
  return new ZendeskRefusal(401, {
    error: 'invalid_token',
    error_description: 'The access token provided is expired, revoked, malformed or invalid for other reasons.',
  });
}

/** The same for a missing scope and for a role that may not: Zendesk does not say which. */
export function forbidden(): ZendeskRefusal {
  return new ZendeskRefusal(403, {
    error: {
      title: 'Forbidden',
      message:
        'You do not have access to this page. Please contact the account owner of this help desk for further help.',
    },
  });
}

export function notFound(): ZendeskRefusal {
  return new ZendeskRefusal(404, { error: 'RecordNotFound', description: 'Not found' });
}

export function invalidValue(description: string, status = 422): ZendeskRefusal {
  return new ZendeskRefusal(status, { error: 'InvalidValue', description });
}

/** https://developer.zendesk.com/api-reference/introduction/rate-limits/ */
export function rateLimited(retryAfter: number, exporting: boolean): ZendeskRefusal {
  const what = exporting ? 'incremental export API requests' : 'API requests';
  return new ZendeskRefusal(
    429,
    { error: 'APIRateLimitExceeded', description: `Number of allowed ${what} per minute exceeded` },
    { 'Retry-After': String(retryAfter) },
  );
}
