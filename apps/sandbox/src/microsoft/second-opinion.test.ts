import { Client, HTTPMessageHandler, type Context, type Middleware } from '@microsoft/microsoft-graph-client';
import { expect, test } from 'vitest';
import { ana, startMicrosoft } from './microsoft-fixture.ts';

/** Puts the token on, in front of the SDK's own sender: the SDK's own step leaves it out where the address is not https. */
class BearerStep implements Middleware {
  readonly #token: string;
  readonly #next: Middleware;

  constructor(token: string, next: Middleware) {
    this.#token = token;
    this.#next = next;
  }

  async execute(context: Context): Promise<void> {
    context.options = {
      ...context.options,
      headers: { ...context.options?.headers, authorization: `Bearer ${this.#token}` },
    };
    await this.#next.execute(context);
  }
}

test("the vendor's own SDK reads a round and sees the refusal of a lost one", async () => {
  const microsoft = await startMicrosoft();
  const client = Client.initWithMiddleware({
    baseUrl: microsoft.url,
    middleware: new BearerStep(microsoft.token(ana), new HTTPMessageHandler()),
  });
  microsoft.handle.mail.add(ana, 'Message-ID: <a@b.example>\r\nSubject: x\r\n\r\nx');
  const page: Record<string, unknown> = await client
    .api('/me/mailFolders/inbox/messages/delta')
    .header('Prefer', 'IdType="ImmutableId"')
    .select('subject')
    .get();
  expect(page['value']).toHaveLength(1);
  const link = new URL(String(page['@odata.deltaLink']));
  microsoft.handle.expireDelta(ana);
  const lost = client.api(`${link.pathname.replace('/v1.0', '')}${link.search}`).get();
  await expect(lost).rejects.toMatchObject({ statusCode: 410, code: 'SyncStateNotFound' });
  await microsoft.close();
});
