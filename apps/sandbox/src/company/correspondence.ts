import { WORKDAY, type BusinessCalendar } from './business-calendar.ts';
import { createMailBag, type MailBag } from './mail-draft.ts';
import { TOPICS, type Topic } from './mail-topics.ts';
import type { Random } from './random.ts';
import type { Cast } from './roster.ts';
import { writeStory } from './story-mails.ts';
import { drawWriter, present, writeThread } from './thread.ts';
import type { WorldMail } from './world.ts';

/** Days of mail before the anchor. */
export const HISTORY_DAYS = 365;

type Phase = Topic['phase'];

function phaseOf(cast: Cast, day: number): Phase | 'none' {
  const { since, renewal, formerly, churned, lifecycle } = cast.plot;
  if (lifecycle === 'lead' || lifecycle === 'opportunity') return 'sale';
  if (lifecycle === 'partner') return 'running';
  if (formerly && day < formerly.churned) return 'running';
  if (formerly && since !== undefined && day < since - 75) return 'none';
  if (since !== undefined && day < since) return day >= since - 75 ? 'sale' : 'none';
  if (since !== undefined && day < since + 32) return 'onboarding';
  if (churned !== undefined) return day < churned ? 'running' : 'none';
  const untilTerm = renewal === undefined ? 999 : (renewal - day) % 365;
  return untilTerm > 10 && untilTerm < 90 ? 'renewal' : 'running';
}

function topicFor(random: Random, phase: Phase): Topic {
  // While onboarding or renewing, everyday matters go on.
  const now: Phase = phase === 'sale' || random.chance(phase === 'renewal' ? 0.2 : 0.6) ? phase : 'running';
  return random.pick(TOPICS.filter((topic) => topic.phase === now));
}

function firstDay(cast: Cast, calendar: BusinessCalendar): number {
  const { plot, account } = cast;
  if (plot.lifecycle === 'lead' || plot.lifecycle === 'opportunity') {
    const met = account.lifecycleHistory[0]?.at ?? calendar.anchor;
    return Math.max(-HISTORY_DAYS, Math.ceil((met - calendar.anchor) / 86_400_000));
  }
  return -HISTORY_DAYS;
}

function writeOrdinary(bag: MailBag, cast: Cast): void {
  const { random, calendar } = bag;
  const { plot } = cast;
  const end = plot.quietFrom === undefined ? calendar.now : Math.min(calendar.now, calendar.opening(plot.quietFrom));
  const lastDay = plot.quietFrom ?? 0;
  // Mean gap in days between starts of threads, drawn anew each time: exponential, or nearly fixed for a cadence.
  let day = firstDay(cast, calendar) + random.range(0, plot.cadence ?? 8);
  while (day < lastDay) {
    const phase = phaseOf(cast, Math.floor(day));
    const start = calendar.opening(Math.floor(day)) + random.range(8, WORKDAY - 20);
    if (phase !== 'none' && start < end && start >= calendar.opening(-HISTORY_DAYS)) {
      const topic = plot.cadence
        ? random.pick(TOPICS.filter((one) => one.phase === 'running'))
        : topicFor(random, phase);
      writeThread(bag, {
        cast,
        topic,
        start,
        end,
        length:
          topic.lead === 'customer' ? random.pick([2, 2, 4, 4, 6]) : plot.cadence ? 3 : random.pick([3, 3, 3, 5, 1]),
        vendor: phase === 'sale' ? cast.sales : cast.csm,
        logged: phase === 'sale' ? 0.5 : 0.18,
      });
    }
    const pace =
      phase === 'sale' ? Math.max(plot.pace, 3) : phase === 'onboarding' ? Math.max(plot.pace, 4) : plot.pace;
    day += plot.cadence ?? Math.max(0.3, -Math.log(1 - random.next()) * (30.4 / pace));
  }
}

/** The champion wrote lately and had an answer the same day: no healthy account leaves this to chance. */
function writeRecent(bag: MailBag, cast: Cast): void {
  const { random, calendar } = bag;
  const { plot } = cast;
  const beforeRenewal = (plot.renewal ?? 999) < 90;
  const ago = plot.cadence
    ? [random.range(2, 5)]
    : beforeRenewal
      ? [1, 3, 6, 9, 12, 15]
      : plot.tier === 'small'
        ? [2, 9]
        : [1, 4, 8];
  const topics = TOPICS.filter((topic) => topic.phase === 'running' && topic.lead === 'customer');
  for (const days of ago) {
    const start = calendar.now - days * WORKDAY - random.range(120, 300);
    const champion = cast.people.find(
      (person) => person.persona === 'champion' && present(person, calendar.timeOf(start)),
    );
    const customer = champion ?? drawWriter(random, cast, calendar.timeOf(start));
    if (!customer) continue;
    writeThread(bag, {
      cast,
      topic: random.pick(topics),
      start,
      // The first answer takes at most 420 minutes, so it always falls before this end.
      end: Math.min(calendar.now, start + 425),
      length: 2,
      vendor: cast.csm,
      customer,
      logged: 0.18,
    });
  }
}

const ENDS_BADLY = new Set(['gone-quiet', 'renewal-slipping', 'unanswered']);

/** All mail between the vendor and one account over the last twelve months, its story's own mails included. */
export function correspond(random: Random, calendar: BusinessCalendar, cast: Cast): readonly WorldMail[] {
  const bag = createMailBag(cast.account.key, random, calendar);
  writeOrdinary(bag, cast);
  if (cast.plot.lifecycle === 'customer' && !ENDS_BADLY.has(cast.plot.story)) writeRecent(bag, cast);
  writeStory(bag, cast);
  return bag.mails;
}
