import { createServer, type Server } from 'node:http';
import type { SlackBot } from '../slack-bot.ts';

/** Serves a bot's three addresses on loopback, as the server does. The bot may be another one with each request. */
export async function listenForBot(
  current: () => SlackBot | undefined,
): Promise<{ readonly server: Server; readonly publicUrl: string }> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(incoming.headers)) {
        if (typeof value === 'string') headers.set(name, value);
      }
      const method = incoming.method ?? 'GET';
      const request = new Request(`http://127.0.0.1${incoming.url ?? '/'}`, {
        method,
        headers,
        ...(method !== 'GET' && { body: Buffer.concat(chunks) }),
      });
      void answer(current(), request).then(async (response) => {
        outgoing.writeHead(response.status, [...response.headers].flat());
        outgoing.end(Buffer.from(await response.arrayBuffer()));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, publicUrl: `http://127.0.0.1:${address.port}` };
}

function answer(bot: SlackBot | undefined, request: Request): Promise<Response> {
  if (!bot) return Promise.resolve(new Response('', { status: 503 }));
  if (request.url.includes('/oauth/slack/start/')) return bot.oauthStart(request);
  return request.url.includes('/oauth/slack/callback') ? bot.oauthCallback(request) : bot.fetch(request);
}
