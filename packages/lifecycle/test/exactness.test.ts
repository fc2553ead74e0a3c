import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, compileJourney, fold, parseDefinition, reduce, templateFile, view } from '../src/index.ts';
import type { AccountContext, CompiledJourney, EngineState, Fact } from '../src/index.ts';
import { DAY, START } from './attributes.ts';
import { someContext, someDefinition, someFacts } from './histories.ts';

const nineStages = parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml');
const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 30);
console.log(`exactness: seed ${seed}, ${runs} runs each; replay with WAYMARK_SEED=${seed}`);

const someHistory = fc.record({
  definition: fc.oneof(fc.constant(nineStages), someDefinition),
  context: someContext,
  facts: someFacts,
});
const END = START + 125 * DAY;

const check = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void) =>
  fc.assert(fc.property(arbitrary, holds), { seed, numRuns: runs });

/** Advances by batches in order of time, as a live account does; refolds when told that a fact is late. */
function step(
  journey: CompiledJourney,
  context: AccountContext,
  facts: readonly Fact[],
  sizes: readonly number[],
): EngineState {
  const known: Fact[] = [];
  let state = fold(journey, context, [], START - DAY);
  for (let index = 0, turn = 0; index < facts.length; turn++) {
    const batch = facts.slice(index, index + (sizes[turn % sizes.length] ?? 1));
    index += batch.length;
    known.push(...batch);
    const asOf = Math.max(state.asOf, ...batch.map((fact) => fact.occurredAt));
    const result = advance(journey, context, state, batch, asOf);
    state = result.kind === 'advanced' ? result.state : fold(journey, context, known, asOf);
    // A state is a checkpoint: it goes through the store between any two steps.
    state = JSON.parse(JSON.stringify(state));
  }
  const last = advance(journey, context, state, [], END);
  return last.kind === 'advanced' ? last.state : fold(journey, context, known, END);
}

describe('exactness', { timeout: 20_000 + runs * 500 }, () => {
  it('gives one answer for any order and any duplication (I3)', () => {
    check(fc.tuple(someHistory, fc.infiniteStream(fc.nat())), ([{ definition, context, facts }, stream]) => {
      const journey = compileJourney(definition);
      const shuffled = facts
        .flatMap((fact) => (stream.next().value % 3 === 0 ? [fact, { ...fact }] : [fact]))
        .map((fact) => ({ fact, place: stream.next().value }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ fact }) => fact);
      expect(reduce(journey, context, shuffled, END)).toEqual(reduce(journey, context, facts, END));
    });
  });

  it('advances fact by fact, or by any batches, to what a fold gives (I3)', () => {
    check(
      fc.tuple(someHistory, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })),
      ([{ definition, context, facts }, sizes]) => {
        const journey = compileJourney(definition);
        const whole = reduce(journey, context, facts, END);
        const inOrder = facts.toSorted((a, b) => a.occurredAt - b.occurredAt || (a.id < b.id ? -1 : 1));
        expect(view(journey, context, step(journey, context, inOrder, sizes))).toEqual(whole);
        expect(view(journey, context, step(journey, context, facts, sizes))).toEqual(whole);
      },
    );
  });

  it('takes one form of a fact that comes in several, whichever came first (I3)', () => {
    const forms = fc.tuple(someHistory, fc.infiniteStream(fc.nat()));
    check(forms, ([{ definition, context, facts }, stream]) => {
      const journey = compileJourney(definition);
      const several = facts.flatMap((fact) =>
        stream.next().value % 2 === 0
          ? [fact, { ...fact, automated: !fact.automated }, { ...fact, occurredAt: fact.occurredAt + 3_600_000 }]
          : [fact],
      );
      const shuffled = several
        .map((fact) => ({ fact, place: stream.next().value }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ fact }) => fact);
      expect(reduce(journey, context, shuffled, END)).toEqual(reduce(journey, context, several, END));
    });
  });

  it('does not look ahead: later facts change no earlier answer', () => {
    check(fc.tuple(someHistory, fc.integer({ min: 0, max: 120 * 24 })), ([{ definition, context, facts }, hours]) => {
      const journey = compileJourney(definition);
      const asOf = START + hours * 3_600_000;
      const known = facts.filter((fact) => fact.occurredAt <= asOf);
      // Only when to look again may differ: a meeting on the calendar is known to come.
      const { nextChangeAt: _later, ...answer } = reduce(journey, context, facts, asOf);
      expect(reduce(journey, context, known, asOf)).toMatchObject(answer);
    });
  });

  it('changes nothing of the state it advances', () => {
    check(someHistory, ({ definition, context, facts }) => {
      const journey = compileJourney(definition);
      const half = facts.toSorted((a, b) => a.occurredAt - b.occurredAt);
      const state = fold(
        journey,
        context,
        half.slice(0, half.length / 2),
        half[Math.floor(half.length / 2)]?.occurredAt ?? START,
      );
      const before = JSON.stringify(state);
      advance(journey, context, state, half.slice(half.length / 2), END);
      view(journey, context, state);
      expect(JSON.stringify(state)).toBe(before);
    });
  });
});

describe('a state that does not hold', () => {
  it('is not gone on from: another definition, context or engine version, or an instant before its last fact', () => {
    check(fc.tuple(someHistory, someContext, someDefinition), ([{ definition, context, facts }, around, other]) => {
      const journey = compileJourney(definition);
      const state = fold(journey, context, facts, END);
      expect(advance(journey, context, state, [], END).kind).toBe('advanced');
      const late = { kind: 'late', from: Number.MIN_SAFE_INTEGER };
      if (JSON.stringify(around) !== JSON.stringify(context))
        expect(advance(journey, around, state, [], END)).toEqual(late);
      const changed = compileJourney(other);
      if (changed.digest !== journey.digest) expect(advance(changed, context, state, [], END)).toEqual(late);
      const former = { ...state, engineVersion: state.engineVersion - 1 };
      expect(advance(journey, context, former, [], END)).toEqual(late);
      if (state.at === null) return;
      expect(advance(journey, context, state, [], state.at - 1)).toEqual({ kind: 'late', from: state.at - 1 });
      expect(advance(journey, context, state, [], state.at).kind).toBe('advanced');
    });
  });
});

describe('facts dated ahead', () => {
  const context: AccountContext = {
    accountId: '5d0f2a10-0000-8000-8000-000000000001',
    isCustomer: true,
    customerSince: START,
    contacts: [],
    gaps: [],
  };
  const journey = compileJourney(nineStages);
  const held: Fact = {
    id: 'held',
    type: 'meeting.held',
    occurredAt: START + 9 * DAY,
    recordedAt: START,
    touchpoint: 'meeting',
    direction: 'outbound',
    participants: [],
    automated: false,
    attributes: { heldBasis: 'assumed' },
  };

  it('wake the account when they are due, and have the log asked again', () => {
    const state = fold(journey, context, [held], START + DAY);
    expect(view(journey, context, state).nextChangeAt).toBe(held.occurredAt);
    expect(advance(journey, context, state, [], START + 8 * DAY).kind).toBe('advanced');
    expect(advance(journey, context, state, [], held.occurredAt)).toEqual({ kind: 'late', from: held.occurredAt });
    const due = advance(journey, context, state, [held], held.occurredAt);
    expect(due.kind === 'advanced' && due.state).toEqual(fold(journey, context, [held], held.occurredAt));
  });

  it('are taken in the form they have by then', () => {
    const state = fold(journey, context, [held], START + DAY);
    const moved = { ...held, occurredAt: START + 12 * DAY };
    const later = advance(journey, context, state, [moved], START + 10 * DAY);
    expect(later.kind === 'advanced' && view(journey, context, later.state).nextChangeAt).toBe(moved.occurredAt);
  });
});

describe('waking', { timeout: 20_000 + runs * 500 }, () => {
  it('misses nothing: the answer stays the same up to nextChangeAt, and the history is that of looking every hour', () => {
    check(someHistory, ({ definition, context, facts }) => {
      const journey = compileJourney(definition);
      let state = fold(journey, context, facts, START);
      let before = view(journey, context, state);
      for (let asOf = START; asOf < END; asOf += 3_600_000 * 7) {
        const result = advance(journey, context, state, facts, asOf);
        if (result.kind === 'late') throw new Error('moving on in time is never late');
        state = result.state;
        const now = view(journey, context, state);
        const newFact = facts.some((fact) => fact.occurredAt > before.asOf && fact.occurredAt <= asOf);
        if (!newFact && (before.nextChangeAt === null || before.nextChangeAt > asOf))
          expect(now.digest).toBe(before.digest);
        before = now;
      }
      expect(view(journey, context, fold(journey, context, facts, before.asOf))).toEqual(before);
    });
  });
});
