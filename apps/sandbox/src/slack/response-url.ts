import type { EmulatorContext } from 'emulate';
import { z } from 'zod';
import { blocksOf } from './call.ts';
import type { InteractionContext } from './interaction-context.ts';
import { SlackFault } from './slack-fault.ts';
import type { ResponseUrl, SlackState } from './state.ts';

type App = EmulatorContext<SlackState>['app'];

/** https://docs.slack.dev/interactivity/handling-user-interaction#message_responses */
const usesAllowed = 5;

const responseSchema = z.looseObject({
  text: z.string().optional(),
  blocks: z.array(z.unknown()).optional(),
  response_type: z.enum(['ephemeral', 'in_channel']).optional(),
  replace_original: z.boolean().optional(),
  delete_original: z.boolean().optional(),
  thread_ts: z.string().optional(),
});

/** Serves the addresses handed out as `response_url`: five answers within thirty minutes. */
export function serveResponseUrls(app: App, context: InteractionContext): void {
  app.on('POST', '/actions/:team/:secret', async (c) => {
    const id = `${c.req.param('team')}/${c.req.param('secret')}`;
    const target = context.workspace.state.responseUrls[id];
    if (target === undefined || context.workspace.now() > target.expiresAt) return refused('expired_url', 404);
    if (target.uses >= usesAllowed) return refused('used_url', 404);
    try {
      respond(context, target, JSON.parse(await c.req.text()));
    } catch (error) {
      if (error instanceof SlackFault) return refused(error.code, 400);
      if (error instanceof SyntaxError) return refused('invalid_payload', 400);
      throw error;
    }
    target.uses += 1;
    return new Response('ok', { headers: { 'content-type': 'text/html' } });
  });
}

/** Does what a response to an interaction or command asks for: replace, delete, or a new message. @throws SlackFault */
export function respond(context: InteractionContext, target: ResponseUrl, raw: unknown): void {
  const parsed = responseSchema.safeParse(raw);
  if (!parsed.success) throw new SlackFault('invalid_payload');
  const { workspace } = context;
  const token = workspace.installation(target.team, target.app);
  if (token === undefined) throw new SlackFault('app_not_installed');
  const { text, thread_ts: threadTs = target.threadTs } = parsed.data;
  const original = target.ts === undefined ? undefined : workspace.message(target.channel, target.ts);
  if (parsed.data.delete_original === true) {
    if (original !== undefined) workspace.remove(original);
    return;
  }
  const blocks = blocksOf(context.callAs(token), 'message', parsed.data.blocks);
  if (text === undefined && blocks === undefined) throw new SlackFault('no_text');
  if (parsed.data.replace_original === true && original !== undefined) {
    workspace.revise(original, { text: text ?? original.text, ...(blocks && { blocks }) });
    return;
  }
  workspace.post({
    channel: target.channel,
    user: token.user,
    token,
    text: text ?? '',
    ...(blocks && { blocks }),
    ...(threadTs !== undefined && { threadTs }),
    ...(parsed.data.response_type !== 'in_channel' && { ephemeralTo: target.user }),
  });
}

function refused(error: string, status: number): Response {
  return Response.json({ ok: false, error }, { status });
}
