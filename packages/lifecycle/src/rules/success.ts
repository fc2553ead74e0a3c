import type { JourneyDefinition } from '@waymark/journey';
import { compilePart, weighed } from './banded-part.ts';
import { markOf } from '../tracks/fact.ts';
import { compileMatcher } from '../course/matcher.ts';
import { isInSale } from '../course/prospect.ts';
import { milestoneAt, milestoneTurn } from './milestone.ts';
import type { Moment } from '../course/moment.ts';
import type { Bind } from './operand.ts';
import { NEVER } from '../signals/signal.ts';
import type { Fact, Health, HealthPart, MilestoneState } from '../course/state.ts';
import type { Mark, RecordTrack } from '../tracks/tracks.ts';
import { counted } from '../course/wording.ts';

/** The last outcome that a fact told, kept where the success of a journey rests on it. */
export interface OutcomeMark {
  readonly kind: 'churned' | 'renewed';
  /** The event that tells it. */
  readonly mark: Mark;
}

/** The success of a journey, compiled. */
export interface CompiledSuccess {
  /** Computes it at a moment; no score while the account is in no stage. Sets `moment.flip`. */
  of(moment: Moment): Health;
  /**
   * The outcome that facts of one instant tell, with what the record has told by then; undefined if none. A churn goes before a renewal of the
   * same instant.
   */
  outcomeIn(facts: readonly Fact[], record: RecordTrack): OutcomeMark | undefined;
}

const milestoneScores: Readonly<Record<MilestoneState['status'], number | null>> = {
  reached: 100,
  reached_late: 60,
  behind: 30,
  stuck: 0,
  on_track: null,
  waiting: null,
};

/** Compiles the success of a journey; null where the definition says nothing of it. */
export function compileSuccess(definition: JourneyDefinition, bind: Bind): CompiledSuccess | null {
  const { success } = definition;
  if (!success) return null;
  const parts = (success.parts ?? []).map((part) => compilePart(part, definition, bind));
  const kinds = success.outcome ? (['churned', 'renewed'] as const) : [];
  const matchers = kinds.flatMap((kind) =>
    (definition.outcomes?.[kind] ?? []).map((matcher) => ({
      kind,
      notOf: matcher.notOf,
      matches: compileMatcher(matcher),
    })),
  );
  return {
    outcomeIn: (facts, record) => {
      for (const { kind, notOf, matches } of matchers) {
        const fact = facts.find(matches);
        // The end of a sale is no churn of who had not bought.
        if (fact && !(notOf === 'prospects' && isInSale(definition, record, false)))
          return { kind, mark: markOf(fact) };
      }
      return undefined;
    },
    of: (moment) => {
      const scored: HealthPart[] = [];
      let first = NEVER;
      if (moment.course.stage === null) {
        moment.flip = NEVER;
        return { score: null, parts: [], version: success.version };
      }
      if (success.milestones) {
        scored.push(milestonePart(moment, definition, success.milestones.weight));
        for (const one of definition.milestones) first = Math.min(first, milestoneTurn(moment, one));
      }
      for (const part of parts) {
        scored.push(part(moment));
        first = Math.min(first, moment.flip);
      }
      if (success.outcome) scored.push(outcomePart(moment, success.outcome.weight));
      moment.flip = first;
      return weighed(scored, success.version);
    },
  };
}

function milestonePart(moment: Moment, definition: JourneyDefinition, weight: number): HealthPart {
  const states = definition.milestones.map((one) => milestoneAt(moment, one));
  const scores = states.flatMap(({ status }) => milestoneScores[status] ?? []);
  const told = (['reached', 'reached_late', 'behind', 'stuck'] as const).flatMap((status) => {
    const count = states.filter((one) => one.status === status).length;
    return count === 0 ? [] : [`${count} ${status.replace('_', ' ')}`];
  });
  return {
    part: 'milestones',
    label: 'Milestones',
    weight,
    score: scores.length === 0 ? null : Math.round(scores.reduce((sum, one) => sum + one, 0) / scores.length),
    why:
      scores.length === 0
        ? 'none is due yet'
        : `Of ${counted(scores.length, 'milestone', 'milestones')}: ${told.join(', ')}`,
  };
}

function outcomePart(moment: Moment, weight: number): HealthPart {
  const { outcome } = moment.course;
  const base = { part: 'outcome', label: 'Outcome', weight };
  if (!outcome) return { ...base, score: null, why: 'no outcome yet' };
  const on = moment.around.zone.shortDate(outcome.mark.at, moment.at);
  return {
    ...base,
    score: outcome.kind === 'renewed' ? 100 : 0,
    why: `${outcome.kind === 'renewed' ? 'Renewed' : 'Churned'} on ${on}`,
  };
}
