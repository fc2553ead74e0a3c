import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import { ForeignOrigin } from './link.ts';

/**
 * Puts the token on a request. The SDK's own step drops it for http and for hosts that it does not know; so this one stands in its
 * place, and with it the check that the SDK made: the token goes to the base URL's origin and nowhere else.
 */
export class BearerStep implements Middleware {
  readonly #token: () => Promise<string>;
  readonly #origin: string;
  #next: Middleware | undefined;

  constructor(token: () => Promise<string>, baseUrl: string) {
    this.#token = token;
    this.#origin = new URL(baseUrl).origin;
  }

  /** Throws ForeignOrigin before a token is asked for. */
  async execute(context: Context): Promise<void> {
    const address = typeof context.request === 'string' ? context.request : context.request.url;
    const origin = URL.parse(address)?.origin;
    if (origin !== this.#origin) throw new ForeignOrigin(origin ?? address);
    const headers = new Headers(context.options?.headers);
    headers.set('authorization', `Bearer ${await this.#token()}`);
    // A redirect is an answer here: followed, it could carry the token elsewhere.
    context.options = { ...context.options, headers, redirect: 'manual' };
    await this.#next?.execute(context);
  }

  setNext(next: Middleware): void {
    this.#next = next;
  }
}
