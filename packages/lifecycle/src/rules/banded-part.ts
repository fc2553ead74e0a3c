import type { HealthPartDefinition, JourneyDefinition } from '@waymark/journey';
import { compileCondition } from './condition.ts';
import type { Moment } from '../course/moment.ts';
import type { Bind } from './operand.ts';
import { compileReason } from './reason.ts';
import { compileSight } from '../coverage/signal-sight.ts';
import type { Health, HealthPart } from '../course/state.ts';

/** Computes one part of a score at a moment. Sets `moment.flip`. */
export type CompiledPart = (moment: Moment) => HealthPart;

/**
 * Compiles a part of a score: that of its first band whose condition holds, null where none does. Null too where a source is out that it
 * rests on, so that what was not seen counts against nobody; the best score stands if more contact could not have changed it.
 */
export function compilePart(part: HealthPartDefinition, definition: JourneyDefinition, bind: Bind): CompiledPart {
  const { id, label, weight } = part;
  const bands = part.bands.map((band) => {
    const when = compileCondition(band.when, definition, bind);
    return { when, score: band.score, why: compileReason([band.why], when.signals, bind, band.why) };
  });
  const sight = compileSight(bands.flatMap(({ when }) => when.signals));
  const best = Math.max(...bands.map((band) => band.score));
  return (moment) => {
    const unseen = sight.unseen(moment);
    let first = moment.flip;
    const blind = unseen.find((one) => !one.isPresence) ?? unseen[0];
    for (const band of bands) {
      const met = band.when.test(moment);
      first = Math.min(first, moment.flip);
      if (!met) continue;
      if (blind && !(blind.isPresence && band.score === best)) break;
      const why = sentence(band.why(moment));
      moment.flip = first;
      return { part: id, label, weight, score: band.score, why };
    }
    moment.flip = first;
    return { part: id, label, weight, score: null, why: blind ? `Not seen: ${blind.gap.reason}` : 'nothing known yet' };
  };
}

/** With a capital to begin with: a count of nothing starts with a word. */
const sentence = (line: string): string => line.charAt(0).toUpperCase() + line.slice(1);

/** The mean by weight over the parts that have an input, rounded to a whole number; null if none has. */
export function weighed(parts: readonly HealthPart[], version: number): Health {
  let total = 0;
  let weights = 0;
  for (const { score, weight } of parts) {
    if (score === null) continue;
    total += score * weight;
    weights += weight;
  }
  return { score: weights === 0 ? null : Math.round(total / weights), parts, version };
}
