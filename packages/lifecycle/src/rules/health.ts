import type { JourneyDefinition } from '@waymark/journey';
import { compilePart, weighed } from './banded-part.ts';
import type { Bind } from './operand.ts';
import { isCustomer, type Moment } from '../course/moment.ts';
import { NEVER } from '../signals/signal.ts';
import type { Health } from '../course/state.ts';

/** Computes health at a moment. Sets `moment.flip`. */
export type CompiledHealth = (moment: Moment) => Health;

/**
 * Compiles the health of a journey: each part's score is that of its first band whose condition holds; the total is the mean by
 * weight over the parts that have an input, rounded to a whole number.
 */
export function compileHealth(definition: JourneyDefinition, bind: Bind): CompiledHealth {
  const version = definition.health?.version ?? 0;
  const parts = (definition.health?.parts ?? []).map((part) => compilePart(part, definition, bind));
  return (moment) => {
    if (!moment.around.context.isCustomer || !isCustomer(moment)) {
      const since = moment.around.context.customerSince;
      moment.flip = since !== undefined && since > moment.at ? since : NEVER;
      return { score: null, parts: [], version };
    }
    let first = NEVER;
    const scored = parts.map((part) => {
      const one = part(moment);
      first = Math.min(first, moment.flip);
      return one;
    });
    moment.flip = first;
    return weighed(scored, version);
  };
}
