import { account as readAccount, flags as readFlags, readSettings } from '@waymark/store';
import { targetOf } from '../../answers.ts';
import { engineFlag } from '../../plan/stored-flag.ts';
import { day } from '../../views/mrkdwn.ts';
import { goneModal } from '../../views/waiting-modal.ts';
import { wrongAccountModal, wrongAccountWaiting } from '../../views/wrong-account-modal.ts';
import { pressOf, workspaceOf, type ListenerContext } from '../listener-context.ts';

/** Opens the choice of what belongs elsewhere, and where. */
export function registerWrongAccountButton({ app, deps }: ListenerContext): void {
  app.action({ type: 'block_actions', action_id: 'wrong_account' }, async ({ ack, action, body, client, context }) => {
    await ack();
    const target = targetOf('value' in action ? action.value : undefined);
    const { trigger } = pressOf(body);
    if (target?.kind !== 'flag' || trigger === undefined) return;
    const opened = await client.views.open({ trigger_id: trigger, view: wrongAccountWaiting() });
    const found = await deps.database.inWorkspace(workspaceOf(context), async (tx) => {
      const [flag] = await readFlags(tx, { flagId: target.id });
      const account = flag && (await readAccount(tx, flag.accountId));
      return flag && account && { flag: engineFlag(flag), account, timezone: (await readSettings(tx)).timezone };
    });
    const view = found
      ? wrongAccountModal({
          flagId: found.flag.flagId,
          accountName: found.account.name,
          title: found.flag.title,
          events: found.flag.proof.evidence.map((one) => ({
            eventId: one.eventId,
            label: one.note,
            detail: day(one.at, found.timezone, deps.now()),
          })),
        })
      : goneModal('Wrong account', 'This flag is no longer there. The message will follow in a moment.');
    if (opened.view?.id !== undefined) await client.views.update({ view_id: opened.view.id, view });
  });
}
