import { account as readAccount, flags as readFlags } from '@waymark/store';
import { nameOf, takeAnswer } from '../../answers.ts';
import { engineFlag } from '../../plan/stored-flag.ts';
import { workspaceOf, type ListenerContext } from '../listener-context.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Takes the decision: the events are assigned by hand, and both accounts are worked out again. */
export function registerWrongAccountView({ app, deps, timing, homes }: ListenerContext): void {
  app.view('wrong_account', async ({ ack, view, body, context }) => {
    const workspaceId = workspaceOf(context);
    const flagId = view.private_metadata;
    const accountId = view.state.values.account?.account_choice?.selected_option?.value ?? '';
    const { flag, target } = await deps.database.inWorkspace(workspaceId, async (tx) => ({
      flag: (await readFlags(tx, { flagId }))[0],
      target: uuid.test(accountId) ? await readAccount(tx, accountId) : undefined,
    }));
    if (!target || accountId === flag?.accountId) {
      await ack({ response_action: 'errors', errors: { account: 'Choose another account than the present one.' } });
      return;
    }
    await ack();
    if (!flag) return;
    const rests = new Set(engineFlag(flag).proof.evidence.map((one) => one.eventId));
    const chosen = view.state.values.events?.chosen?.selected_options?.map((option) => option.value) ?? [];
    const eventIds = chosen.filter((eventId) => rests.has(eventId));
    const slackUserId = body.user.id;
    await takeAnswer(deps, timing, workspaceId, {
      target: { kind: 'flag', id: flagId },
      answer: 'wrong_account',
      until: null,
      slackUserId,
    });
    const by = await deps.database.inWorkspace(workspaceId, (tx) => nameOf(tx, slackUserId));
    await deps.reattribute(workspaceId, { flagId, eventIds, accountId, by });
    deps.wake(workspaceId);
    await homes.refresh(workspaceId, slackUserId);
  });
}
