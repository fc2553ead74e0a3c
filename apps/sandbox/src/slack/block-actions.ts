import type { Option } from './block-limits.ts';
import { z } from 'zod';
import { valueOf, valuesOf, type Filled } from './element-state.ts';
import { appOf, blocksOn, elementOn, envelope, suggestedOn } from './interaction-context.ts';
import type { InteractionContext, Outcome, Surface } from './interaction-context.ts';
import { wireChannel, wireMessage, wireView } from './wire.ts';

/** One use of an interactive element. */
export interface ElementUse {
  readonly team: string;
  readonly user: string;
  readonly surface: Surface;
  readonly actionId: string;
  readonly blockId?: string;
  /** The chosen option's value, id, date or text; several for lists; nothing for a button. */
  readonly value?: string | readonly string[] | null;
  /** What stands in the other fields of the surface. */
  readonly filled?: Filled;
}

/** Sends the `block_actions` of a use. @see https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
export async function useElement(context: InteractionContext, use: ElementUse): Promise<Outcome> {
  const { workspace, deliveries } = context;
  const { app } = appOf(context, use.surface);
  const { block, element } = elementOn(use.surface, use.actionId, use.blockId);
  const suggested = suggestedOn(context, use.user, blocksOn(use.surface));
  const own = { [block.block_id]: { ...use.filled?.[block.block_id], [use.actionId]: use.value ?? null } };
  const values = valuesOf(blocksOn(use.surface), { ...use.filled, ...own }, suggested);
  const trigger = workspace.addTrigger({
    team: use.team,
    app: app.id,
    user: use.user,
    ...('view' in use.surface && { view: use.surface.view.id }),
  });
  const action = {
    type: element.type,
    action_id: use.actionId,
    block_id: block.block_id,
    ...valueOf(element, use.value ?? null, suggested),
    ...('placeholder' in element && element.placeholder !== undefined && { placeholder: element.placeholder }),
    action_ts: workspace.nextTs(),
  };
  const payload = {
    type: 'block_actions',
    ...envelope(workspace, use.team, use.user, app.id),
    trigger_id: trigger.id,
    ...place(context, use, app.id, values),
    actions: [action],
  };
  const delivery = await deliveries.send(app, 'interaction', use.actionId, { payload: JSON.stringify(payload) });
  if (typeof delivery.outcome === 'number' && delivery.outcome < 300) return { ok: true };
  return { ok: false, problem: `The app did not answer in time (${delivery.outcome}).` };
}

const suggestionSchema = z.object({
  options: z.array(z.custom<Option>((value) => typeof value === 'object')).optional(),
  option_groups: z
    .array(z.object({ options: z.array(z.custom<Option>((value) => typeof value === 'object')) }))
    .optional(),
});

/** Asks the app for the options of an external select. @see https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload */
export async function suggest(
  context: InteractionContext,
  use: ElementUse & { readonly query: string },
): Promise<readonly Option[]> {
  const { app } = appOf(context, use.surface);
  const { block } = elementOn(use.surface, use.actionId, use.blockId);
  const payload = {
    type: 'block_suggestion',
    ...envelope(context.workspace, use.team, use.user, app.id),
    action_id: use.actionId,
    block_id: block.block_id,
    value: use.query,
    ...place(context, use, app.id, valuesOf(blocksOn(use.surface), use.filled)),
  };
  const delivery = await context.deliveries.send(app, 'options', use.actionId, { payload: JSON.stringify(payload) });
  if (delivery.outcome !== 200) return [];
  const parsed = suggestionSchema.safeParse(safeJson(delivery.body));
  if (!parsed.success) return [];
  const options = parsed.data.options ?? (parsed.data.option_groups ?? []).flatMap((group) => group.options);
  const key = `${use.user}:${block.block_id}:${use.actionId}`;
  const known = context.suggestions.get(key) ?? new Map<string, Option>();
  for (const option of options) if (option.value !== undefined) known.set(option.value, option);
  context.suggestions.set(key, known);
  return options;
}

/** JSON of a foreign answer, or undefined. */
export function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function place(
  context: InteractionContext,
  use: ElementUse,
  app: string,
  values: ReturnType<typeof valuesOf>,
): Record<string, unknown> {
  if ('view' in use.surface) {
    return { container: { type: 'view', view_id: use.surface.view.id }, view: wireView(use.surface.view, values) };
  }
  const { message } = use.surface;
  const { workspace } = context;
  const ephemeral = message.ephemeralTo !== undefined;
  const channel = workspace.state.channels[message.channel];
  const responseUrl = workspace.addResponseUrl({
    team: use.team,
    app,
    user: use.user,
    channel: message.channel,
    ts: message.ts,
    ...(message.threadTs && { threadTs: message.threadTs }),
  });
  return {
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: message.channel,
      is_ephemeral: ephemeral,
      ...(message.threadTs && { thread_ts: message.threadTs }),
    },
    channel: channel && {
      id: channel.id,
      name: channel.kind === 'im' ? 'directmessage' : wireChannel(channel, use.user)['name'],
    },
    // Slack sends no message with an action on an ephemeral one.
    ...(!ephemeral && { message: wireMessage(message, workspace.state, { metadata: true }) }),
    state: { values },
    response_url: `${context.origin}/actions/${responseUrl}`,
  };
}
