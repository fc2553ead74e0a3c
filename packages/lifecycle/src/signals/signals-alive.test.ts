import fc from 'fast-check';
import { signalNames } from '@waymark/journey';
import type { SignalName } from '@waymark/journey';
import { expect, it } from 'vitest';
import { DAY, START } from '../../test/attributes.ts';
import { someContext, someDefinition, someFacts } from '../../test/histories.ts';
import { paramsFor } from '../../test/signal-params.ts';
import { fold, momentOf } from '../engine/engine.ts';
import { compileJourney } from '../rules/journey.ts';
import { signalBinder } from './signals.ts';

/**
 * The property tests draw conditions from the whole catalogue. That proves nothing of a signal which no generated history ever moves:
 * each has to say at least two different things. Always the same histories, so that it never fails by bad luck.
 */
it('generated histories move every signal of the catalogue', { timeout: 60_000 }, () => {
  const seed = 6;
  const said = new Map<SignalName, Set<number | string | null>>(signalNames.map((name) => [name, new Set()]));
  const definitions = fc.sample(someDefinition, { seed, numRuns: 40 });
  const histories = fc.sample(fc.tuple(someFacts, someContext), { seed, numRuns: 600 });
  for (const [index, [facts, context]] of histories.entries()) {
    const definition = definitions[index % definitions.length];
    if (!definition) throw new Error('no definition was generated');
    const journey = compileJourney(definition);
    const bind = signalBinder(definition);
    const moment = momentOf(journey, context, fold(journey, context, facts, START + (20 + (index % 100)) * DAY));
    for (const name of signalNames) {
      const [params] = fc.sample(paramsFor(name), { seed: seed + index, numRuns: 1 });
      said.get(name)?.add(bind(name, params).read(moment));
    }
  }
  expect(signalNames.filter((name) => (said.get(name)?.size ?? 0) < 2)).toEqual([]);
});
