import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EmulatorContext } from 'emulate';
import { z } from 'zod';
import { suggest, useElement } from '../block-actions.ts';
import type { Generation } from '../handle.ts';
import type { Outcome, Surface } from '../interaction-context.ts';
import { closeModal, submitModal } from '../modal-submission.ts';
import { slashCommand } from '../slash-commands.ts';
import { SlackFault } from '../slack-fault.ts';
import type { SlackState } from '../state.ts';
import type { Change } from '../workspace.ts';
import { html } from './html.ts';
import { pageHtml } from './page-view.ts';
import { PageScene } from './scene.ts';

type App = EmulatorContext<SlackState>['app'];

/** What the page's routes need: the running service, its own address, and when it ends. */
export interface PageContext extends Generation {
  readonly origin: string;
  readonly signal: AbortSignal;
}

/**
 * No script but our own file, nothing from elsewhere but pictures of loopback; the block library sets a few inline
 * style attributes.
 */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: http://127.0.0.1:* http://localhost:*",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const filled = z.record(z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string()), z.null()])));
const person = { team: z.string(), user: z.string() };
const element = {
  ...person,
  channel: z.string().optional(),
  ts: z.string().optional(),
  view: z.string().optional(),
  block: z.string(),
  action: z.string(),
  filled,
};
const actSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('use'), ...element, value: z.union([z.string(), z.array(z.string()), z.null()]) }),
  z.strictObject({ op: z.literal('suggest'), ...element, query: z.string() }),
  z.strictObject({ op: z.literal('submit'), ...person, filled }),
  z.strictObject({ op: z.literal('close'), ...person }),
  z.strictObject({
    op: z.literal('say'),
    ...person,
    channel: z.string(),
    text: z.string().min(1),
    thread: z.string().optional(),
  }),
  z.strictObject({ op: z.literal('open'), ...person, channel: z.string(), tab: z.enum(['home', 'messages']) }),
]);
type Act = z.infer<typeof actSchema>;

/** Serves the Slack page at `/`, its files, its stream of changes and what it sends when a person acts. */
export function servePage(app: App, context: PageContext): void {
  app.on('GET', '/', (c) => {
    const query = Object.fromEntries(new URL(c.req.url).searchParams);
    const headers = {
      'content-security-policy': contentPolicy,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    };
    try {
      const scene = PageScene.of(context.workspace, query);
      // What was chosen for the visitor stays chosen: the script asks for the page's address again and again.
      if (query['user'] === undefined || query['channel'] === undefined) return c.redirect(scene.link(query));
      if (scene.tab === 'messages') context.workspace.markRead(scene.user.id, scene.channel.id);
      return c.html(pageHtml(scene).text, 200, headers);
    } catch (error) {
      if (!(error instanceof SlackFault)) throw error;
      return c.html(
        html`<!doctype html>
          <html lang="en">
            <title>Sandbox</title>
            <p>There is nothing to show here (${error.code}). <a href="/">Back to the start</a></p>
          </html>`.text,
        404,
        headers,
      );
    }
  });

  for (const [name, file] of Object.entries(files)) {
    app.on(
      'GET',
      `/sandbox/${name}`,
      () => new Response(file.text(), { headers: { 'content-type': file.type, 'cache-control': 'no-cache' } }),
    );
  }

  app.on('GET', '/sandbox/changes', (c) =>
    changeStream(context, c.req.query('team') ?? '', c.req.query('user') ?? '', c.req.raw.signal),
  );

  app.on('POST', '/sandbox/act', async (c) => {
    // A page of another origin could otherwise press buttons here: a browser always names the origin of such a request.
    const origin = c.req.header('origin');
    const ours =
      origin === undefined ||
      new URL(origin).host === new URL(context.origin).host ||
      origin === `http://${c.req.header('host')}`;
    if (!ours || c.req.header('content-type') !== 'application/json')
      return c.json({ ok: false, problem: 'Refused.' }, 403);
    const act = actSchema.safeParse(await c.req.json());
    if (!act.success) return c.json({ ok: false, problem: 'The page sent something odd; reload it.' }, 400);
    try {
      return c.json(await perform(context, act.data));
    } catch (error) {
      if (!(error instanceof SlackFault)) throw error;
      return c.json({ ok: false, problem: `Slack would refuse this: ${error.code}.` });
    }
  });
}

async function perform(
  context: PageContext,
  act: Act,
): Promise<Outcome | { ok: true; options: { value: string; text: string }[] }> {
  const { workspace, people } = context;
  const by = { team: act.team, user: workspace.user(act.team, act.user).id };
  switch (act.op) {
    case 'use':
      return useElement(context.context, {
        ...by,
        surface: surfaceOf(context, act),
        blockId: act.block,
        actionId: act.action,
        value: act.value,
        filled: act.filled,
      });
    case 'suggest': {
      const use = {
        ...by,
        surface: surfaceOf(context, act),
        blockId: act.block,
        actionId: act.action,
        filled: act.filled,
      };
      const options = await suggest(context.context, { ...use, query: act.query });
      return { ok: true, options: options.map((option) => ({ value: option.value ?? '', text: option.text.text })) };
    }
    case 'submit':
      return submitModal(context.context, by.user, act.filled);
    case 'close':
      return closeModal(context.context, by.user);
    case 'open': {
      const partner = workspace.state.channels[act.channel]?.members.find((member) => member !== by.user);
      if (partner !== undefined && workspace.user(by.team, partner).isBot) people.openApp(by, partner, act.tab);
      return { ok: true };
    }
    case 'say': {
      const text = asSlackText(act.text.trim(), context, by.team);
      if (text.startsWith('/') && act.thread === undefined)
        return slashCommand(context.context, { ...by, channel: act.channel }, text);
      people.say({ ...by, channel: act.channel }, text, act.thread);
      return { ok: true };
    }
  }
}

function surfaceOf(context: PageContext, act: Extract<Act, { op: 'use' | 'suggest' }>): Surface {
  if (act.view !== undefined) {
    const view = context.workspace.state.views[act.view];
    if (view === undefined || view.user !== act.user) throw new SlackFault('view_not_found');
    return { view };
  }
  const channel = context.workspace.channelFor(act, act.channel ?? '');
  const message = context.workspace.message(channel.id, act.ts ?? '');
  if (message === undefined || (message.ephemeralTo ?? act.user) !== act.user)
    throw new SlackFault('message_not_found');
  return { message };
}

/** What a client of Slack does with typed text: escapes it, and turns @handle and #channel into references. */
function asSlackText(text: string, context: PageContext, team: string): string {
  const { workspace } = context;
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/(^|\s)@([\w.-]+)/g, (whole, before: string, name: string) => {
      const user = workspace.usersOf(team).find((each) => each.name === name);
      return user === undefined ? whole : `${before}<@${user.id}>`;
    })
    .replaceAll(/(^|\s)#([\w-]+)/g, (whole, before: string, name: string) => {
      const channel = workspace.channelsOf(team).find((each) => each.name === name);
      return channel === undefined ? whole : `${before}<#${channel.id}|${name}>`;
    });
}

/** Server-sent events: one `change` each time something that this person may see has changed. */
function changeStream(context: PageContext, team: string, user: string, gone: AbortSignal): Response {
  const encoder = new TextEncoder();
  let stop = (): void => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string) => {
        try {
          controller.enqueue(encoder.encode(text));
        } catch {
          stop();
        }
      };
      const unwatch = context.workspace.watch((change: Change) => {
        if (change.team !== team || (change.user !== undefined && change.user !== user)) return;
        send(`event: change\ndata: ${JSON.stringify({ channel: change.channel ?? null })}\n\n`);
      });
      const beat = setInterval(() => send(': still here\n\n'), 20_000);
      beat.unref();
      stop = () => {
        unwatch();
        clearInterval(beat);
      };
      gone.addEventListener('abort', stop, { once: true });
      context.signal.addEventListener('abort', stop, { once: true });
      send('retry: 1000\nevent: ready\ndata: {}\n\n');
    },
    cancel() {
      stop();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
}

const require = createRequire(import.meta.url);
const own = (name: string) => () => readFileSync(new URL(name, import.meta.url), 'utf8');
const css = 'text/css; charset=utf-8';
const javascript = 'text/javascript; charset=utf-8';
const files: Readonly<Record<string, { type: string; text: () => string }>> = {
  'shell.css': { type: css, text: own('shell.css') },
  'messages.css': { type: css, text: own('messages.css') },
  'elements.css': { type: css, text: own('elements.css') },
  'consent.css': { type: css, text: own('consent.css') },
  'page-act.js': { type: javascript, text: own('page-act.js') },
  'page-client.js': { type: javascript, text: own('page-client.js') },
  'page-combobox.js': { type: javascript, text: own('page-combobox.js') },
  'page-refresh.js': { type: javascript, text: own('page-refresh.js') },
  // The library scopes its rules by an id; a page shows many messages.
  'blocks.css': {
    type: css,
    text: () =>
      readFileSync(join(dirname(require.resolve('slack-blocks-to-jsx')), 'style.css'), 'utf8').replaceAll(
        '#slack_blocks_to_jsx',
        '.slack_blocks_to_jsx',
      ),
  },
};
