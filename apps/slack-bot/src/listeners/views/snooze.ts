import { nextOpening } from '@waymark/alerts';
import { members, readSettings, type Tx } from '@waymark/store';
import { DateTime } from 'luxon';
import { takeAnswer, targetOf } from '../../answers.ts';
import { longestSnoozeDays } from '../../views/snooze-modal.ts';
import { workspaceOf, type ListenerContext } from '../listener-context.ts';

/** Takes the chosen day: the flag is told again when that day's work begins for the one who chose. */
export function registerSnoozeView({ app, deps, timing, homes }: ListenerContext): void {
  app.view('snooze', async ({ ack, view, body, context }) => {
    const workspaceId = workspaceOf(context);
    const day = view.state.values.until?.day?.selected_date ?? '';
    const { until, latest } = await deps.database.inWorkspace(workspaceId, (tx) =>
      morningOf(tx, day, body.user.id, deps.now()),
    );
    if (until === null || until <= deps.now()) {
      await ack({ response_action: 'errors', errors: { until: 'Choose a day after today.' } });
      return;
    }
    if (until > latest) {
      await ack({ response_action: 'errors', errors: { until: `Choose a day within ${longestSnoozeDays} days.` } });
      return;
    }
    await ack();
    const target = targetOf(view.private_metadata);
    if (!target) return;
    await takeAnswer(deps, timing, workspaceId, { target, answer: 'snoozed', until, slackUserId: body.user.id });
    await homes.refresh(workspaceId, body.user.id);
  });
}

async function morningOf(
  tx: Tx,
  day: string,
  slackUserId: string,
  now: number,
): Promise<{ readonly until: number | null; readonly latest: number }> {
  const settings = await readSettings(tx);
  const member = (await members(tx)).find((one) => one.slackUserId === slackUserId);
  const timezone = member?.timezone ?? settings.timezone;
  const latest = now + longestSnoozeDays * 86_400_000;
  const start = DateTime.fromISO(day, { zone: timezone }).startOf('day');
  if (!start.isValid) return { until: null, latest };
  const { workingHours: hours } = settings;
  // Who is never off is reminded in the morning all the same.
  const until =
    hours === 'always' ? start.set({ hour: 8 }).toMillis() : nextOpening(start.toMillis(), { hours, timezone });
  return { until, latest };
}
