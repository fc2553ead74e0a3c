import type { ModalView, Option } from '@slack/types';
import { cut, plain, section } from './elements.ts';
import { escapeText } from './mrkdwn.ts';
import { waitingModal } from './waiting-modal.ts';

/** One thing that the flag rests on, to be told to move. */
export interface MovableEvent {
  readonly eventId: string;
  readonly label: string;
  readonly detail: string;
}

/** Shown until what the flag rests on has been read. */
export const wrongAccountWaiting = (): ModalView => waitingModal('wrong_account', 'Wrong account');

/** Asks what belongs elsewhere and where. At most ten events: the rest of the evidence follows from the match that is corrected. */
export function wrongAccountModal(input: {
  readonly flagId: string;
  readonly accountName: string;
  readonly title: string;
  readonly events: readonly MovableEvent[];
}): ModalView {
  const options = input.events.slice(0, 10).map((event): Option => ({
    text: plain(event.label, 75),
    value: event.eventId,
    description: plain(event.detail, 75),
  }));
  return {
    type: 'modal',
    callback_id: 'wrong_account',
    private_metadata: input.flagId,
    title: plain('Wrong account', 24),
    submit: plain('Move', 24),
    close: plain('Cancel', 24),
    blocks: [
      section([
        `*${escapeText(input.title)}* is now on *${escapeText(input.accountName)}*.`,
        'What you move is matched anew, its past included, and both accounts are worked out again.',
      ]),
      ...(options.length === 0
        ? []
        : [
            {
              type: 'input' as const,
              block_id: 'events',
              label: plain('What belongs to another account?', 100),
              element: { type: 'checkboxes' as const, action_id: 'chosen', options, initial_options: options },
            },
          ]),
      {
        type: 'input',
        block_id: 'account',
        label: plain('To which account?', 100),
        element: {
          type: 'external_select',
          action_id: 'account_choice',
          min_query_length: 0,
          placeholder: plain('Type a name or a domain', 150),
        },
      },
    ],
  };
}

/** Accounts to choose from. */
export function accountOptions(
  accounts: readonly { readonly accountId: string; readonly name: string; readonly domain: string | null }[],
): Option[] {
  return accounts.slice(0, 100).map((account) => ({
    text: plain(account.name, 75),
    value: account.accountId,
    ...(account.domain !== null && { description: plain(cut(account.domain, 75), 75) }),
  }));
}
