import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, isEndDated, parseDefinition, reduce, templateFile, verifyProof } from '../src/index.ts';
import type { AccountContext, AccountJourney } from '../src/index.ts';
import { ANN, BOB, context, DAY, day, History, lastFlag, liveCustomer, openRules } from './account.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));
const seen = (history: History, days: number, more: Partial<AccountContext> = {}): AccountJourney =>
  reduce(journey, { ...context, ...more }, history.facts, day(days));

describe('the renewal date', () => {
  /** Silent since day 280, two months before renewal. */
  const silent = () => liveCustomer().talk(2, 280, 7).renewal(1, '2027-01-05');
  const moved = { renewalAt: Date.UTC(2027, 6, 1) };

  it('that was moved leaves the flags of before as history', () => {
    const before = lastFlag(seen(silent(), 330), 'renewal_weak');
    expect(before.clearedAt).toBeNull();
    const after = seen(silent().renewal(335, '2027-07-01'), 340, moved);
    expect(lastFlag(after, 'renewal_weak')).toMatchObject({
      flagId: before.flagId,
      openedAt: before.openedAt,
      clearedAt: day(335),
      clearedBecause: 'they renewed, the date was moved out, or they are in touch and meet again',
    });
  });

  it('is judged by what the CRM said at the time, and taken back when it is emptied', () => {
    expect(openRules(seen(silent(), 330, moved))).toContain('renewal_weak');
    expect(openRules(seen(silent().renewal(325, ''), 340))).not.toContain('renewal_weak');
    expect(openRules(seen(silent().renewal(325, 'next summer'), 340))).toContain('renewal_weak');
    expect(openRules(seen(silent().renewal(300, String(day(700))), 340))).not.toContain('renewal_weak');
  });

  it('is that of the record where nothing is dated', () => {
    const undated = liveCustomer().talk(2, 280, 7);
    expect(openRules(seen(undated, 330))).toContain('renewal_weak');
    expect(openRules(seen(undated, 330, moved))).not.toContain('renewal_weak');
  });
});

describe('an account that is no longer a customer', () => {
  const quiet = () => liveCustomer().talk(2, 100, 7).talk(2.5, 100, 7, BOB);
  const left = { isCustomer: false };

  it('keeps its past flags, cleared when it left', () => {
    const before = lastFlag(seen(quiet(), 129), 'gone_quiet');
    const gone = quiet().add('account.churned', 130);
    const answer = seen(gone, 140, left);
    expect(lastFlag(answer, 'gone_quiet')).toMatchObject({
      flagId: before.flagId,
      clearedAt: day(130),
      clearedBecause: 'no longer a customer',
    });
    expect(openRules(answer)).toEqual([]);
    expect(answer.health.score).toBeNull();
    expect(verifyProof(journey, { ...context, ...left }, gone.facts, before.proof).because).toBe('same');
  });

  it('keeps them where the CRM only says another stage, of any name', () => {
    const answer = seen(quiet().stage(130, 'partner'), 140, left);
    expect(lastFlag(answer, 'gone_quiet').clearedAt).toBe(day(130));
    expect(openRules(answer)).toEqual([]);
  });

  it('has none from a time that no event ends: the record knows better', () => {
    expect(seen(quiet(), 140, left).flags).toEqual([]);
    // A customer once, and, by a deal alone, again.
    const again = quiet()
      .add('account.churned', 130)
      .add('deal.won', 200, { attributes: { dealId: 'm', kind: 'new' } });
    expect(seen(again.from(201, ANN, 'q'), 230, left).flags.map((flag) => flag.rule)).toEqual(['gone_quiet']);
  });

  it('has none if it never was one', () => {
    const { customerSince: _none, ...prospect } = context;
    const facts = quiet().facts.filter((fact) => fact.type === 'email.received' || fact.type === 'email.sent');
    expect(reduce(journey, { ...prospect, ...left }, facts, day(140)).flags).toEqual([]);
  });
});

describe('quiet days', () => {
  /** The last word came on 11 December; 24 December to 1 January count for nothing. */
  const festive = () => liveCustomer().talk(4, 340, 7);

  it('put silence off to the instant, and say it in days of the calendar', () => {
    expect(openRules(seen(festive(), 340 + 29.9))).not.toContain('gone_quiet');
    const answer = seen(festive(), 340 + 35, { renewalAt: day(800) });
    expect(lastFlag(answer, 'gone_quiet')).toMatchObject({
      openedAt: day(340 + 30),
      reason: 'No word from the customer for 30 days, since 11 Dec; usual gap 7 days',
    });
    expect(lastFlag(answer, 'gone_quiet').proof.comparisons.some((one) => one.value === 21 && one.holds)).toBe(true);
  });

  it('ask for sources that were watched for as much longer', () => {
    const watched = (days: number) => seen(festive(), 340 + 35, { renewalAt: day(800), watchedFrom: day(days) });
    expect(openRules(watched(340))).toContain('gone_quiet');
    expect(lastFlag(watched(342), 'gone_quiet').openedAt).toBe(day(342 + 30));
    const gap = { from: day(341), to: day(345), touchpoints: ['email' as const], reason: 'the mailbox was cut off' };
    expect(openRules(seen(festive(), 340 + 34.9, { renewalAt: day(800), gaps: [gap] }))).not.toContain('gone_quiet');
    expect(openRules(seen(festive(), 340 + 35, { renewalAt: day(800), gaps: [gap] }))).toContain('gone_quiet');
  });

  it('do not make a mail wait', () => {
    // Wednesday 23 December 2026, 10:00 in Berlin, to Monday the 4th and a half.
    const asked = liveCustomer().talk(4, 346, 7).from(352, ANN, 'q');
    const context = { renewalAt: day(800) };
    expect(openRules(seen(asked, 363, context))).not.toContain('unanswered_mail');
    expect(lastFlag(seen(asked, 366, context), 'unanswered_mail').openedAt - day(0)).toBeGreaterThan(363 * DAY);
  });
});

describe('an account that is a customer no longer', () => {
  it('has at an earlier instant the flags that it had then, where dated facts tell how it ended', () => {
    const history = new History().stage(0, 'customer').onboarding(20, 'live').talk(21, 60, 3).stage(140, 'churned');
    const gone = { ...context, isCustomer: false };
    const flagsAt = (around: AccountContext, at: number) =>
      reduce(journey, around, history.facts, at).flags.map(({ rule, openedAt }) => ({ rule, openedAt }));
    const known = flagsAt(gone, day(150)).filter(({ openedAt }) => openedAt <= day(120));
    expect(known.map(({ rule }) => rule)).toContain('gone_quiet');
    expect(isEndDated(journey, gone, history.facts)).toBe(true);
    expect(flagsAt({ ...gone, isEndDated: true }, day(120))).toEqual(known);
    expect(flagsAt(gone, day(120))).toEqual([]);
    // Where the CRM alone knows that it is none, what events seemed to show is not believed.
    const undated = history.facts.slice(0, -1);
    expect(isEndDated(journey, gone, undated)).toBe(false);
  });
});
