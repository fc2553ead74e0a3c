import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, MONDAY } from '../../test/account.ts';
import { longHistory } from '../../test/long-history.ts';
import { foldKeeping, keepState, refold, statesBefore } from './earlier-states.ts';
import { advance, fold, view, type EngineState } from './engine.ts';
import { compileJourney, parseDefinition, templateFile, type AccountContext } from '../index.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));
const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 30);
console.log(`earlier states: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);

const DAYS = 300;
const END = MONDAY + DAYS * DAY;
const context: AccountContext = {
  accountId: '5d0f2a10-0000-8000-8000-000000000001',
  isCustomer: true,
  customerSince: MONDAY - 100 * DAY,
  renewalAt: MONDAY + 250 * DAY,
  contacts: [{ address: 'ann@acme.example', persona: 'champion' }],
  gaps: [],
};
/** A state as the store gives it back. */
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** One and the same state, but for how early it wakes and what that rests on; that must make no difference to what is answered. */
const same = (one: EngineState, other: EngineState) => {
  expect({ ...one, wakeAt: null, watch: undefined }).toEqual({ ...other, wakeAt: null, watch: undefined });
  expect(view(journey, context, one)).toEqual(view(journey, context, other));
};

describe('states kept along a history', { timeout: 20_000 + runs * 2000 }, () => {
  it('a late fact is folded in from the last state before it, to the state that all facts give', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 501, max: 1800 }),
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: -5, max: 5 }),
        (count, history, place, aheadDays) => {
          const facts = longHistory(count, DAYS, history);
          const asOf = END - aheadDays * DAY;
          const at = Math.min(count - 1, Math.floor(place * count));
          const [late] = facts.splice(at, 1);
          if (!late) return;
          const before = foldKeeping(journey, context, facts, asOf);
          same(before.state, fold(journey, context, facts, asOf));
          const holding = statesBefore(stored(before.earlier), late.occurredAt);
          const all = [...facts, late];
          const whole = fold(journey, context, all, asOf);
          const base = holding.at(-1)?.at;
          if (base == null) return;
          const some = all.filter((fact) => fact.occurredAt >= base);
          const again = refold(journey, context, holding, some, asOf)?.state;
          if (!again) throw new Error('nothing was folded again');
          same(again, whole);
        },
      ),
      { seed, numRuns: Math.ceil(runs / 3) },
    );
  });

  it('go as far back as three times the distance of what is late, and are few', () => {
    const facts = longHistory(20_000, DAYS, 7);
    const { earlier, state } = foldKeeping(journey, context, facts, END);
    expect(state.taken).toBe(20_000);
    expect(earlier.length).toBeLessThanOrEqual(9);
    for (const back of [1, 40, 300, 1000, 5000, 12_000]) {
      const late = facts[facts.length - back]?.occurredAt ?? 0;
      const base = statesBefore(earlier, late).at(-1);
      expect(20_000 - (base?.taken ?? 0)).toBeLessThanOrEqual(3 * back + 600);
    }
  });

  it('are kept by an account that is only ever advanced', () => {
    const facts = longHistory(3000, DAYS, 7);
    let state = fold(journey, context, [], MONDAY);
    let earlier: ReturnType<typeof statesBefore> = [];
    for (const fact of facts) {
      const next = advance(journey, context, state, [fact], Math.max(state.asOf, fact.occurredAt));
      if (next.kind === 'late') throw new Error('nothing came late');
      state = next.state;
      earlier = keepState(earlier, state);
    }
    expect(earlier.map(({ taken }) => taken)).toEqual([2000, 2500, 2750, 3000]);
  });
});
