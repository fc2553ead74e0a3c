import { account as readAccount, flags as readFlags, readSettings } from '@waymark/store';
import { targetOf } from '../../answers.ts';
import { engineFlag } from '../../plan/stored-flag.ts';
import { goneModal } from '../../views/waiting-modal.ts';
import { whyModal, whyWaiting } from '../../views/why-modal.ts';
import { pressOf, workspaceOf, type ListenerContext } from '../listener-context.ts';

/** Shows the whole proof of a flag, derived again from the log. */
export function registerWhyButton({ app, deps }: ListenerContext): void {
  app.action({ type: 'block_actions', action_id: 'why' }, async ({ ack, action, body, client, context }) => {
    await ack();
    const target = targetOf('value' in action ? action.value : undefined);
    const { trigger } = pressOf(body);
    if (target?.kind !== 'flag' || trigger === undefined) return;
    const opened = await client.views.open({ trigger_id: trigger, view: whyWaiting() });
    const workspaceId = workspaceOf(context);
    const found = await deps.database.inWorkspace(workspaceId, async (tx) => {
      const [flag] = await readFlags(tx, { flagId: target.id });
      const account = flag && (await readAccount(tx, flag.accountId));
      return flag && account && { flag: engineFlag(flag), account, timezone: (await readSettings(tx)).timezone };
    });
    const view = found
      ? whyModal(
          found.flag,
          {
            accountName: found.account.name,
            words: await deps.flagWords(workspaceId, found.flag),
            explanation: await explained(() => deps.explain(workspaceId, found.account.accountId, found.flag.flagId)),
            linkOf: (eventId) => deps.links.event(found.account.accountId, eventId),
          },
          { now: deps.now(), timezone: found.timezone },
        )
      : goneModal(
          'Why?',
          'This flag was taken back: by what is known now, it was not so. The message will follow in a moment.',
        );
    if (opened.view?.id !== undefined) await client.views.update({ view_id: opened.view.id, view });
  });
}

/** The stored proof is shown in any case. */
async function explained(explain: () => Promise<string>): Promise<string> {
  try {
    return await explain();
  } catch {
    return 'It could not be derived again just now; what is shown is the proof that was stored.';
  }
}
