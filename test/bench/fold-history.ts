import type { EventType, Participant, Touchpoint } from '@waymark/journey';
import type { AccountContext, Fact } from '@waymark/lifecycle';
import { randomOf } from './history.ts';

const day = 86_400_000;

/** Accounts of so many facts each over so many days. */
interface FoldHistoryOptions {
  readonly accounts: number;
  readonly facts: number;
  readonly days: number;
  readonly until: number;
}

export interface FoldAccount {
  readonly context: AccountContext;
  /** In order of time. */
  readonly facts: readonly Fact[];
}

/** Accounts as the engine gets them, with string ids: mail for the most part, then meetings, tickets, use, surveys, deals, the CRM. */
export function foldAccounts({ accounts, facts, days, until }: FoldHistoryOptions): FoldAccount[] {
  const random = randomOf(11);
  return Array.from({ length: accounts }, (_, index) => accountOf(index, { facts, days, until }, random));
}

function accountOf(
  index: number,
  { facts, days, until }: Omit<FoldHistoryOptions, 'accounts'>,
  random: () => number,
): FoldAccount {
  const domain = `customer-${index}.example`;
  const from = until - days * day;
  const pick = (most: number) => Math.floor(random() * most);
  const made = Array.from({ length: facts }, (_, at): Fact => {
    const occurredAt = Math.floor(from + (days * day * (at + random())) / facts);
    const person = `person${pick(5)}@${domain}`;
    const ours = `csm${index % 12}@vendor.example`;
    const lot = at === 0 ? 1 : random();
    const base = (
      type: EventType,
      touchpoint: Touchpoint,
      direction: Fact['direction'],
      participants: Participant[],
      attributes: Fact['attributes'],
    ): Fact => ({
      id: `00000000-0000-8000-8000-${String(index * 1_000_000 + at).padStart(12, '0')}`,
      type,
      occurredAt,
      recordedAt: occurredAt,
      touchpoint,
      direction,
      participants,
      automated: random() < 0.03,
      attributes,
    });
    const mail = (inbound: boolean): Participant[] => [
      { role: 'from', address: inbound ? person : ours },
      { role: 'to', address: inbound ? ours : person },
    ];
    const threadId = `t-${index}-${Math.floor(at / 6)}`;
    const ticketId = `T-${index}-${Math.floor(at / 20)}`;
    if (lot < 0.3) return base('email.received', 'email', 'inbound', mail(true), { threadId });
    if (lot < 0.6) return base('email.sent', 'email', 'outbound', mail(false), { threadId });
    const guests: Participant[] = [person, ours].map((address) => ({
      role: 'attendee',
      address,
      response: 'accepted',
    }));
    const startsAt = occurredAt - 1_800_000;
    if (lot < 0.72) return base('meeting.held', 'meeting', 'outbound', guests, { startsAt });
    if (lot < 0.76) return base('meeting.canceled', 'meeting', 'outbound', guests, { startsAt: occurredAt + day });
    const requester: Participant[] = [{ role: 'requester', address: person }];
    if (lot < 0.82) return base('ticket.opened', 'ticket', 'inbound', requester, { ticketId, priority: 'medium' });
    if (lot < 0.88) return base('ticket.solved', 'ticket', 'none', [], { ticketId });
    if (lot < 0.97)
      return base('usage.recorded', 'product', 'none', [], { metric: 'weekly_active_users', value: 20 + pick(30) });
    if (lot < 0.98)
      return base('survey.responded', 'survey', 'inbound', [{ role: 'respondent', address: person }], {
        score: pick(11),
        kind: 'nps',
      });
    if (lot < 0.99)
      return base('deal.stage_changed', 'crm', 'none', [], { dealId: `D-${index}`, stage: 's', kind: 'renewal' });
    return base('crm.stage_changed', 'crm', 'none', [], { to: at === 0 ? 'customer' : 'live' });
  });
  return {
    context: {
      accountId: `00000000-0000-8000-8000-${String(index).padStart(12, '0')}`,
      isCustomer: true,
      customerSince: from - 30 * day,
      renewalAt: until + 100 * day,
      tier: index % 5 === 0 ? 'enterprise' : 'mid',
      timezone: 'Europe/Berlin',
      contacts: [{ address: `person0@${domain}`, persona: 'champion' }, { address: `person1@${domain}` }],
      gaps: [],
    },
    facts: made,
  };
}
