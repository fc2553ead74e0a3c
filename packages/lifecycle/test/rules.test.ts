import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, templateFile } from '../src/index.ts';
import type { AccountContext, AccountJourney } from '../src/index.ts';
import { ANN, BOB, context, day, History, lastFlag as flag, liveCustomer, openRules as open } from './account.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));

const seen = (history: History, days: number, more: Partial<AccountContext> = {}): AccountJourney =>
  reduce(journey, { ...context, ...more }, history.facts, day(days));

describe('gone_quiet', () => {
  const weekly = () => liveCustomer().talk(2, 100, 7);

  it('opens at the very instant at which the silence is too long, and says it in numbers', () => {
    // The last mail came on day 100.
    const before = seen(weekly(), 120.999);
    expect(open(before)).toEqual([]);
    expect(before.nextChangeAt).not.toBeNull();
    const answer = seen(weekly(), 134);
    expect(flag(answer, 'gone_quiet')).toMatchObject({
      openedAt: day(100 + 21),
      reason: 'No word from the customer for 21 days, since 15 Apr; usual gap 7 days',
      reasonNow: 'No word from the customer for 34 days, since 15 Apr; usual gap 7 days',
    });
  });

  it('waits longer for a customer who is seldom in touch', () => {
    const seldom = liveCustomer().talk(2, 182, 20);
    expect(open(seen(seldom, 182 + 55))).not.toContain('gone_quiet');
    expect(open(seen(seldom, 182 + 61))).toContain('gone_quiet');
  });

  it('clears on the first word, and keeps the past flag', () => {
    const answer = seen(weekly().from(125).to(125.1, ANN, 't125'), 130);
    expect(flag(answer, 'gone_quiet')).toMatchObject({
      clearedAt: day(125),
      clearedBecause: 'the customer was in touch on 10 May',
    });
    expect(open(answer)).toEqual([]);
  });

  it('is not deceived by machines (C4)', () => {
    const answer = seen(weekly().from(110, ANN, 'x', { automated: true }), 125);
    expect(open(answer)).toContain('gone_quiet');
  });

  it('does not take an invitation that nobody answered for a meeting', () => {
    const standing = weekly().meeting('meeting.held', 114, { heldBasis: 'assumed' }, 'none');
    expect(open(seen(standing, 125))).toContain('gone_quiet');
    const accepted = weekly().meeting('meeting.held', 114, { heldBasis: 'assumed' }, 'accepted');
    expect(open(seen(accepted, 125))).not.toContain('gone_quiet');
  });

  it('leaves those alone who are not customers', () => {
    expect(open(seen(weekly(), 140, { isCustomer: false }))).toEqual([]);
  });
});

describe('coverage', () => {
  const gap = (from: number, to: number | null) => ({
    gaps: [
      {
        from: day(from),
        to: to === null ? null : day(to),
        touchpoints: ['email' as const],
        reason: 'the mailbox of casey was not read',
      },
    ],
  });
  const weekly = () => liveCustomer().talk(2, 100, 7);

  it('takes silence behind a broken pipe for what it is, and says so', () => {
    const answer = seen(weekly(), 125, gap(105, 114));
    expect(open(answer)).toEqual(['data_gap']);
    expect(flag(answer, 'data_gap')).toMatchObject({ kind: 'data_gap', openedAt: day(121) });
    expect(flag(answer, 'data_gap').reason).toContain('the mailbox of casey was not read');
  });

  it('judges again once everything was watched for long enough', () => {
    const answer = seen(weekly(), 140, gap(105, 114));
    expect(flag(answer, 'gone_quiet').openedAt).toBe(day(114 + 21));
    expect(flag(answer, 'data_gap').clearedAt).toBe(day(135));
  });

  it('gives the same state after late delivery as if it had come in time', () => {
    const late = weekly().from(108).to(108.1, ANN, 't108');
    expect(seen(late, 125).digest).toBe(seen(late, 125, { gaps: [] }).digest);
    expect(open(seen(late, 125))).toEqual([]);
  });

  it('does not judge a time before watching began', () => {
    expect(open(seen(weekly(), 125, { watchedFrom: day(110) }))).toEqual([]);
    expect(open(seen(weekly(), 135, { watchedFrom: day(110) }))).toContain('gone_quiet');
  });
});

describe('unanswered_mail', () => {
  it('counts business days in the zone of the account', () => {
    // Thursday 10:00 in Berlin; two business days end on Monday at 10:00.
    const history = liveCustomer().talk(2, 58, 7).from(59, ANN, 'question');
    const monday = day(63);
    expect(open(reduce(journey, context, history.facts, monday))).toEqual([]);
    const answer = reduce(journey, context, history.facts, monday + 1);
    expect(flag(answer, 'unanswered_mail').openedAt).toBe(monday + 1);
    expect(flag(answer, 'unanswered_mail').reason).toBe(
      '1 customer mail without an answer, waiting since 5 Mar: more than 2 business days',
    );
  });

  it.each([
    ['a mail in the thread', (history: History) => history.to(60, BOB, 'question')],
    ['a mail to the same person', (history: History) => history.to(60, ANN, 'another')],
    ['a meeting with that person', (history: History) => history.meeting('meeting.held', 60)],
  ])('is answered by %s', (_what, answer) => {
    expect(open(seen(answer(liveCustomer().talk(2, 58, 7).from(59, ANN, 'question')), 66))).toEqual([]);
  });

  it('is not answered by a machine', () => {
    const history = liveCustomer()
      .talk(2, 58, 7)
      .from(59, ANN, 'question')
      .to(59.1, ANN, 'question', { automated: true });
    expect(open(seen(history, 66))).toEqual(['unanswered_mail']);
  });

  it('does not expect an answer to mail that colleagues of theirs get and we have a copy of', () => {
    const among = liveCustomer()
      .talk(2, 58, 7)
      .from(59, ANN, 'among', {
        participants: [
          { role: 'from', address: ANN },
          { role: 'to', address: BOB },
          { role: 'cc', address: 'casey@vendor.example' },
        ],
      });
    expect(open(seen(among, 66))).toEqual([]);
  });

  it('lets a thank-you rest, but not the mail after it', () => {
    const thanks = liveCustomer().talk(2, 58, 7).from(59, ANN, 'q').to(59.1, ANN, 'q').from(59.2, ANN, 'q');
    expect(open(seen(thanks, 66))).toEqual([]);
    expect(open(seen(thanks.from(59.5, ANN, 'q'), 66))).toEqual(['unanswered_mail']);
  });
});

describe('champion_left', () => {
  const both = () => liveCustomer().talk(2, 100, 7).talk(3, 100, 7, BOB);

  it('opens when the champion leaves, and clears when a new one is named', () => {
    const left = both().add('contact.left', 101, {
      participants: [{ role: 'contact', address: ANN }],
      attributes: { persona: 'champion' },
    });
    expect(flag(seen(left, 102), 'champion_left')).toMatchObject({
      severity: 'critical',
      reason: 'A champion left on 16 Apr; no other champion has been in touch since',
    });
    const replaced = left.add('contact.added', 103, {
      participants: [{ role: 'contact', address: BOB }],
      attributes: { persona: 'champion' },
    });
    expect(open(seen(replaced, 104))).not.toContain('champion_left');
  });

  it('opens when mail to the champion bounces, and clears if the champion writes after all', () => {
    const bounced = both().from(101, 'mailer-daemon@acme.example', 'b', {
      automated: true,
      attributes: { bounce: true, failedRecipients: [ANN] },
    });
    expect(open(seen(bounced, 102))).toContain('champion_left');
    expect(open(seen(bounced.from(103).to(103.1, ANN, 't103'), 104))).not.toContain('champion_left');
  });

  it('does not mind a user who leaves', () => {
    const left = both().add('contact.left', 101, {
      participants: [{ role: 'contact', address: BOB }],
      attributes: { persona: 'user' },
    });
    expect(open(seen(left, 102))).toEqual([]);
  });

  it('opens when the champion falls silent while others write', () => {
    const history = liveCustomer().talk(2, 60, 7).talk(3, 140, 7, BOB);
    expect(open(seen(history, 110))).not.toContain('champion_left');
    expect(flag(seen(history, 130), 'champion_left').reason).toMatch(
      /^No word from the champion for 60 days, since \d+ Mar; usual gap 7 days\. Others there still write$/,
    );
  });

  it('opens on the day that the CRM gives for the leaving', () => {
    const contacts = [{ address: ANN, persona: 'Champion', leftAt: day(101.5) }, { address: BOB }];
    const before = seen(both(), 101, { contacts });
    expect(before.nextChangeAt).toBe(day(101.5));
    expect(flag(seen(both(), 102, { contacts }), 'champion_left').openedAt).toBe(day(101.5));
  });
});

describe('ticket_load', () => {
  const busy = (count: number) => {
    const history = liveCustomer().talk(2, 110, 7);
    for (let index = 0; index < count; index++) history.ticket('ticket.opened', 100 + index / 10, `k${index}`);
    return history;
  };

  it('opens at five tickets, eight for an enterprise', () => {
    expect(open(seen(busy(4), 102))).toEqual([]);
    expect(flag(seen(busy(5), 102), 'ticket_load').reason).toBe('5 tickets open');
    expect(open(seen(busy(7), 102, { tier: 'Enterprise' }))).toEqual([]);
    expect(open(seen(busy(8), 102, { tier: 'Enterprise' }))).toEqual(['ticket_load']);
  });

  it('clears with a threshold of its own, so that it does not flap', () => {
    const four = busy(5).ticket('ticket.solved', 103, 'k0');
    expect(open(seen(four, 104))).toEqual(['ticket_load']);
    expect(open(seen(four.ticket('ticket.solved', 104, 'k1'), 105))).toEqual([]);
  });

  it('opens at two that are urgent or escalated', () => {
    const severe = liveCustomer()
      .talk(2, 110, 7)
      .ticket('ticket.opened', 100, 'a', 'urgent')
      .ticket('ticket.opened', 101, 'b');
    expect(open(seen(severe, 102))).toEqual([]);
    expect(open(seen(severe.ticket('ticket.escalated', 101.5, 'b'), 102))).toEqual(['ticket_load']);
  });
});

describe('onboarding_behind', () => {
  it('names the milestone that is late, from the day it was due', () => {
    const stuck = new History().stage(0, 'customer').talk(1, 80, 5).onboarding(5, 'kickoff').onboarding(15, 'training');
    expect(open(seen(stuck, 59))).toEqual([]);
    const late = seen(stuck, 64);
    expect(flag(late, 'onboarding_behind')).toMatchObject({
      openedAt: day(60),
      reason: 'Go-live was due on 6 Mar and is not reached',
    });
    expect(late.milestones.find((one) => one.milestone === 'go_live')).toMatchObject({
      status: 'behind',
      dueAt: day(60),
    });
    const live = seen(stuck.onboarding(66, 'live'), 70);
    expect(open(live)).toEqual([]);
    expect(live.stage).toBe('engagement');
    expect(live.milestones.find((one) => one.milestone === 'go_live')?.status).toBe('reached_late');
  });

  it('is content with an onboarding in time', () => {
    expect(seen(liveCustomer().talk(1, 70, 5), 70).flags).toEqual([]);
  });
});

describe('renewal_weak', () => {
  const slipping = () => {
    const history = liveCustomer().talk(2, 330, 7);
    history.add('deal.created', 260, { attributes: { dealId: 'r', kind: 'renewal', closeAt: day(350) } });
    for (const [at, from, to] of [
      [310, 350, 360],
      [320, 360, 375],
    ] as const) {
      history.add('deal.close_date_changed', at, {
        attributes: { dealId: 'r', kind: 'renewal', previousCloseAt: day(from), closeAt: day(to) },
      });
    }
    return history;
  };

  it('opens when the deal slips as the renewal comes near', () => {
    const answer = seen(slipping(), 322);
    expect(flag(answer, 'renewal_weak')).toMatchObject({ openedAt: day(320), severity: 'critical' });
    expect(flag(answer, 'renewal_weak').reason).toMatch(
      /^Renewal in 45 days, on 5 Jan; close date put off twice; last word from the customer \d days ago/,
    );
  });

  it('opens on a silence that is long for this customer, and not on one that is usual with them', () => {
    expect(open(seen(liveCustomer().talk(2, 310, 7), 335))).toContain('renewal_weak');
    expect(open(seen(liveCustomer().talk(2, 310, 28), 335))).not.toContain('renewal_weak');
    expect(open(seen(liveCustomer().talk(2, 310, 70), 335))).not.toContain('renewal_weak');
  });

  it('opens on a fall of what is usual with them, though they are in touch and nothing slips, and only near the renewal', () => {
    const falling = () => liveCustomer().talk(2, 290, 1).talk(297, 340, 9);
    const answer = seen(falling(), 338);
    expect(open(answer)).toContain('renewal_weak');
    expect(flag(answer, 'renewal_weak').reason).toMatch(/words, meetings and use at \d+ % of what is usual/);
    // By the fall alone: the last word is as young as ever, and another year's renewal is no reason.
    expect(open(seen(falling(), 338, { renewalAt: day(700) }))).not.toContain('renewal_weak');
    expect(open(seen(liveCustomer().talk(2, 340, 1), 338))).not.toContain('renewal_weak');
  });

  it('is content where they are in touch and nothing slips', () => {
    expect(open(seen(liveCustomer().talk(2, 330, 7), 330))).toEqual([]);
  });

  it('clears when the renewal is won', () => {
    const won = slipping().add('deal.won', 325, { attributes: { dealId: 'r', kind: 'renewal' } });
    expect(open(seen(won, 326))).toEqual([]);
  });
});

describe('ready_to_expand', () => {
  const thriving = () => {
    const history = liveCustomer();
    for (let index = 0; index < 8; index++) history.talk(60 + index, 130, 10, `user${index}@acme.example`);
    history.talk(2, 130, 7);
    for (let at = 60; at < 130; at += 7) history.meeting('meeting.held', at + 0.1);
    return history;
  };

  it('opens after it has held for three days', () => {
    const answer = seen(thriving(), 129);
    expect(flag(answer, 'ready_to_expand')).toMatchObject({ kind: 'opportunity', clearedAt: null });
  });

  it('is held back while a risk is open', () => {
    const troubled = thriving();
    for (let index = 0; index < 5; index++) troubled.ticket('ticket.opened', 128, `k${index}`, 'urgent');
    const answer = seen(troubled, 129);
    expect(open(answer)).toEqual(['ticket_load']);
    expect(flag(answer, 'ready_to_expand').clearedBecause).toMatch(/held back while open: Many or severe tickets/);
  });
});
