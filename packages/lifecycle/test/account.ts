import type { EventType, Participant, Touchpoint } from '@waymark/journey';
import type { AccountContext, AccountJourney, Fact, Flag } from '../src/course/state.ts';

export const DAY = 86_400_000;
/** A Monday, 09:00 UTC. */
export const MONDAY = Date.UTC(2026, 0, 5, 9);
export const ANN = 'ann@acme.example';
export const BOB = 'bob@acme.example';
const CSM = 'casey@vendor.example';

/** The instant so many days after the first Monday. */
export const day = (days: number): number => MONDAY + Math.round(days * DAY);

const touchpoints: Readonly<Record<string, Touchpoint>> = {
  email: 'email',
  meeting: 'meeting',
  ticket: 'ticket',
  chat: 'chat',
  survey: 'survey',
  usage: 'product',
  flag: 'waymark',
};

/** Writes an account's history in the words of a story. Days are counted from the first Monday. */
export class History {
  readonly facts: Fact[] = [];

  add(type: EventType, days: number, more: Partial<Fact> = {}): this {
    const noun = type.split('.')[0] ?? '';
    this.facts.push({
      id: `${type}-${String(this.facts.length).padStart(5, '0')}`,
      type,
      occurredAt: day(days),
      recordedAt: day(days),
      touchpoint: touchpoints[noun] ?? 'crm',
      direction: 'none',
      participants: [],
      automated: false,
      attributes: {},
      ...more,
    });
    return this;
  }

  from(days: number, who = ANN, threadId = `t${days}`, more: Partial<Fact> = {}): this {
    return this.add('email.received', days, {
      direction: 'inbound',
      participants: [{ role: 'from', address: who }],
      attributes: { threadId },
      ...more,
    });
  }

  to(days: number, who = ANN, threadId = `t${days}`, more: Partial<Fact> = {}): this {
    return this.add('email.sent', days, {
      direction: 'outbound',
      participants: [
        { role: 'from', address: CSM },
        { role: 'to', address: who },
      ],
      attributes: { threadId },
      ...more,
    });
  }

  /** A question and its answer two hours later, every so many days. */
  talk(from: number, to: number, every: number, who = ANN): this {
    for (let at = from; at <= to; at += every)
      this.from(at, who, `talk${who}${at}`).to(at + 0.08, who, `talk${who}${at}`);
    return this;
  }

  meeting(
    type: 'meeting.held' | 'meeting.canceled' | 'meeting.no_show',
    days: number,
    attributes: Record<string, unknown> = {},
    response: Participant['response'] = 'accepted',
  ): this {
    return this.add(type, days, {
      direction: 'outbound',
      participants: [
        { role: 'organizer', address: CSM, response: 'accepted' },
        { role: 'attendee', address: ANN, ...(response ? { response } : {}) },
      ],
      attributes: { startsAt: day(days), ...attributes },
    });
  }

  ticket(
    type: 'ticket.opened' | 'ticket.solved' | 'ticket.escalated',
    days: number,
    ticketId: string,
    priority = 'medium',
  ): this {
    return this.add(type, days, {
      direction: type === 'ticket.opened' ? 'inbound' : 'none',
      participants: [{ role: 'requester', address: ANN }],
      attributes: { ticketId, priority },
    });
  }

  stage(days: number, to: string): this {
    return this.add('crm.stage_changed', days, { attributes: { to, property: 'lifecyclestage' } });
  }

  /** The renewal date as the CRM has it from that day on: a date, or empty. */
  renewal(days: number, to: string): this {
    return this.add('crm.property_changed', days, {
      attributes: { to, property: 'renewal_date', role: 'renewalDate' },
    });
  }

  onboarding(days: number, to: string): this {
    return this.add('crm.property_changed', days, { attributes: { to, property: 'onboarding_status' } });
  }
}

/** A customer since the first Monday, live after a month. */
export function liveCustomer(): History {
  return new History()
    .stage(-40, 'lead')
    .stage(0, 'customer')
    .onboarding(5, 'kickoff')
    .onboarding(15, 'training')
    .onboarding(30, 'live');
}

export const context: AccountContext = {
  accountId: '5d0f2a10-0000-8000-8000-000000000001',
  isCustomer: true,
  customerSince: MONDAY,
  renewalAt: MONDAY + 365 * DAY,
  tier: 'mid',
  timezone: 'Europe/Berlin',
  contacts: [{ address: ANN, persona: 'champion' }, { address: BOB }],
  gaps: [],
};

/** The rules whose flags are open. */
export const openRules = (answer: AccountJourney): string[] =>
  answer.flags.filter((flag) => flag.clearedAt === null).map((flag) => flag.rule);

/** The latest flag of a rule. */
export function lastFlag(answer: AccountJourney, rule: string): Flag {
  const found = answer.flags.findLast((one) => one.rule === rule);
  if (!found) throw new Error(`no flag ${rule}; there are ${answer.flags.map((one) => one.rule).join() || 'none'}`);
  return found;
}
