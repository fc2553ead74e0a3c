import { findAccounts } from '@waymark/store';
import { z } from 'zod';
import { likelyAccounts } from '../../likely-accounts.ts';
import { accountOptions } from '../../views/wrong-account-modal.ts';
import { workspaceOf, type ListenerContext } from '../listener-context.ts';

const Suggestion = z.looseObject({
  value: z.string().default(''),
  view: z.looseObject({ private_metadata: z.string().default('') }).optional(),
});

/** Accounts by what is typed; before anything is, those that matching had to choose from. */
export function registerAccountChoice({ app, deps }: ListenerContext): void {
  app.options('account_choice', async ({ ack, body, context }) => {
    const { value, view } = Suggestion.parse(body);
    const found = await deps.database.inWorkspace(workspaceOf(context), (tx) =>
      value.trim() === ''
        ? likelyAccounts(tx, view?.private_metadata ?? '')
        : findAccounts(tx, value.trim().slice(0, 100), 20),
    );
    await ack({ options: accountOptions(found) });
  });
}
