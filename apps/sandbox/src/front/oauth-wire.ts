/** The scopes of an authorize request, separated by spaces or commas, each once. */
export const requestedScopes = (request: URLSearchParams): string[] => [
  ...new Set((request.get('scope') ?? '').split(/[\s,]+/u).filter((scope) => scope !== '')),
];

/** The app's credentials from the form or from a Basic header (RFC 6749, 2.3.1). */
export const clientCredentials = (
  form: URLSearchParams,
  basic?: string,
): { clientId: string; clientSecret: string } => {
  const encoded = /^Basic\s+(\S+)$/iu.exec(basic ?? '')?.[1];
  if (encoded !== undefined) {
    const [clientId = '', clientSecret = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
    return {
      clientId: decodeURIComponent(clientId),
      clientSecret: decodeURIComponent(clientSecret),
    };
  }
  return { clientId: form.get('client_id') ?? '', clientSecret: form.get('client_secret') ?? '' };
};

/** A redirect to the app with an answer and the state it sent. */
export const redirectBack = (request: URLSearchParams, answer: Readonly<Record<string, string>>): Response => {
  const target = new URL(request.get('redirect_uri') ?? '');
  const state = request.get('state');
  for (const [name, value] of Object.entries(answer)) target.searchParams.set(name, value);
  if (state !== null) target.searchParams.set('state', state);
  return new Response(null, { status: 302, headers: { location: target.href } });
};

/** An HTML page as a response. */
export const html = (status: number, page: string): Response =>
  new Response(page, { status, headers: { 'content-type': 'text/html; charset=utf-8' } });
