import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/**
 * A web-standard request in the form that @slack/oauth takes, and its answer back in web-standard form. The library only reads the
 * address and headers, and only sets headers and one body.
 */
export async function exchange(
  request: Request,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Response> {
  const url = new URL(request.url);
  const incoming = new IncomingMessage(new Socket());
  incoming.url = `${url.pathname}${url.search}`;
  incoming.method = request.method;
  incoming.headers = { host: url.host, cookie: request.headers.get('cookie') ?? '' };
  const outgoing = new ServerResponse(incoming);
  let body = '';
  outgoing.write = (chunk: unknown) => {
    body += String(chunk);
    return true;
  };
  outgoing.end = (chunk?: unknown) => {
    if (typeof chunk === 'string') body += chunk;
    return outgoing;
  };
  await handle(incoming, outgoing);
  const headers = new Headers();
  for (const [name, value] of Object.entries(outgoing.getHeaders())) {
    for (const one of Array.isArray(value) ? value : [String(value ?? '')]) headers.append(name, one);
  }
  return new Response(body, { status: outgoing.statusCode, headers });
}
