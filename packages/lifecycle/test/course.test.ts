import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, explain, parseDefinition, reduce, templateFile, verifyProof } from '../src/index.ts';
import type { AccountContext, AccountJourney } from '../src/index.ts';
import {
  ANN,
  context,
  DAY,
  day,
  History,
  lastFlag as flag,
  liveCustomer,
  MONDAY,
  openRules as open,
} from './account.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));

const seen = (history: History, days: number, more: Partial<AccountContext> = {}): AccountJourney =>
  reduce(journey, { ...context, ...more }, history.facts, day(days));

describe('an answer to a flag', () => {
  const quiet = () => liveCustomer().talk(2, 100, 7);
  const answered = (history: History, days: number, answer = 'not_a_risk') =>
    history.add('flag.answered', days, {
      attributes: { rule: 'gone_quiet', answer, flagId: flag(seen(quiet(), 122), 'gone_quiet').flagId },
    });

  it('not a risk: clears the flag and keeps the rule shut for thirty days', () => {
    const answer = seen(answered(quiet(), 123), 140);
    expect(open(answer)).toEqual([]);
    expect(flag(answer, 'gone_quiet')).toMatchObject({ clearedAt: day(123), clearedBecause: 'answered: not a risk' });
    expect(flag(seen(answered(quiet(), 123), 160), 'gone_quiet')).toMatchObject({
      openedAt: day(153),
      clearedAt: null,
    });
  });

  it('opens again if the condition ended in between', () => {
    const again = answered(quiet(), 123).from(124).to(124.1, ANN, 't124');
    // The silence of 24 days is part of what is usual now: the next one has to be far longer.
    const { openedAt } = flag(seen(again, 220), 'gone_quiet');
    expect(openedAt).toBeGreaterThan(day(124 + 24 * 2));
    expect(openedAt).toBeLessThan(day(124 + 24 * 3));
  });

  it('leaves the engine alone otherwise', () => {
    expect(open(seen(answered(quiet(), 123, 'snoozed'), 124))).toEqual(['gone_quiet']);
  });
});

describe('stages', () => {
  it('goes from first contact to win-back, every move recorded with its kind', () => {
    const history = new History()
      .stage(-60, 'lead')
      .add('deal.created', -40, { attributes: { dealId: 'n', kind: 'new' } })
      .add('deal.won', 0, { attributes: { dealId: 'n', kind: 'new' } })
      .onboarding(25, 'live')
      .add('account.churned', 300)
      .add('deal.won', 340, { attributes: { dealId: 'm', kind: 'new' } })
      .talk(1, 420, 7);
    const answer = seen(history, 420, { renewalAt: day(800) });
    expect(answer.periods.map(({ stage, direction, move }) => `${stage} ${direction} ${move}`)).toEqual([
      'awareness entry entry',
      'acquisition forward allowed',
      'onboarding forward allowed',
      'engagement forward allowed',
      'retention forward allowed',
      'churn skip allowed',
      'winback regress allowed',
      'retention re-entry allowed',
    ]);
  });
  it('begins where it is found when history begins late', () => {
    const answer = seen(new History().talk(700, 720, 5), 720, { watchedFrom: day(690), renewalAt: day(1000) });
    expect(answer.periods.map((period) => period.stage)).toEqual(['retention']);
    expect(answer.flags).toEqual([]);
  });
});

describe('proofs', () => {
  const quiet = liveCustomer().talk(2, 100, 7);

  it('are derived again from the log, and a change of the log or the proof is found', () => {
    const { proof } = flag(seen(quiet, 130), 'gone_quiet');
    expect(verifyProof(journey, context, quiet.facts, proof)).toMatchObject({ agrees: true });
    const without = quiet.facts.filter((fact) => fact.id !== proof.evidence[0]?.eventId);
    expect(verifyProof(journey, context, without, proof).agrees).toBe(false);
    expect(verifyProof(journey, context, quiet.facts, { ...proof, clears: 'nothing' }).because).toBe('proof_altered');
  });

  it('are said as a person would', () => {
    const answer = seen(quiet, 130);
    const text = explain(answer, { flagId: flag(answer, 'gone_quiet').flagId, timezone: 'Europe/Berlin' });
    expect(text).toContain('No word from the customer for 21 days, since 15 Apr');
    expect(text).toContain('time since the customer was last in touch: 21 days, asked for at least 21 days');
    expect(text).toContain('Last word from the customer: a mail');
    expect(explain(answer)).toContain('Open flags: 1');
  });

  it('hold no name, address or subject', () => {
    const text = JSON.stringify(seen(quiet, 130).flags);
    expect(text).not.toMatch(/@|acme/);
  });
});

it('has no state for an account without facts, and wakes when it becomes a customer', () => {
  const answer = reduce(journey, { ...context, customerSince: MONDAY }, [], MONDAY - DAY);
  expect(answer).toMatchObject({ stage: null, flags: [], nextChangeAt: MONDAY });
});
