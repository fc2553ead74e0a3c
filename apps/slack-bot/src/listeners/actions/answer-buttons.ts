import { takeAnswer, targetOf } from '../../answers.ts';
import type { FlagAnswer } from '../../dependencies.ts';
import { pressOf, workspaceOf, type ListenerContext } from '../listener-context.ts';

const buttons: readonly (readonly [actionId: string, answer: FlagAnswer['answer']])[] = [
  ['claim', 'claimed'],
  ['not_a_risk', 'not_a_risk'],
  ['reopen', 'reopened'],
];

/** Buttons that are an answer by themselves. The message follows through the outbox. */
export function registerAnswerButtons({ app, deps, timing, homes }: ListenerContext): void {
  for (const [actionId, answer] of buttons) {
    app.action({ type: 'block_actions', action_id: actionId }, async ({ ack, action, body, context, respond }) => {
      await ack();
      const target = targetOf('value' in action ? action.value : undefined);
      if (!target) return;
      const { user, atHome } = pressOf(body);
      const workspaceId = workspaceOf(context);
      const taken = await takeAnswer(deps, timing, workspaceId, {
        target,
        answer,
        until: null,
        slackUserId: user,
      });
      await homes.refresh(workspaceId, user);
      // At home what is gone has left the list.
      if (taken.length > 0 || atHome) return;
      await respond({
        response_type: 'ephemeral',
        replace_original: false,
        text: 'That flag is no longer open; the message will follow in a moment.',
      });
    });
  }
}
