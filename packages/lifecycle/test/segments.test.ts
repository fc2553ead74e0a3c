import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { journeyDefinition } from '@waymark/journey';
import { describe, expect, it } from 'vitest';
import { advance, compileJourney, fold, parseDefinition, reduce, templateFile, view } from '../src/index.ts';
import { ANN, context, day, History, lastFlag, liveCustomer } from './account.ts';
import { DAY, START } from './attributes.ts';
import { someContext, someFacts } from './histories.ts';

const shipped = readFileSync(templateFile('nine-stages'), 'utf8');
const segments = `segments:
  - id: lively
    title: Lively
    when: { signal: messages, with: { touchpoints: [email], direction: inbound, days: 30 }, op: '>=', value: 3 }
  - id: settled
    title: Settled
    when: { signal: days_in_stage, op: '>=', value: 30 }
`;
const text = shipped
  .replace('segments:\n', segments)
  .replace(/(tickets_open:\n\s+value: \d+\n\s+segments: \{) (enterprise)/, '$1 lively: 4, settled: 7, $2')
  .replace(/(overdue_days:\n\s+value: \d+\n\s+segments: \{) (enterprise)/, '$1 settled: 9, $2');
const journey = compileJourney(parseDefinition(text, 'segmented.yaml'));
const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 15);
const END = START + 125 * DAY;

describe('segments that rest on conditions', () => {
  const lively = () => {
    const history: History = liveCustomer();
    for (const at of [100, 103, 106]) history.from(at).to(at + 0.1, ANN, `t${at}`);
    return history;
  };

  it('change with time, keep their history, and change thresholds', () => {
    const seen = reduce(journey, context, lively().facts, day(150));
    const spells = seen.segments?.filter((one) => one.segment === 'lively');
    expect(spells).toHaveLength(1);
    expect(spells?.[0]?.from).toBe(day(106));
    // Windows are whole days of UTC: the first of the three leaves it thirty days later.
    expect(spells?.[0]?.to).toBe(Math.floor(day(130) / DAY) * DAY);
    expect(seen.segments?.at(-1)).toMatchObject({ segment: 'settled', to: null });

    const withTickets = (history: History) =>
      ['a', 'b', 'c', 'd'].reduce((all, id, index) => all.ticket('ticket.opened', 107 + index, id), history);
    const loaded = reduce(journey, context, withTickets(lively()).facts, day(120));
    const flag = lastFlag(loaded, 'ticket_load');
    expect(flag.openedAt).toBe(day(110));
    expect(flag.proof.comparisons.find((one) => one.signal === 'open_tickets')?.threshold).toBe(4);
    const calm = reduce(journey, context, withTickets(liveCustomer()).facts, day(120));
    expect(calm.flags.map((one) => one.rule)).not.toContain('ticket_load');
  });

  it('have no membership that began and ended in one instant', () => {
    const entering = compileJourney(
      journeyDefinition.parse({
        id: 'entering',
        version: 1,
        title: 'Entering',
        type: 'linear',
        stages: [{ id: 'only', title: 'Only', enter: [{ from: ['none'], on: { type: 'email.received' } }] }],
        segments: [
          {
            id: 'outside',
            title: 'Outside',
            when: { signal: 'times_in_stage', with: { stage: 'only' }, op: '<', value: 1 },
          },
          {
            id: 'inside',
            title: 'Inside',
            when: { signal: 'times_in_stage', with: { stage: 'only' }, op: '>=', value: 1 },
          },
        ],
      }),
    );
    expect(reduce(entering, context, new History().from(20).facts, day(30)).segments).toEqual([
      { segment: 'outside', from: day(0), to: day(20) },
      { segment: 'inside', from: day(20), to: null },
    ]);
    expect(reduce(entering, context, new History().from(0).facts, day(30)).segments).toEqual([
      { segment: 'inside', from: day(0), to: null },
    ]);
  });

  it('are refused where their threshold differs by segment itself', () => {
    const circular = text.replace("op: '>=', value: 3 }", "op: '>=', value: { threshold: tickets_open } }");
    expect(() => parseDefinition(circular, 'circular.yaml')).toThrow(/itself differs by segment/);
  });

  it('are exact: any order, step by step, and nothing missed up to nextChangeAt (I3)', { timeout: 120_000 }, () => {
    const shuffled = fc.tuple(someContext, someFacts, fc.infiniteStream(fc.nat()));
    fc.assert(
      fc.property(shuffled, ([about, facts, stream]) => {
        const whole = reduce(journey, about, facts, END);
        const other = facts.toSorted(() => (stream.next().value % 2 === 0 ? 1 : -1));
        expect(reduce(journey, about, other, END)).toEqual(whole);
        let state = fold(journey, about, facts, START);
        let before = view(journey, about, state);
        for (let asOf = START; asOf < END; asOf += 3_600_000 * 31) {
          const result = advance(journey, about, state, facts, asOf);
          if (result.kind === 'late') throw new Error('moving on in time is never late');
          state = JSON.parse(JSON.stringify(result.state));
          const now = view(journey, about, state);
          const isNew = facts.some((fact) => fact.occurredAt > before.asOf && fact.occurredAt <= asOf);
          if (!isNew && (before.nextChangeAt === null || before.nextChangeAt > asOf))
            expect(now.digest).toBe(before.digest);
          before = now;
        }
        expect(view(journey, about, fold(journey, about, facts, before.asOf))).toEqual(before);
      }),
      { seed, numRuns: runs },
    );
  });
});
