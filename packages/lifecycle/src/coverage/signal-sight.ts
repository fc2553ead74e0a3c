import { touchpoint, type EventType, type SignalName, type Touchpoint } from '@waymark/journey';
import type { Moment } from '../course/moment.ts';
import { NEVER } from '../signals/signal.ts';
import type { BoundSignal } from '../signals/signals.ts';
import type { CoverageGap } from '../course/state.ts';
import { DAY } from '../time/zone.ts';

/** What a signal has to have seen for its value to mean anything. */
interface Sight {
  readonly touchpoints: readonly Touchpoint[];
  /** The window that it looks back on, in days; `since`: back to the instant that its value counts from. */
  readonly window: number | 'since';
  /** More contact than was seen could only have made it better: what was seen stays true. */
  readonly isPresence: boolean;
}

const words = ['email', 'chat', 'ticket', 'meeting', 'survey'] as const;
const written = ['email', 'chat'] as const;
const present = (touchpoints: readonly Touchpoint[], window: Sight['window']): Sight => ({
  touchpoints,
  window,
  isPresence: true,
});
const trouble = (touchpoints: readonly Touchpoint[], window: number): Sight => ({
  touchpoints,
  window,
  isPresence: false,
});

/** What sees events of some types; whether more of them were better, nobody knows. */
function typed(types: readonly EventType[] | undefined, window: number): Sight {
  const nouns = (types ?? []).map((type) => type.slice(0, type.indexOf('.')));
  const seen = nouns.flatMap(
    (noun) => touchpoint.options.find((one) => one === (noun === 'usage' ? 'product' : noun)) ?? [],
  );
  return trouble([...new Set(seen)], window);
}

/** Days looked back on where neither the definition nor the signal says how many. */
const MONTH = 30;

/** By signal; those that rest on the CRM's record, on what is dated, or that heed outages themselves are not in it. */
const sights: Partial<Record<SignalName, (signal: BoundSignal) => Sight>> = {
  days_since_inbound: ({ params }) => present(params.touchpoints ?? words, 'since'),
  days_since_meeting_held: () => present(['meeting'], 'since'),
  champion_silent_days: () => present(words, 'since'),
  persona_silent_days: () => present(words, 'since'),
  messages: ({ params }) => present(params.touchpoints ?? words, params.days ?? MONTH),
  messages_trend: ({ params }) => present(params.touchpoints ?? words, params.days ?? MONTH),
  message_balance: ({ params }) => trouble(written, params.days ?? MONTH),
  unanswered_mail_age: () => trouble(['email'], MONTH),
  unanswered_mails: () => trouble(['email'], MONTH),
  active_stakeholders: ({ params }) => present(words, params.days ?? 90),
  new_stakeholders: ({ params }) => present(words, params.days ?? 90),
  quiet_stakeholders: ({ params }) => present(words, params.days ?? MONTH),
  single_threaded: ({ params }) => present(words, params.days ?? 90),
  persona_active: ({ params }) => present(words, params.days ?? 90),
  contact_concentration: ({ params }) => trouble(words, params.days ?? 90),
  meetings_held: ({ params }) => present(['meeting'], params.days ?? 90),
  meetings_missed_streak: ({ params }) => trouble(['meeting'], params.days ?? 120),
  meetings_called_off: ({ params }) => trouble(['meeting'], params.days ?? 90),
  meetings_no_show: ({ params }) => trouble(['meeting'], params.days ?? 90),
  meetings_canceled: ({ params }) => trouble(['meeting'], params.days ?? 90),
  open_tickets: ({ params }) => trouble(['ticket'], params.days ?? MONTH),
  open_severe_tickets: ({ params }) => trouble(['ticket'], params.days ?? MONTH),
  open_high_tickets: ({ params }) => trouble(['ticket'], params.days ?? MONTH),
  open_escalated_tickets: ({ params }) => trouble(['ticket'], params.days ?? MONTH),
  oldest_ticket_age: () => trouble(['ticket'], MONTH),
  tickets_opened: ({ params }) => trouble(['ticket'], params.days ?? MONTH),
  tickets_trend: ({ params }) => trouble(['ticket'], params.days ?? MONTH),
  tickets_reopened: ({ params }) => trouble(['ticket'], params.days ?? 90),
  usage_trend: ({ params }) => present(['product'], params.days ?? MONTH),
  event_count: ({ params }) => typed(params.types, params.days ?? MONTH),
  event_trend: ({ params }) => typed(params.types, params.days ?? MONTH),
  // In whole weeks that have been over for a day.
  tier_share: ({ params }) => typed(params.types, (params.days ?? 28) + 8),
  tier_trend: ({ params }) => typed(params.types, (params.days ?? 28) + 8),
};

/** What of its sight a signal lacks at a moment. */
interface Unseen {
  readonly signal: BoundSignal;
  readonly gap: CoverageGap;
  readonly isPresence: boolean;
}

/** The signals of a score's part, by what they have to have seen. */
interface PartSight {
  /** What outages keep from them at the moment. Sets `moment.flip`. */
  unseen(moment: Moment): readonly Unseen[];
}

/**
 * Compiles what the signals of a part have to have seen: an outage, of a source that this customer uses, in the time that a signal looks
 * back on leaves it unseen.
 */
export function compileSight(signals: readonly BoundSignal[]): PartSight {
  const sighted = [...new Set(signals)].flatMap((signal) => {
    const sight = sights[signal.name]?.(signal);
    return sight ? [{ signal, sight }] : [];
  });
  return {
    unseen: (moment) => {
      let first = NEVER;
      const found: Unseen[] = [];
      const { gaps } = moment.around.context;
      for (const { signal, sight } of gaps.length === 0 ? [] : sighted) {
        const used = inUse(moment, sight.touchpoints);
        const since = sight.window === 'since' ? (signal.since?.(moment) ?? null) : moment.at - sight.window * DAY;
        for (const gap of gaps) {
          if (!gap.touchpoints.some((touchpoint) => used.includes(touchpoint))) continue;
          if (gap.from > moment.at) first = Math.min(first, gap.from);
          else if (gap.to === null || (since !== null && gap.to > since)) {
            found.push({ signal, gap, isPresence: sight.isPresence });
            if (gap.to !== null && sight.window !== 'since') first = Math.min(first, gap.to + sight.window * DAY);
          }
        }
      }
      moment.flip = first;
      return found;
    },
  };
}

/** Those by which this customer was ever in touch; all where it never was. */
function inUse({ tracks }: Moment, touchpoints: readonly Touchpoint[]): readonly Touchpoint[] {
  if (touchpoints.length === 1) return touchpoints;
  const used = touchpoints.filter((touchpoint) => tracks.contact.lastInbound[touchpoint] !== undefined);
  return used.length === 0 ? touchpoints : used;
}
