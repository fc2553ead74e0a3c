import type { JourneyDefinition } from '@waymark/journey';
import { compileCondition } from './condition.ts';
import type { Bind } from './operand.ts';
import { isCustomer, type Moment } from './moment.ts';
import { compileReason } from './reason.ts';
import { NEVER } from './signal.ts';
import type { Health, HealthPart } from './state.ts';

/** Computes health at a moment. Sets `moment.flip`. */
export type CompiledHealth = (moment: Moment) => Health;

/**
 * Compiles the health of a journey: each part's score is that of its first band whose condition holds; the total is the mean by
 * weight over the parts that have an input, rounded to a whole number.
 */
export function compileHealth(definition: JourneyDefinition, bind: Bind): CompiledHealth {
  const version = definition.health?.version ?? 0;
  const parts = (definition.health?.parts ?? []).map((part) => ({
    part,
    bands: part.bands.map((band) => {
      const when = compileCondition(band.when, definition, bind);
      return { when, score: band.score, why: compileReason([band.why], when.signals, bind, band.why) };
    }),
  }));
  return (moment) => {
    let first = NEVER;
    const scored: HealthPart[] = [];
    if (!moment.around.context.isCustomer || !isCustomer(moment)) {
      const since = moment.around.context.customerSince;
      moment.flip = since !== undefined && since > moment.at ? since : NEVER;
      return { score: null, parts: [], version };
    }
    let total = 0;
    let weights = 0;
    for (const { part, bands } of parts) {
      let score: number | null = null;
      let why = 'nothing known yet';
      for (const band of bands) {
        const met = band.when.test(moment);
        first = Math.min(first, moment.flip);
        if (!met) continue;
        score = band.score;
        why = sentence(band.why(moment));
        break;
      }
      if (score !== null) {
        total += score * part.weight;
        weights += part.weight;
      }
      scored.push({ part: part.id, label: part.label, weight: part.weight, score, why });
    }
    moment.flip = first;
    return { score: weights === 0 ? null : Math.round(total / weights), parts: scored, version };
  };
}

/** With a capital to begin with: a count of nothing starts with a word. */
const sentence = (line: string): string => line.charAt(0).toUpperCase() + line.slice(1);
