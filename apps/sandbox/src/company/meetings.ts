import { attendeesOf, createDiary, workdayOn, type Diary } from './diary.ts';
import type { BusinessCalendar } from './business-calendar.ts';
import { HISTORY_DAYS } from './correspondence.ts';
import type { Random } from './random.ts';
import type { Cast } from './roster.ts';
import { drawSeries } from './meeting-series.ts';
import type { WorldMeeting } from './world.ts';

function single(
  diary: Diary,
  cast: Cast,
  title: string,
  day: number,
  options: {
    minutes?: number;
    outcome?: NonNullable<WorldMeeting['crm']>['outcome'];
    staff?: string;
    inCalendar?: boolean;
    hour?: number;
  } = {},
): void {
  const { calendar, random } = diary;
  const on = workdayOn(calendar, day);
  const start = calendar.wall(on, options.hour ?? random.int(9, 11), random.pick([0, 0, 30]));
  const end = start + (options.minutes ?? 60) * 60_000;
  const held = end < calendar.anchor;
  const canceled = options.outcome === 'CANCELED';
  const createdAt = Math.min(start - random.int(3, 12) * 86_400_000, calendar.anchor);
  const attendees = attendeesOf(
    random,
    cast,
    start,
    options.outcome === 'NO_SHOW' ? 'needsAction' : 'accepted',
    options.staff,
  );
  const outcome = options.outcome ?? (held ? 'COMPLETED' : 'SCHEDULED');
  const logged = options.outcome !== undefined || random.chance(0.55);
  diary.add({
    title,
    organizer: options.staff ?? cast.csm.email,
    attendees,
    start,
    end,
    createdAt,
    status: canceled ? 'canceled' : 'confirmed',
    ...(canceled ? { canceledAt: start - 3 * 3_600_000 } : {}),
    ...(options.inCalendar === false ? { onlyInCrm: true } : {}),
    ...(logged ? { crm: { outcome } } : {}),
  });
}

function onboardingMeetings(diary: Diary, cast: Cast): void {
  const { account, plot } = cast;
  const { since } = plot;
  if (since === undefined || since < -HISTORY_DAYS - 30) return;
  const done = cast.onboarding;
  const name = account.name;
  single(diary, cast, `Demo: Lumen Ledger for ${name}`, since - 50, { staff: cast.sales.email, minutes: 45 });
  single(diary, cast, `Proposal review: ${name}`, since - 24, { staff: cast.sales.email, minutes: 30 });
  if (plot.story === 'onboarding-stuck') {
    if (plot.tier === 'mid') {
      single(diary, cast, `Kickoff: ${name} and Lumen Ledger`, since + 9, {
        outcome: 'RESCHEDULED',
        inCalendar: false,
      });
      single(diary, cast, `Kickoff: ${name} and Lumen Ledger`, since + 27, { outcome: 'CANCELED' });
    } else {
      single(diary, cast, `Kickoff: ${name} and Lumen Ledger`, since + 9);
      single(diary, cast, `Training: ${name}`, since + 30, { outcome: 'CANCELED' });
    }
    // They still talk: only the project stands still.
    for (const day of [-38, -24, -10]) single(diary, cast, `Project status: ${name}`, day, { minutes: 30 });
    return;
  }
  if (done.kickoff !== undefined)
    single(diary, cast, `Kickoff: ${name} and Lumen Ledger`, since + done.kickoff, { hour: 10 });
  if (done.training !== undefined)
    single(diary, cast, `Training: ${name}`, since + done.training, { hour: 10, minutes: 90 });
  else single(diary, cast, `Training: ${name}`, 5, { minutes: 90 });
  if (done.live !== undefined)
    single(diary, cast, `Go-live review: ${name}`, since + done.live, { hour: 10, minutes: 30 });
}

function storyMeetings(diary: Diary, cast: Cast): void {
  const { plot, account } = cast;
  const name = account.name;
  if (plot.story === 'meeting-no-shows' && plot.series === 0) {
    single(diary, cast, `Review: ${name}`, -96);
    for (const day of [-44, -29, -13])
      single(diary, cast, `Review: ${name}`, day, { outcome: 'NO_SHOW', inCalendar: false, minutes: 30 });
  }
  if (plot.story === 'renewal-slipping') {
    single(diary, cast, `Renewal: ${name}`, -22, { outcome: 'CANCELED', minutes: 30 });
  }
  if (plot.story === 'won-back')
    single(diary, cast, `Starting again: ${name}`, (plot.since ?? 0) - 35, { staff: cast.sales.email });
  if (plot.story === 'ready-to-expand')
    single(diary, cast, `Rolling out to the second entity: ${name}`, -6, { minutes: 45 });
  if (plot.lifecycle === 'opportunity' && plot.quietFrom === undefined) {
    single(diary, cast, `Demo: Lumen Ledger for ${name}`, -21, { staff: cast.sales.email, minutes: 45 });
    single(diary, cast, `Pricing: ${name}`, 4, { staff: cast.sales.email, minutes: 30 });
  }
}

function adHoc(diary: Diary, cast: Cast): void {
  const { random } = diary;
  const { plot } = cast;
  if (plot.lifecycle !== 'customer' && plot.lifecycle !== 'churned') return;
  const from = Math.max(-HISTORY_DAYS + 5, (plot.since ?? 0) + 45);
  const until = Math.min(plot.quietFrom ?? -2, plot.story === 'meeting-no-shows' ? -100 : -2);
  const count = Math.round(((until - from) / 365) * (plot.tier === 'enterprise' ? 12 : plot.tier === 'mid' ? 8 : 3));
  for (let i = 0; i < count; i += 1) {
    const title = random.pick(['Working session', 'Questions on the close', 'Walk-through', 'Entity setup']);
    // Now and then a call that falls through, never lately, and never two at once.
    const day = random.range(from, until);
    const fails = i === 0 && day < -75 && random.chance(0.4);
    single(diary, cast, `${title}: ${cast.account.name}`, day, {
      minutes: random.pick([30, 45, 60]),
      hour: random.int(13, 16),
      ...(fails ? { outcome: random.pick(['NO_SHOW', 'CANCELED'] as const) } : {}),
    });
  }
  // Low touch still meets, twice a year, and lately.
  if (plot.cadence) for (const day of [-19, -196]) single(diary, cast, `Half-year review: ${cast.account.name}`, day);
}

/** All meetings with one account: its standing series, single ones and those of its story. */
export function meet(random: Random, calendar: BusinessCalendar, cast: Cast): readonly WorldMeeting[] {
  const diary = createDiary(cast.account.key, random, calendar);
  drawSeries(diary, cast);
  onboardingMeetings(diary, cast);
  storyMeetings(diary, cast);
  adHoc(diary, cast);
  return diary.meetings;
}
