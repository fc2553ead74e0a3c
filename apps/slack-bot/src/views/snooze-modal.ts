import type { ModalView } from '@slack/types';
import { DateTime } from 'luxon';
import { plain } from './elements.ts';

/** A snooze may last this long. */
export const longestSnoozeDays = 180;

/** Asks until when. It needs nothing from the database, so it opens at once (failure G8). `target` is the pressed button's value. */
export function snoozeModal(target: string, now: number): ModalView {
  return {
    type: 'modal',
    callback_id: 'snooze',
    private_metadata: target,
    title: plain('Snooze', 24),
    submit: plain('Snooze', 24),
    close: plain('Cancel', 24),
    blocks: [
      {
        type: 'input',
        block_id: 'until',
        label: plain('Remind me on', 100),
        hint: plain('Until then this flag stays quiet. If it clears before, you hear of it.', 200),
        element: {
          type: 'datepicker',
          action_id: 'day',
          initial_date: DateTime.fromMillis(now, { zone: 'utc' }).plus({ days: 7 }).toISODate() ?? '',
        },
      },
    ],
  };
}
