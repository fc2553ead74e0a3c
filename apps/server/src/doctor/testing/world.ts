import { createServer, type Server } from 'node:http';
import { now } from '../../status/testing/furnished.ts';

/** The outside world as the doctor asks it: Gmail, HubSpot and Slack in a few answers that a test can change. */
export interface World {
  mailbox: { status: number; address: string };
  messages: readonly string[];
  /** What its clock says, epoch ms. */
  clock: number;
  /** What our own address from outside answers. */
  health: number;
  channel: Record<string, unknown>;
  bot: Record<string, unknown>;
  pipelines: readonly Readonly<Record<string, unknown>>[];
  properties: { name: string; type: string; options: { value: string; label: string }[] }[];
  /** Makes everything well again, with this mailbox. */
  readonly heal: (mailbox: string) => void;
}

/** Opens it on a free port of loopback. */
export function openWorld(): { readonly world: World; readonly server: Server } {
  const world: World = {
    mailbox: { status: 200, address: '' },
    messages: [],
    clock: now,
    health: 200,
    channel: {},
    bot: {},
    pipelines: [],
    properties: [],
    heal: (mailbox) => {
      world.mailbox = { status: 200, address: mailbox };
      world.messages = [];
      world.clock = now;
      world.health = 200;
      world.channel = { ok: true, channel: { name: 'cs', is_member: true } };
      world.bot = { ok: true };
      world.pipelines = [];
      world.properties = [];
    },
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const say = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json', date: new Date(world.clock).toUTCString() });
      response.end(JSON.stringify(body));
    };
    if (path === '/healthz') return say(world.health, {});
    if (path.endsWith('/profile')) {
      const { status, address } = world.mailbox;
      return say(
        status,
        status === 200 ? { emailAddress: address, historyId: '1' } : { error: { code: status, message: 'gone' } },
      );
    }
    if (path.endsWith('/messages')) return say(200, { messages: world.messages.map((id) => ({ id, threadId: id })) });
    if (path === '/api/auth.test') return say(200, world.bot);
    if (path === '/api/conversations.info') return say(200, world.channel);
    if (path.includes('/token')) return say(400, { error: 'invalid_grant' });
    if (path.startsWith('/account-info/')) return say(200, { portalId: 4711, portalName: 'Acme' });
    const name = /^\/crm\/properties\/[^/]+\/companies\/(\w+)$/.exec(path)?.[1];
    if (name !== undefined) {
      const property = world.properties.find((one) => one.name === name);
      return property ? say(200, property) : say(404, { message: 'no such property', category: 'OBJECT_NOT_FOUND' });
    }
    if (path.startsWith('/crm/properties/')) return say(200, { results: world.properties });
    if (path.endsWith('/search')) return say(200, { total: 2, results: [] });
    if (path.startsWith('/crm/pipelines/')) return say(200, { results: world.pipelines });
    return say(404, { message: 'not here' });
  }).listen(0, '127.0.0.1');
  return { world, server };
}
