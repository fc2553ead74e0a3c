import fc from 'fast-check';
import { expect, it } from 'vitest';
import { someContext, someDefinition, someFacts } from '../../test/histories.ts';
import { advance, compileJourney, fold, view } from '../index.ts';
import { compareFacts } from './fact.ts';
import { allOf, copyLayers, layered, noLayers, withEntry } from './layers.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 40);
console.log(`layers: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);

it('keeps what one record would keep, in its order, and leaves copies alone', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.boolean()), { maxLength: 400 }), (entries) => {
      const plain: Record<string, number> = {};
      let layers = noLayers<number>();
      for (const [index, [name, isCopied]] of entries.entries()) {
        const before = isCopied ? { layers, all: allOf(layers) } : null;
        if (before) layers = copyLayers(layers);
        plain[`:${name}`] = index;
        layers = withEntry(layers, `:${name}`, index);
        expect(layered(layers, `:${name}`)).toBe(index);
        if (before) expect(allOf(before.layers)).toEqual(before.all);
      }
      expect(Object.entries(allOf(layers))).toEqual(Object.entries(plain));
    }),
    { seed, numRuns: runs },
  );
});

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const one of Object.values(value)) frozen(one);
  }
  return value;
}

it(
  'goes on from a state that must not be changed, and from the same state out of a store, to what one fold gives',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(someDefinition, someContext, someFacts, (definition, context, facts) => {
        const journey = compileJourney(definition);
        const ordered = facts.toSorted(compareFacts);
        let state = frozen(fold(journey, context, [], (ordered[0]?.occurredAt ?? 0) - 1));
        for (const [index, fact] of ordered.entries()) {
          const from = index % 3 === 0 ? frozen(JSON.parse(JSON.stringify(state))) : state;
          const next = advance(journey, context, from, [fact], fact.occurredAt);
          if (next.kind === 'late') throw new Error('in order nothing is late');
          state = frozen(next.state);
        }
        const whole = fold(journey, context, facts, state.asOf);
        expect(JSON.parse(JSON.stringify(state))).toEqual(JSON.parse(JSON.stringify(whole)));
        expect(view(journey, context, state)).toEqual(view(journey, context, whole));
      }),
      { seed, numRuns: runs },
    );
  },
);
