import { targetOf } from '../../answers.ts';
import { snoozeModal } from '../../views/snooze-modal.ts';
import { pressOf, type ListenerContext } from '../listener-context.ts';

/** Opens the choice of a day. */
export function registerSnoozeButton({ app, deps }: ListenerContext): void {
  app.action({ type: 'block_actions', action_id: 'snooze' }, async ({ ack, action, body, client }) => {
    await ack();
    const value = 'value' in action ? action.value : undefined;
    const { trigger } = pressOf(body);
    if (!targetOf(value) || value === undefined || trigger === undefined) return;
    await client.views.open({ trigger_id: trigger, view: snoozeModal(value, deps.now()) });
  });
}
