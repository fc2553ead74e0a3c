import { z } from 'zod';
import { safeJson } from './block-actions.ts';
import { valuesOf, type Filled } from './element-state.ts';
import { appOf, envelope, suggestedOn } from './interaction-context.ts';
import type { InteractionContext, Outcome } from './interaction-context.ts';
import { replaced, shown, viewFromAnswer } from './methods/views.ts';
import { closeModals, modalStack, topModal } from './modals.ts';
import { SlackFault } from './slack-fault.ts';
import type { View } from './state.ts';
import { wireView } from './wire.ts';

const answerSchema = z.discriminatedUnion('response_action', [
  z.looseObject({ response_action: z.literal('errors'), errors: z.record(z.string(), z.string()) }),
  z.looseObject({ response_action: z.literal('update'), view: z.unknown() }),
  z.looseObject({ response_action: z.literal('push'), view: z.unknown() }),
  z.looseObject({ response_action: z.literal('clear') }),
]);

/** What Slack says in the modal when the app does not answer. */
const trouble = 'We had some trouble connecting. Try again?';

/**
 * Submits the user's top modal: checks the fields as Slack does, then sends `view_submission` and does what the answer says.
 * @see https://docs.slack.dev/surfaces/modals#handling_submissions
 */
export async function submitModal(context: InteractionContext, user: string, filled: Filled): Promise<Outcome> {
  const { workspace, deliveries } = context;
  const view = topModal(workspace, user);
  if (view === undefined) throw new SlackFault('no_open_modal');
  const { app, token } = appOf(context, { view });
  const values = valuesOf(view.blocks, filled, suggestedOn(context, user, view.blocks));
  const problems = fieldProblems(view, values);
  if (Object.keys(problems).length > 0) return mark(context, view, problems);
  const trigger = workspace.addTrigger({ team: view.team, app: app.id, user, view: view.id });
  const delivery = await deliveries.send(app, 'interaction', view.callbackId, {
    payload: JSON.stringify({
      type: 'view_submission',
      ...envelope(workspace, view.team, user, app.id),
      trigger_id: trigger.id,
      view: wireView(view, values),
      response_urls: [],
    }),
  });
  if (typeof delivery.outcome !== 'number' || delivery.outcome >= 300) return mark(context, view, { '': trouble });
  if (delivery.body.trim() === '' || delivery.body.trim() === '{}') {
    closeView(context, view);
    return { ok: true };
  }
  const answer = answerSchema.safeParse(safeJson(delivery.body));
  if (!answer.success) return mark(context, view, { '': trouble });
  try {
    const call = context.callAs(token);
    switch (answer.data.response_action) {
      case 'errors':
        return mark(context, view, answer.data.errors);
      case 'clear':
        closeModals(workspace, user);
        return { ok: true };
      case 'update':
        shown(call, replaced(call, view, viewFromAnswer(call, user, answer.data.view)));
        return { ok: true };
      case 'push':
        shown(call, { ...viewFromAnswer(call, user, answer.data.view), rootId: view.rootId, previousId: view.id });
        return { ok: true };
    }
  } catch (error) {
    if (!(error instanceof SlackFault)) throw error;
    return mark(context, view, { '': `${trouble} (${error.code})` });
  }
}

/** Closes the top modal as its X does; the app hears of it if it asked to. */
export async function closeModal(context: InteractionContext, user: string): Promise<Outcome> {
  const view = topModal(context.workspace, user);
  if (view === undefined) throw new SlackFault('no_open_modal');
  const { app } = appOf(context, { view });
  closeModals(context.workspace, user, view.clearOnClose ? 'all' : 'top');
  if (view.notifyOnClose) {
    await context.deliveries.send(app, 'interaction', view.callbackId, {
      payload: JSON.stringify({
        type: 'view_closed',
        ...envelope(context.workspace, view.team, user, app.id),
        view: wireView(view),
        is_cleared: view.clearOnClose,
      }),
    });
  }
  return { ok: true };
}

function closeView(context: InteractionContext, view: View): void {
  const stack = modalStack(context.workspace, view.user);
  const index = stack.indexOf(view.id);
  if (index >= 0) stack.splice(index, 1);
  delete context.workspace.state.views[view.id];
  context.workspace.changed({ team: view.team, user: view.user });
}

function mark(context: InteractionContext, view: View, errors: Readonly<Record<string, string>>): Outcome {
  view.errors = { ...errors };
  context.workspace.changed({ team: view.team, user: view.user });
  return { ok: false, problem: Object.values(errors).join(' ') };
}

function fieldProblems(view: View, values: ReturnType<typeof valuesOf>): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const block of view.blocks) {
    if (block.type !== 'input') continue;
    const [typed] = Object.values(values[block.block_id] ?? {});
    const { type: _type, ...content } = typed ?? {};
    const value = Object.values(content)[0] ?? null;
    const empty = value === null || (Array.isArray(value) && value.length === 0);
    if (empty && block.optional !== true) problems[block.block_id] = 'Please complete this required field.';
    if (typeof value === 'string' && block.element.type === 'plain_text_input') {
      const { min_length: least = 0, max_length: most = 3000 } = block.element;
      if (value.length < least) problems[block.block_id] = `Please enter at least ${least} characters.`;
      if (value.length > most) problems[block.block_id] = `Please enter no more than ${most} characters.`;
    }
  }
  return problems;
}
