import type { HealthPartDefinition } from '@waymark/journey';
import { compileCondition } from '../rules/condition.ts';
import { fold, momentOf } from '../engine/engine.ts';
import type { CompiledJourney } from '../rules/journey.ts';
import type { Moment } from '../course/moment.ts';
import type { Bind } from '../rules/operand.ts';
import { makeProof } from '../course/proof.ts';
import { signalBinder } from '../signals/signals.ts';
import { note } from '../signals/signal.ts';
import type { AccountContext, Comparison, Evidence, Fact, Health, Proof } from '../course/state.ts';

/** Why a part of a score is what it is. */
export interface ScoreProof {
  readonly score: 'health' | 'success';
  readonly part: string;
  readonly proof: Proof;
}

type Rests = {
  readonly evidence: readonly Evidence[];
  readonly comparisons: readonly Comparison[];
  readonly clears: string;
};

/**
 * The proofs of all parts of an account's health and success as of an instant: the band that holds with its compared values and
 * events; of a part without input, what was asked for in vain. Derived from the facts alone, so that it is asked for only where somebody
 * looks.
 */
export function scoreProofs(
  journey: CompiledJourney,
  context: AccountContext,
  facts: readonly Fact[],
  asOf: number,
): readonly ScoreProof[] {
  const moment = momentOf(journey, context, fold(journey, context, facts, asOf));
  const { definition } = journey;
  const bind = signalBinder(definition);
  const prove = (
    score: ScoreProof['score'],
    { parts, version }: Health,
    rests: (part: string, own: number | null) => Rests | undefined,
  ) =>
    parts.flatMap(({ part, score: own }): ScoreProof[] => {
      const found = rests(part, own);
      if (!found) return [];
      const named = { rule: `${score}:${part}`, ruleVersion: version, definition: definition.id };
      return [{ score, part, proof: makeProof({ ...named, definitionDigest: journey.digest, at: asOf, ...found }) }];
    });
  const banded = (parts: readonly HealthPartDefinition[] | undefined, id: string, own: number | null) => {
    const part = parts?.find((one) => one.id === id);
    return part && bandRests(part, own, journey, moment, bind);
  };
  return [
    ...prove('health', journey.health(moment), (part, own) => banded(definition.health?.parts, part, own)),
    ...(journey.success
      ? prove('success', journey.success.of(moment), (part, own) => {
          if (part === 'milestones') return milestoneRests(moment);
          if (part === 'outcome') return outcomeRests(moment);
          return banded(definition.success?.parts, part, own);
        })
      : []),
  ];
}

function bandRests(
  part: HealthPartDefinition,
  own: number | null,
  journey: CompiledJourney,
  moment: Moment,
  bind: Bind,
): Rests {
  const bands = part.bands.map((band) => compileCondition(band.when, journey.definition, bind));
  const met = bands.find((when) => when.test(moment));
  if (met && own === null)
    return { evidence: [], comparisons: met.comparisons(moment), clears: 'The source is read again.' };
  if (met) {
    const clears = 'Another band of the part holds before it, or it no longer does.';
    return { evidence: met.evidence(moment), comparisons: met.comparisons(moment), clears };
  }
  const asked = bands.flatMap((when) => when.comparisons(moment));
  return { evidence: [], comparisons: asked, clears: 'What it is read from becomes known.' };
}

function milestoneRests({ course }: Moment): Rests {
  const evidence = Object.values(course.milestones).flatMap(({ proof }) => proof.evidence);
  return { evidence, comparisons: [], clears: 'A milestone is reached, or its time runs out.' };
}

function outcomeRests({ course }: Moment): Rests {
  const { outcome } = course;
  const evidence = outcome
    ? [note(outcome.mark, outcome.kind === 'renewed' ? 'Counts as renewed' : 'Counts as churned')]
    : [];
  return { evidence, comparisons: [], clears: 'Another outcome is told.' };
}
