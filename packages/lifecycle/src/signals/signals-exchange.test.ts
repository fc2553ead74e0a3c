import { describe, expect, it } from 'vitest';
import type { SignalName, SignalParams } from '@waymark/journey';
import { ANN, BOB, day, History } from '../../test/account.ts';
import { reading } from '../../test/reading.ts';
import type { Fact } from '../course/state.ts';

const CASEY = 'casey@vendor.example';
const SAM = 'sam@vendor.example';

const value = (history: History, at: number, name: SignalName, params?: SignalParams) =>
  reading(history, at, name, params).value;

const chat = (history: History, at: number, who = ANN, more: Partial<Fact> = {}): History =>
  history.add('chat.received', at, {
    direction: 'inbound',
    participants: [{ role: 'from', address: who }],
    attributes: { channel: 'c1' },
    ...more,
  });
const ticket = (history: History, at: number, who = ANN, attributes: Record<string, unknown> = {}): History =>
  history.add('ticket.opened', at, {
    direction: 'inbound',
    participants: [{ role: 'requester', address: who }],
    attributes: { ticketId: `k${at}`, ...attributes },
  });
const wrote = (history: History, at: number, sender: string, to: string, threadId: string, cc: string[] = []) =>
  history.add('email.sent', at, {
    direction: 'outbound',
    participants: [
      { role: 'from', address: sender },
      { role: 'to', address: to },
      ...cc.map((address) => ({ role: 'cc' as const, address })),
    ],
    attributes: { threadId },
  });

describe('how long the customer takes to answer us', () => {
  it('is the median of the latest answers, counted from our first mail that had none', () => {
    const history = new History();
    // Monday to Tuesday, five times; a reminder in between does not start the clock anew.
    for (let week = 0; week < 5; week += 1) {
      history.to(week * 7, ANN, `t${week}`);
      history.to(week * 7 + 0.5, ANN, `t${week}`);
      history.from(week * 7 + 1, ANN, `t${week}`);
    }
    expect(value(history, 30, 'their_answer_time')).toBe(1);
    // Then they take three days.
    for (let week = 5; week < 8; week += 1) history.to(week * 7, ANN, `t${week}`).from(week * 7 + 3, ANN, `t${week}`);
    expect(value(history, 60, 'their_answer_time')).toBe(1);
    expect(value(history, 60, 'their_answer_time', { latest: 3 })).toBe(3);
    expect(value(history, 60, 'their_answer_time', { percentile: 0.9 })).toBe(3);
  });

  it('leaves weekends out, and knows nothing of fewer than five answers, other threads, or answers of another season', () => {
    const history = new History();
    // Friday to Monday is one business day.
    for (let week = 0; week < 4; week += 1)
      history.to(week * 7 + 4, ANN, `t${week}`).from(week * 7 + 7, ANN, `t${week}`);
    expect(value(history, 40, 'their_answer_time')).toBeNull();
    history.to(40, ANN, 'a').from(41, ANN, 'b').to(50, ANN, 'c').from(90, ANN, 'c');
    expect(value(history, 100, 'their_answer_time')).toBeNull();
    history.to(102, ANN, 'd').from(105, ANN, 'd');
    expect(value(history, 110, 'their_answer_time')).toBe(1);
  });
});

describe('a question asked again elsewhere', () => {
  it('counts when the same person asks by another channel and nobody has answered', () => {
    const history = chat(new History().from(1, ANN), 3);
    const { value: count, evidence } = reading(history, 4, 'repeated_questions');
    expect(count).toBe(1);
    expect(evidence.map(({ note }) => note)).toEqual([
      'Asked again by a chat message, 2 days after a mail',
      'Asked first by a mail, and not answered until then',
    ]);
    expect(value(history, 34, 'repeated_questions')).toBe(0);
  });

  it('does not when it was answered in between, in whatever way', () => {
    const answers: ((history: History) => History)[] = [
      (history) => history.to(2, ANN, 'another thread'),
      (history) => history.to(2, BOB, 't1'),
      (history) => history.meeting('meeting.held', 2),
      (history) => history.add('chat.sent', 2, { direction: 'outbound', participants: [{ role: 'to', address: ANN }] }),
    ];
    for (const answer of answers)
      expect(value(chat(answer(new History().from(1, ANN)), 3), 4, 'repeated_questions')).toBe(0);
    const solved = ticket(new History(), 1).add('ticket.solved', 2, { attributes: { ticketId: 'k1' } });
    expect(value(solved.from(3, ANN), 4, 'repeated_questions')).toBe(0);
    // An answer of a machine is none.
    const auto = new History().from(1, ANN).to(2, ANN, 't1', { automated: true });
    expect(value(chat(auto, 3), 4, 'repeated_questions')).toBe(1);
  });

  it('does not for another person, the same channel, the copy of a mail that makes a ticket, or long after', () => {
    expect(value(chat(new History().from(1, ANN), 3, BOB), 4, 'repeated_questions')).toBe(0);
    expect(value(new History().from(1, ANN, 'a').from(3, ANN, 'b'), 4, 'repeated_questions')).toBe(0);
    expect(value(ticket(new History().from(1, ANN), 1.01), 4, 'repeated_questions')).toBe(0);
    const late = chat(new History().from(1, ANN), 11);
    expect(value(late, 12, 'repeated_questions')).toBe(0);
    expect(value(late, 12, 'repeated_questions', { withinDays: 14 })).toBe(1);
    expect(value(chat(new History().from(1, ANN), 17), 18, 'repeated_questions', { withinDays: 14 })).toBe(0);
  });

  it('counts once however many lines follow there, and again in a third place', () => {
    const history = chat(chat(chat(new History().from(1, ANN), 2), 2.01), 2.02);
    expect(value(history, 3, 'repeated_questions')).toBe(1);
    expect(value(ticket(history, 3), 4, 'repeated_questions')).toBe(2);
  });

  it('knows a question of two people by its subject, where subjects are kept and say something', () => {
    const asked = (subject: string) =>
      new History().from(1, ANN, 't1', { attributes: { threadId: 't1', subject: `Re: AW: ${subject}` } });
    const again = (subject: string) => ticket(asked(subject), 2, BOB, { subject: subject.toUpperCase() });
    expect(value(again('The export stops at midnight'), 3, 'repeated_questions')).toBe(1);
    expect(value(again('Question'), 3, 'repeated_questions')).toBe(0);
  });
});

describe('two of ours who write side by side', () => {
  it('count once for a day, unless they share a thread or one has a copy', () => {
    const apart = wrote(wrote(new History(), 1, CASEY, ANN, 'a'), 1.2, SAM, BOB, 'b');
    const { value: count, evidence } = reading(wrote(apart, 1.25, CASEY, BOB, 'c'), 2, 'crossed_outreach');
    expect(count).toBe(1);
    expect(evidence).toHaveLength(2);
    expect(value(apart, 31.5, 'crossed_outreach')).toBe(0);
    expect(value(wrote(wrote(new History(), 1, CASEY, ANN, 'a'), 1.2, SAM, BOB, 'a'), 2, 'crossed_outreach')).toBe(0);
    expect(
      value(wrote(wrote(new History(), 1, CASEY, ANN, 'a', [SAM]), 1.2, SAM, BOB, 'b'), 2, 'crossed_outreach'),
    ).toBe(0);
    expect(value(wrote(wrote(new History(), 1, CASEY, ANN, 'a'), 1.2, CASEY, BOB, 'b'), 2, 'crossed_outreach')).toBe(0);
    expect(value(wrote(wrote(new History(), 1, CASEY, ANN, 'a'), 2, SAM, BOB, 'b'), 3, 'crossed_outreach')).toBe(0);
  });

  it('do not when one of them answers what the customer wrote', () => {
    const history = wrote(wrote(new History().from(0.9, BOB, 'b'), 1, CASEY, ANN, 'a'), 1.2, SAM, BOB, 'b');
    expect(value(history, 2, 'crossed_outreach')).toBe(0);
  });
});

describe('a handoff', () => {
  const won = () => new History().add('deal.won', 0, { attributes: { dealId: 'd', kind: 'new' } });

  it('waits in business days until one of ours writes, meets or invites', () => {
    expect(value(won(), 7, 'handoff_untouched')).toBe(5);
    expect(value(won().to(3), 7, 'handoff_untouched')).toBeNull();
    expect(value(won().meeting('meeting.held', 3), 7, 'handoff_untouched')).toBeNull();
    const invited = won().add('meeting.scheduled', 3, { direction: 'outbound', attributes: { startsAt: day(9) } });
    expect(value(invited, 7, 'handoff_untouched')).toBeNull();
    // Neither a word of theirs nor one of a machine takes it up.
    expect(value(won().from(3).to(3, ANN, 't', { automated: true }), 7, 'handoff_untouched')).toBe(5);
    expect(value(won(), 59, 'handoff_untouched')).toBeGreaterThan(40);
    expect(value(won(), 60, 'handoff_untouched')).toBeNull();
  });

  it('is a new customer, or another owner or CSM, and counts from the first of these', () => {
    const by = (
      type: 'crm.owner_changed' | 'crm.property_changed' | 'crm.stage_changed',
      attributes: Record<string, unknown>,
    ) => value(new History().add(type, 0, { attributes }), 1, 'handoff_untouched');
    expect(by('crm.owner_changed', { from: '1', owner: '2' })).toBe(1);
    expect(by('crm.owner_changed', { owner: '2' })).toBeNull();
    expect(by('crm.property_changed', { property: 'csm', role: 'csm', from: '', to: '2' })).toBe(1);
    expect(by('crm.property_changed', { property: 'csm', role: 'csm', from: '2', to: '' })).toBeNull();
    expect(by('crm.stage_changed', { to: 'Customer' })).toBe(1);
    expect(by('crm.stage_changed', { to: 'opportunity' })).toBeNull();
    expect(value(won().stage(1, 'customer'), 2, 'handoff_untouched')).toBe(2);
    // A promoter who is called a customer again has not been handed over, nor has one who buys more.
    expect(value(new History().stage(0, 'evangelist').to(1).stage(2, 'customer'), 3, 'handoff_untouched')).toBeNull();
    const renewed = new History().add('deal.won', 0, { attributes: { kind: 'renewal' } });
    expect(value(renewed, 3, 'handoff_untouched')).toBeNull();
  });
});

describe('an upsell while something is on fire', () => {
  const severe = () => new History().ticket('ticket.opened', 1, 'k', 'urgent');
  const deal = (history: History, at: number, kind: string) =>
    history.add('deal.created', at, { attributes: { dealId: 'd', kind } });

  it('is an expansion deal opened or moved on while a severe ticket is open', () => {
    const history = deal(severe(), 3, 'expansion').add('deal.stage_changed', 4, {
      attributes: { dealId: 'd', stage: 'x' },
    });
    const { value: count, evidence } = reading(history, 5, 'upsell_during_severe');
    expect(count).toBe(2);
    expect(evidence[1]?.note).toBe('Severe ticket that was open then, for 3 days');
    expect(value(history, 33.5, 'upsell_during_severe')).toBe(1);
  });

  it('is not a renewal, nor one after the ticket was solved, nor beside one that is not severe', () => {
    expect(value(deal(severe(), 3, 'renewal'), 5, 'upsell_during_severe')).toBe(0);
    expect(value(deal(severe().ticket('ticket.solved', 2, 'k'), 3, 'expansion'), 5, 'upsell_during_severe')).toBe(0);
    const mild = new History().ticket('ticket.opened', 1, 'k', 'high');
    expect(value(deal(mild, 3, 'expansion'), 5, 'upsell_during_severe')).toBe(0);
  });
});
