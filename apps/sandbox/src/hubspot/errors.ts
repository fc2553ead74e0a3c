/** One fault inside an error body. */
export interface ErrorDetail {
  readonly message: string;
  readonly code?: string;
  readonly in?: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/**
 * A refusal in HubSpot's shape: `{ status: "error", message, correlationId, category, errors?, context? }`.
 * https://developers.hubspot.com/docs/api-reference/error-handling
 */
export class HubSpotRefusal extends Error {
  readonly status: number;
  readonly category: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    category: string,
    message: string,
    extra: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'HubSpotRefusal';
    this.status = status;
    this.category = category;
    this.body = { status: 'error', message, category, ...extra };
    this.headers = headers;
  }
}

export function notFound(message = 'resource not found'): HubSpotRefusal {
  return new HubSpotRefusal(404, 'OBJECT_NOT_FOUND', message);
}

export function invalid(message: string, errors: readonly ErrorDetail[] = []): HubSpotRefusal {
  return new HubSpotRefusal(400, 'VALIDATION_ERROR', message, errors.length > 0 ? { errors } : {});
}

/** https://developers.hubspot.com/docs/api-reference/error-handling: 401 of a token that HubSpot never issued or took back. */
export function unauthorized(): HubSpotRefusal {
  return new HubSpotRefusal(
    401,
    'INVALID_AUTHENTICATION',
    'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
  );
}

export function tokenExpired(expiresAt: number, now: number): HubSpotRefusal {
  return new HubSpotRefusal(
    401,
    'EXPIRED_AUTHENTICATION',
    `The OAuth token used to make this call expired ${Math.max(0, Math.round((now - expiresAt) / 1000))} second(s) ago.`,
    { context: { 'expire time': [new Date(expiresAt).toISOString()] } },
  );
}

export function missingScopes(scopes: readonly string[]): HubSpotRefusal {
  return new HubSpotRefusal(
    403,
    'MISSING_SCOPES',
    "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
    {
      errors: [
        {
          message: 'One or more of the following scopes are required.',
          context: { requiredGranularScopes: scopes },
        },
      ],
      links: { scopes: 'https://developers.hubspot.com/scopes' },
    },
  );
}

export type LimitPolicy = 'TEN_SECONDLY_ROLLING' | 'SECONDLY' | 'DAILY';

/** Retry-After is not documented by HubSpot, so none is sent. https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines */
export function rateLimited(policyName: LimitPolicy, headers: Readonly<Record<string, string>> = {}): HubSpotRefusal {
  const message =
    policyName === 'SECONDLY'
      ? 'You have reached your secondly limit.'
      : policyName === 'DAILY'
        ? 'You have reached your daily limit.'
        : 'You have reached your ten_secondly_rolling limit.';
  return new HubSpotRefusal(429, 'RATE_LIMITS', message, { errorType: 'RATE_LIMIT', policyName }, headers);
}
