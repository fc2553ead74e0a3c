import type { BusinessCalendar } from './business-calendar.ts';
import type { Plot } from './plot.ts';
import type { Random } from './random.ts';
import type { OnboardingStatus, WorldAccount } from './world.ts';

/** Days from the sale at which onboarding steps were done; a step that is missing was not. */
export interface OnboardingDays {
  readonly kickoff?: number;
  readonly training?: number;
  readonly live?: number;
}

/** How the onboarding of an account went. On time: kickoff in the first week, training in the second or third, live within a month. */
export function onboardingDays(random: Random, plot: Plot): OnboardingDays {
  if (plot.since === undefined) return {};
  if (plot.story === 'onboarding-stuck') return plot.tier === 'mid' ? {} : { kickoff: 9 };
  const done = { kickoff: random.int(4, 7), training: random.int(11, 13), live: random.int(24, 28) };
  const age = -plot.since;
  return {
    ...(done.kickoff < age - 1 ? { kickoff: done.kickoff } : {}),
    ...(done.training < age - 1 ? { training: done.training } : {}),
    ...(done.live < age - 1 ? { live: done.live } : {}),
  };
}

/** The dated values of `onboarding_status` for an account, with its sale as the first. */
export function onboardingHistory(
  plot: Plot,
  days: OnboardingDays,
  calendar: BusinessCalendar,
): Pick<WorldAccount, 'onboarding'> {
  const { since } = plot;
  if (since === undefined) return {};
  const onboarding: { at: number; status: OnboardingStatus }[] = [
    { at: calendar.timeOf(calendar.opening(since) + 310), status: 'contract_signed' },
  ];
  for (const status of ['kickoff', 'training', 'live'] as const) {
    const day = days[status];
    // After the meeting of the same day, which ends by 13:00.
    if (day !== undefined) onboarding.push({ at: calendar.timeOf(calendar.opening(since + day) + 420), status });
  }
  return { onboarding };
}

/** Dated lifecycle stages, oldest first: lead, opportunity, customer, churned, and again for those who came back. */
export function accountHistory(
  random: Random,
  plot: Plot,
  calendar: BusinessCalendar,
): WorldAccount['lifecycleHistory'] {
  const history: { at: number; stage: string }[] = [];
  const add = (day: number, stage: string, minute = 300): void => {
    history.push({ at: calendar.timeOf(calendar.opening(Math.max(-1290, day)) + minute), stage });
  };
  if (plot.lifecycle === 'partner') add(-420, 'partner');
  else if (plot.lifecycle === 'lead') add(-random.int(30, 110), 'lead');
  else if (plot.lifecycle === 'opportunity') {
    const met = random.int(50, 110);
    add(-met, 'lead');
    add(-met + random.int(10, 30), 'opportunity');
  }
  if (plot.formerly) {
    add(plot.formerly.since - 90, 'lead');
    add(plot.formerly.since - 60, 'opportunity');
    add(plot.formerly.since, 'customer');
    add(plot.formerly.churned, 'churned');
  } else if (plot.since !== undefined) add(plot.since - random.int(80, 130), 'lead');
  if (plot.since !== undefined) {
    add(plot.since - 62, 'opportunity');
    add(plot.since, 'customer');
  }
  if (plot.churned !== undefined) add(plot.churned, 'churned');
  return history;
}
