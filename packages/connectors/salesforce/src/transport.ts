import { PassThrough } from 'node:stream';
import { Connection, type HttpRequest, type HttpResponse } from 'jsforce';
import { Transport } from 'jsforce/lib/transport.js';
import { StreamPromise } from 'jsforce/lib/util/promise.js';
import { API_VERSION } from './api-version.ts';

/**
 * How jsforce reaches the network here: one plain fetch a request, which ends with its signal. Its own way retries by itself, reads
 * proxies and timeouts of the environment at import, follows redirects with the token, and ends the whole process when a
 * connection breaks inside a body (an 'error' event of a stream that nobody listens to).
 */
class FetchTransport extends Transport {
  readonly #signal: AbortSignal;
  readonly #seen: (response: HttpResponse) => void;

  constructor(signal: AbortSignal, seen: (response: HttpResponse) => void) {
    super();
    this.#signal = signal;
    this.#seen = seen;
  }

  override httpRequest(request: HttpRequest): StreamPromise<HttpResponse> {
    return StreamPromise.create(() => ({ stream: new PassThrough(), promise: this.#send(request) }));
  }

  async #send(request: HttpRequest): Promise<HttpResponse> {
    const { 'content-length': _length, ...headers } = request.headers ?? {};
    const answer = await fetch(request.url, {
      method: request.method,
      headers,
      ...(typeof request.body === 'string' ? { body: request.body } : {}),
      redirect: 'manual',
      signal: this.#signal,
    });
    const response = {
      statusCode: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: await answer.text(),
    };
    this.#seen(response);
    return response;
  }
}

export interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As jsforce parsed it: JSON, or rows of a CSV. */
  readonly body: unknown;
}

/** jsforce threw: what it threw, with the status and headers of the answer where one came. */
export class SendFailure extends Error {
  readonly answer: Omit<Sent, 'body'> | undefined;

  constructor(cause: unknown, answer: Omit<Sent, 'body'> | undefined) {
    super('jsforce threw', { cause });
    this.name = 'SendFailure';
    this.answer = answer;
  }
}

/**
 * Sends one request through a connection of its own, so that no call sees another's token. Without a refresh function and without
 * OAuth data jsforce has nothing to refresh with: a 401 comes out as an error instead of going round without end (failure E3).
 */
export async function send(
  target: { readonly instanceUrl: string; readonly accessToken: string },
  request: HttpRequest,
  signal: AbortSignal,
): Promise<Sent> {
  const connection = new Connection({
    ...target,
    version: API_VERSION,
    callOptions: { client: 'Waymark' },
  });
  let answer: Omit<Sent, 'body'> | undefined;
  const transport = new FetchTransport(signal, ({ statusCode, headers }) => {
    answer = { status: statusCode, headers };
  });
  try {
    const body = await connection.request<unknown>(request, { transport });
    return { status: answer?.status ?? 0, headers: answer?.headers ?? {}, body };
  } catch (cause) {
    throw new SendFailure(cause, answer);
  }
}
