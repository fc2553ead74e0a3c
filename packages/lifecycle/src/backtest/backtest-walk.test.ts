import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, START } from '../../test/attributes.ts';
import { someFacts } from '../../test/histories.ts';
import { backtest, type BacktestAccount } from './backtest.ts';
import { walkAsKnown, type RaisedFlag } from './backtest-walk.ts';
import { compileJourney, parseDefinition, reduce, templateFile, type AccountContext, type Fact } from '../index.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));
const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 15);
console.log(`backtest-walk: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);
const HOUR = DAY / 24;

const context: AccountContext = {
  accountId: 'a',
  isCustomer: true,
  contacts: [],
  gaps: [],
  watchedFrom: START - 400 * DAY,
};
const contexts = [{ from: Number.MIN_SAFE_INTEGER, context }];

/** Facts of which some become known late, by hours or by weeks. */
const someLateFacts: fc.Arbitrary<Fact[]> = someFacts.chain((facts) =>
  fc
    .array(
      fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 900 }) }),
      {
        minLength: facts.length,
        maxLength: facts.length,
      },
    )
    .map((delays) =>
      facts.map((fact, index) => ({ ...fact, recordedAt: fact.occurredAt + (delays[index] ?? 0) * HOUR })),
    ),
);

const rulesOf = (raised: readonly RaisedFlag[]): string[] => raised.map((one) => one.flag.rule).sort();

const mail = (id: string, day: number, knownDay = day): Fact => ({
  id,
  type: 'email.received',
  occurredAt: START + day * DAY,
  recordedAt: START + knownDay * DAY,
  touchpoint: 'email',
  direction: 'inbound',
  participants: [{ role: 'from', address: 'ann@acme.example' }],
  automated: false,
  attributes: { threadId: id },
});
const answer = (id: string, day: number): Fact => ({
  ...mail(`${id}-answer`, day + 0.1),
  type: 'email.sent',
  direction: 'outbound',
  participants: [{ role: 'to', address: 'ann@acme.example' }],
  attributes: { threadId: id },
});
/** A customer who writes every other day, and is answered. */
const weekly = (from: number, to: number): Fact[] =>
  Array.from({ length: Math.ceil((to - from) / 2) }, (_, index) => from + index * 2).flatMap((day) => [
    mail(`m${day}`, day),
    answer(`m${day}`, day),
  ]);
const quiet = (raised: readonly RaisedFlag[]) => raised.filter((one) => one.flag.rule === 'gone_quiet');

describe('a walk through what was known', { timeout: 30_000 + runs * 4000 }, () => {
  it('rests each flag on what was known when it was raised', () => {
    fc.assert(
      fc.property(someLateFacts, (facts) => {
        const recordedAt = new Map(facts.map((fact) => [fact.id, fact.recordedAt]));
        for (const { asRaised, raisedAt } of walkAsKnown(journey, contexts, facts, START + 170 * DAY))
          for (const { eventId } of asRaised.proof.evidence)
            expect(recordedAt.get(eventId), `${asRaised.rule} ${eventId}`).toBeLessThanOrEqual(raisedAt);
      }),
      { seed, numRuns: runs * 4 },
    );
  });

  it('tells a flag with what was known when it could be told', () => {
    fc.assert(
      fc.property(someLateFacts, fc.integer({ min: 1, max: 200 }), (facts, hours) => {
        const recordedAt = new Map(facts.map((fact) => [fact.id, fact.recordedAt]));
        const later = (_: unknown, raisedAt: number) => raisedAt + hours * HOUR;
        for (const { asRaised, toldAt } of walkAsKnown(journey, contexts, facts, START + 170 * DAY, later))
          for (const { eventId } of asRaised.proof.evidence)
            expect(recordedAt.get(eventId), `${asRaised.rule} ${eventId}`).toBeLessThanOrEqual(toldAt);
      }),
      { seed, numRuns: runs },
    );
  });

  it('tells a flag that was taken back before it could be told when it comes back, and not before', () => {
    const [plain] = quiet(walkAsKnown(journey, contexts, weekly(0, 100), START + 200 * DAY));
    const opened = plain?.raisedAt ?? Number.NaN;
    const gap = { from: opened - DAY, to: null, touchpoints: ['email' as const], reason: 'nothing came' };
    const known = [
      ...contexts,
      { from: opened + DAY, context: { ...context, gaps: [gap] } },
      { from: opened + 5 * DAY, context },
    ];
    const told = (delay: number) =>
      quiet(walkAsKnown(journey, known, weekly(0, 100), START + 200 * DAY, (_, at) => at + delay));
    expect(told(DAY / 2)).toMatchObject([{ raisedAt: opened, toldAt: opened + DAY / 2, withdrawn: false }]);
    expect(told(2 * DAY)).toMatchObject([
      { raisedAt: opened + 5 * DAY, toldAt: opened + 7 * DAY, withdrawn: false, endedAt: null },
    ]);
  });

  it('has the same flags open each day as a fold of all facts known by then', () => {
    fc.assert(
      fc.property(someLateFacts, (facts) => {
        const to = START + 170 * DAY;
        for (let at = START; at < to; at += 9 * DAY + 7 * HOUR) {
          const known = facts.filter((fact) => fact.recordedAt <= at);
          const open = reduce(journey, context, known, at).flags.filter((flag) => flag.clearedAt === null);
          const raised = walkAsKnown(journey, contexts, facts, at + 1).filter((one) => one.endedAt === null);
          expect(rulesOf(raised), new Date(at).toISOString()).toEqual(open.map((flag) => flag.rule).sort());
        }
      }),
      { seed, numRuns: runs },
    );
  });

  it('tells the same of the time up to an instant, whatever comes later', () => {
    fc.assert(
      fc.property(someLateFacts, fc.integer({ min: 10, max: 120 }), (facts, day) => {
        const to = START + day * DAY;
        const told = (given: readonly Fact[]) =>
          walkAsKnown(journey, contexts, given, to).map(({ flag, raisedAt, endedAt, withdrawn }) => [
            flag.flagId,
            raisedAt,
            endedAt,
            withdrawn,
          ]);
        const known = facts.filter((fact) => fact.recordedAt < to);
        expect(told(facts)).toEqual(told(known));
        // And a longer walk raised by then what the short one did.
        const alerts = (until: number) =>
          walkAsKnown(journey, contexts, facts, until)
            .filter((one) => one.raisedAt < to)
            .map((one) => `${one.raisedAt} ${one.flag.rule}`)
            .sort();
        expect(alerts(to + 60 * DAY)).toEqual(alerts(to));
      }),
      { seed, numRuns: runs },
    );
  });

  it('raises a silence when it is known, and ends it with the word that ends it', () => {
    const [flag, ...more] = quiet(
      walkAsKnown(journey, contexts, [...weekly(0, 100), mail('back', 140)], START + 160 * DAY),
    );
    expect(more).toEqual([]);
    expect(flag?.raisedAt).toBeGreaterThan(START + 118 * DAY);
    expect(flag).toMatchObject({ endedAt: START + 140 * DAY, withdrawn: false });
  });

  it('E1: takes back what a late burst shows never was, but keeps that it was told', () => {
    const late = weekly(100, 140).map((fact) => ({
      ...fact,
      recordedAt: Math.max(fact.recordedAt, START + 135 * DAY),
    }));
    const [flag, ...more] = quiet(walkAsKnown(journey, contexts, [...weekly(0, 100), ...late], START + 150 * DAY));
    expect(more).toEqual([]);
    expect(flag).toMatchObject({ endedAt: START + 135 * DAY, withdrawn: true });
  });

  it('E1: with the outage known of, tells nothing at all', () => {
    const late = weekly(100, 140).map((fact) => ({
      ...fact,
      recordedAt: Math.max(fact.recordedAt, START + 135 * DAY),
    }));
    const gap = { from: START + 98 * DAY, to: null, touchpoints: ['email' as const], reason: 'nothing came' };
    const known = [
      ...contexts,
      { from: START + 100 * DAY, context: { ...context, gaps: [gap] } },
      { from: START + 135 * DAY, context },
    ];
    const raised = walkAsKnown(journey, known, [...weekly(0, 100), ...late], START + 150 * DAY);
    expect(quiet(raised)).toEqual([]);
  });

  it('moves an open flag whose beginning late facts move, and raises it once', () => {
    const facts = [...weekly(0, 100), mail('late', 103, 130)];
    const [flag, ...more] = quiet(walkAsKnown(journey, contexts, facts, START + 150 * DAY));
    expect(more).toEqual([]);
    expect(flag).toMatchObject({ endedAt: null, withdrawn: false });
    expect(flag?.raisedAt).toBeLessThan(flag?.flag.openedAt ?? 0);
  });
});

describe('a backtest', () => {
  const account = (name: string, facts: readonly Fact[]): BacktestAccount => ({
    account: name,
    contexts,
    facts,
    csmAt: () => 'csm@vendor.example',
    sourcesOf: () => ['mail'],
    sourcesAt: (_at, touchpoints) => (touchpoints.includes('email') ? ['mail'] : []),
  });
  const outcome = (type: 'account.churned' | 'account.renewed', day: number): Fact => ({
    ...mail(`${type}${day}`, day),
    type,
    touchpoint: 'crm',
    attributes: {},
  });
  const options = { from: START, to: START + 400 * DAY, fewestOutcomes: 1 };
  const rule = (accounts: readonly BacktestAccount[]) =>
    backtest(journey, accounts, options).rules.find((one) => one.rule === 'gone_quiet');

  it('holds a churn within the horizon for a hit with its lead, a renewal for a false alarm, and nothing for open', () => {
    const found = rule([
      account('hit.example', [...weekly(0, 100), outcome('account.churned', 160)]),
      account('false.example', [...weekly(0, 100), outcome('account.renewed', 160), ...weekly(161, 400)]),
      account('open.example', weekly(0, 380)),
      account('missed.example', [...weekly(0, 200), outcome('account.churned', 200)]),
    ]);
    expect(found).toMatchObject({ hits: 1, falseAlarms: 1, misses: 1 });
    expect(found?.recall.value).toBe(0.5);
    expect(found?.leadDays.p50).toBeGreaterThan(30);
    const [hit] = found?.cases.filter((one) => one.verdict === 'hit') ?? [];
    // An absence rests on what would have shown the contrary.
    expect(hit).toMatchObject({ account: 'hit.example', outcome: 'churned', sources: ['mail'] });
    expect(found?.missed).toMatchObject([{ account: 'missed.example', outcomeEvent: 'account.churned200' }]);
  });

  it('says what is missing where outcomes are undeclared or few', () => {
    const accounts = [account('a.example', [...weekly(0, 100), outcome('account.churned', 160)])];
    expect(backtest(journey, accounts, { ...options, fewestOutcomes: 10 })).toMatchObject({ sufficient: false });
    const { outcomes: _outcomes, ...bare } = journey.definition;
    const report = backtest(compileJourney(bare), accounts, options);
    expect(report).toMatchObject({ sufficient: false, outcomes: { churned: 0, renewed: 0 } });
    expect(report.insufficientBecause).toContain('what counts as churned and as renewed');
  });
});
