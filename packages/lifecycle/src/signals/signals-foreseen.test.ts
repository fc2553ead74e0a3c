import fc from 'fast-check';
import { signalNames, type ComparisonOp } from '@waymark/journey';
import { it } from 'vitest';
import { DAY, START } from '../../test/attributes.ts';
import { someContext, someDefinition, someFacts } from '../../test/histories.ts';
import { paramsFor } from '../../test/signal-params.ts';
import { fold, momentOf } from '../engine/engine.ts';
import { compileJourney } from '../rules/journey.ts';
import { signalBinder } from './signals.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 60);
console.log(`signals foreseen: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);
const HOUR = 3_600_000;
const HOURS = 50 * 24;

const compared: Readonly<Record<ComparisonOp, (value: number, threshold: number) => boolean>> = {
  '>=': (value, threshold) => value >= threshold,
  '>': (value, threshold) => value > threshold,
  '<=': (value, threshold) => value <= threshold,
  '<': (value, threshold) => value < threshold,
  '==': (value, threshold) => value === threshold,
  '!=': (value, threshold) => value !== threshold,
};

/** Each signal by itself and as often as every other: among many conditions a rare one is hardly ever the one that decides. */
it(
  'a comparison with any signal turns when that is foreseen, and not before',
  { timeout: 20_000 + runs * 2000 },
  () => {
    const someParams = signalNames.map((name) => fc.sample(paramsFor(name), { seed, numRuns: 30 }));
    fc.assert(
      fc.property(
        someDefinition,
        someContext,
        someFacts,
        fc.integer({ min: 5, max: 125 }),
        fc.nat(),
        fc.constantFrom<ComparisonOp>('>=', '>', '<=', '<', '==', '!='),
        (definition, context, facts, days, pick, op) => {
          const asOf = START + days * DAY;
          const journey = compileJourney(definition);
          const moment = momentOf(journey, context, fold(journey, context, facts, asOf));
          const bind = signalBinder(definition);
          for (const [index, name] of signalNames.entries()) {
            const signal = bind(name, someParams[index]?.[pick % 30]);
            const values: (number | string | null)[] = [];
            for (let hour = 0; hour < HOURS; hour += 1) {
              moment.at = asOf + hour * HOUR;
              values.push(signal.read(moment));
            }
            // Held against what it is at some time, so that it does turn if it can.
            const numbers = [...new Set(values)].filter((value) => typeof value === 'number');
            const threshold = numbers.at(pick % Math.max(1, numbers.length)) ?? Number.NaN;
            // Times pass through a value in no time: whoever asks for the very value gets no answer in any case.
            const wanted = signal.scale > 1 && (op === '==' || op === '!=') ? '>=' : op;
            const answers = values.map((value) =>
              typeof value === 'number' ? compared[wanted](value, threshold) : value,
            );
            moment.at = asOf;
            const turn = signal.flip(moment, wanted, threshold);
            if (turn <= asOf) throw new Error(`${name}: a turn in the past`);
            const turned = answers.findIndex((answer) => answer !== answers[0]);
            if (turned >= 0 && asOf + turned * HOUR < turn)
              throw new Error(`${name} ${wanted} ${threshold} turned ${turned} hours on, foreseen was ${turn}`);
          }
        },
      ),
      { seed, numRuns: runs },
    );
  },
);
