import * as oauth from 'openid-client';

/** Where a provider gives out tokens, and what its answers are like. */
export interface TokenEndpoint {
  readonly url: string;
  /** Token types beside `bearer` that stand for one (Slack's `bot`). */
  readonly bearerTypes?: readonly string[];
}

/** Whether a host name is this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/**
 * An openid-client configuration for a token endpoint; plain http is for loopback only. Without an app the request carries no client
 * of its own, as where it is signed (RFC 7523).
 */
export function configurationFor(
  endpoint: TokenEndpoint,
  app: { readonly clientId: string; readonly clientSecret: string } | null,
): oauth.Configuration {
  const url = new URL(endpoint.url);
  const configuration = new oauth.Configuration(
    { issuer: url.origin, token_endpoint: url.href },
    app?.clientId ?? 'none',
    app ? { client_secret: app.clientSecret } : undefined,
    app ? oauth.ClientSecretPost(app.clientSecret) : () => undefined,
  );
  configuration.timeout = 20;
  configuration[oauth.customFetch] = async (address, options) =>
    inOrder(
      endpoint,
      await fetch(address, {
        method: options.method,
        headers: options.headers,
        redirect: 'manual',
        // A token request is a form.
        body: options.body instanceof URLSearchParams ? options.body : null,
        ...(options.signal && { signal: options.signal }),
      }),
    );
  if (url.protocol === 'http:' && isLoopback(url.hostname)) oauth.allowInsecureRequests(configuration);
  return configuration;
}

/**
 * A token answer as RFC 6749 has it. Slack says `bot` for a bearer token, and a refusal with status 200 and `ok: false`
 * (https://docs.slack.dev/reference/methods/oauth.v2.access). An identity token is left out: nobody here reads it, and its issuer is
 * seldom the endpoint's origin.
 */
async function inOrder(endpoint: TokenEndpoint, response: Response): Promise<Response> {
  const text = await response.text();
  const said = parse(text);
  const headers = { 'content-type': response.headers.get('content-type') ?? 'application/json' };
  if (!said) return new Response(text, { status: response.status, headers });
  const { id_token: _unread, ...rest } = said;
  if (rest.ok === false && typeof rest.error === 'string' && response.ok) {
    const error =
      rest.error === 'invalid_code' || rest.error === 'invalid_refresh_token' ? 'invalid_grant' : rest.error;
    return new Response(JSON.stringify({ error }), { status: 400, headers });
  }
  const type = typeof rest.token_type === 'string' ? rest.token_type.toLowerCase() : undefined;
  if (type !== undefined && endpoint.bearerTypes?.includes(type)) rest.token_type = 'bearer';
  return new Response(JSON.stringify(rest), { status: response.status, headers });
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
