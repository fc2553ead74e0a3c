import { z } from 'zod';
import { blockLimits } from '../block-limits.ts';
import { blocksOf, type Call, type Method } from '../call.ts';
import { SlackFault } from '../slack-fault.ts';
import type { Trigger, View } from '../state.ts';
import { wireView } from '../wire.ts';
import { closeModals, modalStack } from '../modals.ts';

const title = z.looseObject({ type: z.literal('plain_text'), text: z.string().min(1).max(blockLimits.viewTitle) });
const common = {
  blocks: z.array(z.unknown()),
  callback_id: z.string().max(255).optional(),
  private_metadata: z.string().max(blockLimits.privateMetadata).optional(),
  external_id: z.string().max(255).optional(),
};
const modalSchema = z.strictObject({
  type: z.literal('modal'),
  title,
  submit: title.nullish(),
  close: title.nullish(),
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
  submit_disabled: z.boolean().optional(),
  ...common,
});
const homeSchema = z.strictObject({ type: z.literal('home'), ...common });

/** https://docs.slack.dev/reference/methods?family=views; modals stack up to three deep. */
export const viewMethods: Readonly<Record<string, Method>> = {
  'views.open': {
    scopes: [],
    tier: 4,
    run(call) {
      const trigger = exchange(call);
      const view = newView(call, trigger.user, 'modal');
      closeModals(call.workspace, trigger.user);
      return shown(call, view);
    },
  },

  'views.push': {
    scopes: [],
    tier: 4,
    run(call) {
      const trigger = exchange(call);
      const stack = modalStack(call.workspace, trigger.user);
      if (trigger.view === undefined || !stack.includes(trigger.view)) throw new SlackFault('not_found');
      if (stack.length >= 3) throw new SlackFault('push_limit_reached');
      const view = newView(call, trigger.user, 'modal');
      return shown(call, { ...view, rootId: stack[0] ?? view.id, previousId: stack.at(-1) ?? view.id });
    },
  },

  'views.update': {
    scopes: [],
    tier: 4,
    run(call) {
      const externalId = call.args.text('external_id');
      const view = Object.values(call.workspace.state.views).find(
        (each) =>
          each.team === call.token.team &&
          each.app === call.token.app &&
          (each.id === call.args.text('view_id') || (externalId !== undefined && each.externalId === externalId)),
      );
      if (view === undefined) throw new SlackFault('not_found');
      const hash = call.args.text('hash');
      if (hash !== undefined && hash !== view.hash) throw new SlackFault('hash_conflict');
      return shown(call, replaced(call, view, newView(call, view.user, view.type)));
    },
  },

  'views.publish': {
    scopes: [],
    tier: 4,
    run(call) {
      const user = call.workspace.user(call.token.team, call.args.needed('user_id', 'user_not_found'));
      const key = `${user.id}:${call.token.app}`;
      const old = call.workspace.state.views[call.workspace.state.homes[key] ?? ''];
      const hash = call.args.text('hash');
      if (old !== undefined && hash !== undefined && hash !== old.hash) throw new SlackFault('hash_conflict');
      const fresh = newView(call, user.id, 'home');
      const view = old === undefined ? fresh : replaced(call, old, fresh);
      call.workspace.state.homes[key] = view.id;
      return shown(call, view);
    },
  },
};

/** Builds a view from a response to a submission (`update`, `push`), under the same rules as the methods. */
export function viewFromAnswer(call: Call, user: string, raw: unknown): View {
  return newView(call, user, 'modal', raw);
}

/** Puts new contents into an open view. */
export function replaced(call: Call, old: View, fresh: View): View {
  return {
    ...fresh,
    id: old.id,
    rootId: old.rootId,
    ...(old.previousId !== undefined && { previousId: old.previousId }),
    hash: call.workspace.nextTs(),
  };
}

/** Stores a view and puts a new modal on top. */
export function shown(call: Call, view: View): Record<string, unknown> {
  call.workspace.state.views[view.id] = view;
  const stack = modalStack(call.workspace, view.user);
  if (view.type === 'modal' && !stack.includes(view.id)) stack.push(view.id);
  call.workspace.changed({ team: view.team, user: view.user });
  return { view: wireView(view) };
}

function exchange(call: Call): Trigger {
  const trigger = call.workspace.state.triggers[call.args.text('trigger_id') ?? ''];
  if (trigger === undefined || trigger.team !== call.token.team || trigger.app !== call.token.app) {
    throw new SlackFault('invalid_trigger_id');
  }
  if (trigger.exchanged) throw new SlackFault('exchanged_trigger_id');
  if (call.workspace.now() > trigger.expiresAt) throw new SlackFault('expired_trigger_id');
  trigger.exchanged = true;
  return trigger;
}

function newView(call: Call, user: string, type: 'modal' | 'home', given?: unknown): View {
  const raw = given ?? call.args.structure('view', 'invalid_arguments');
  const parsed = (type === 'modal' ? modalSchema : homeSchema).safeParse(raw);
  if (!parsed.success) {
    throw new SlackFault('invalid_arguments', {
      response_metadata: {
        messages: parsed.error.issues.map(
          (issue) => `[ERROR] ${issue.message.toLowerCase()} [json-pointer:/view/${issue.path.join('/')}]`,
        ),
      },
    });
  }
  const data = parsed.data;
  const blocks = blocksOf(call, 'view', data.blocks) ?? [];
  const modal = data.type === 'modal' ? data : undefined;
  if (modal !== undefined && !modal.submit && blocks.some((block) => block.type === 'input')) {
    throw new SlackFault('invalid_arguments', {
      response_metadata: { messages: ['[ERROR] `submit` is required when an `input` block is within blocks'] },
    });
  }
  const id = call.workspace.nextId('V');
  return {
    id,
    team: call.token.team,
    app: call.token.app,
    bot: call.token.bot,
    user,
    type,
    callbackId: data.callback_id ?? '',
    title: modal?.title.text ?? '',
    ...(modal?.submit && { submit: modal.submit.text }),
    ...(modal?.close && { close: modal.close.text }),
    blocks,
    privateMetadata: data.private_metadata ?? '',
    notifyOnClose: modal?.notify_on_close ?? false,
    clearOnClose: modal?.clear_on_close ?? false,
    externalId: data.external_id ?? '',
    hash: call.workspace.nextTs(),
    rootId: id,
  };
}
