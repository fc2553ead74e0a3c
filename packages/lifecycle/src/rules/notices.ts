import type { Condition, JourneyDefinition } from '@waymark/journey';
import { markOf, textAttribute } from '../tracks/fact.ts';
import type { Moment } from '../course/moment.ts';
import { makeProof } from '../course/proof.ts';
import { clearFlag, openFlag, ruleStateOf } from './rule.ts';
import { note } from '../signals/signal.ts';
import type { Comparison, Evidence, Flag } from '../course/state.ts';

/**
 * The engine's own flags on what does not fit the definition: notices on the data or on the definition, of which nobody is alerted.
 * No rule of a definition can have one of these ids.
 */
const noticeRules = {
  forbiddenMove: 'forbidden-move',
  unknownMove: 'unknown-move',
  unknownStage: 'unknown-stage',
  goingRound: 'going-round',
} as const;

/** What the notices need of a definition, looked up once. */
export interface CompiledNotices {
  /** Notes a move that the definition forbids or does not know, for as long as the account stays where it led. */
  settleMove(moment: Moment): void;
  /** Notes a stage of the CRM that the definition knows nothing of, until the CRM says one that it knows. Says whether anything changed. */
  settleUnknownStage(moment: Moment): boolean;
  /** Notes that rules lead round within one instant, for as long as they do. Says whether anything changed. */
  settleRound(moment: Moment, isRound: boolean): boolean;
}

/** Compiles the notices of a definition. */
export function compileNotices(definition: JourneyDefinition, definitionDigest: string): CompiledNotices {
  const titles = new Map(definition.stages.map((stage) => [stage.id, stage.title]));
  const titleOf = (id: string | null) => (id === null ? 'no stage' : (titles.get(id) ?? id));
  const knownStages = knownStagesOf(definition);

  const open = (
    moment: Moment,
    rule: string,
    told: Pick<Flag, 'title' | 'reason' | 'nextStep'> & { readonly clears: string },
    rests: { readonly evidence?: readonly Evidence[]; readonly comparisons?: readonly Comparison[] } = {},
  ): void => {
    const { clears, ...words } = told;
    openFlag(moment, ruleStateOf(moment, rule), {
      rule,
      ruleVersion: 1,
      kind: 'data_gap',
      severity: 'low',
      ...words,
      proof: makeProof({
        rule,
        ruleVersion: 1,
        definition: definition.id,
        definitionDigest,
        at: moment.at,
        evidence: rests.evidence ?? [],
        comparisons: rests.comparisons ?? [],
        clears,
      }),
    });
  };
  const close = (moment: Moment, rule: string, because: string): boolean => {
    const known = moment.course.rules[rule];
    if (!known || known.flag === null) return false;
    clearFlag(moment, known, because);
    return true;
  };

  return {
    settleMove(moment) {
      close(moment, noticeRules.forbiddenMove, 'the account has moved on');
      close(moment, noticeRules.unknownMove, 'the account has moved on');
      const period = moment.course.periods.at(-1);
      const from = moment.course.periods.at(-2)?.stage ?? null;
      if (!period) return;
      const { evidence, comparisons } = period.proof;
      const way = `Went from ${titleOf(from)} to ${titleOf(period.stage)}, which the journey does not`;
      if (period.move === 'forbidden')
        open(
          moment,
          noticeRules.forbiddenMove,
          {
            title: 'A move that the journey forbids',
            reason: `${way} allow`,
            nextStep: 'Look whether the CRM says what is so; correct the record, or allow the move in the journey.',
            clears: 'The account moves on, or the record that moved it is corrected.',
          },
          { evidence, comparisons },
        );
      else if (period.move === 'unusual' && !isNamedMove(definition, from, period.stage))
        open(
          moment,
          noticeRules.unknownMove,
          {
            title: 'A move that the journey does not know',
            reason: `${way} name`,
            nextStep: 'Look whether it is so, and name the move in the journey as allowed, unusual or forbidden.',
            clears: 'The account moves on, or the record that moved it is corrected.',
          },
          { evidence, comparisons },
        );
    },
    settleUnknownStage(moment) {
      if (!knownStages) return false;
      const fact = moment.fresh.findLast((one) => one.type === 'crm.stage_changed');
      const value = fact && textAttribute(fact, 'to');
      if (!fact || value === undefined) return false;
      const closed = close(moment, noticeRules.unknownStage, 'the CRM says another stage by now');
      if (knownStages.has(value)) return closed;
      open(
        moment,
        noticeRules.unknownStage,
        {
          title: 'A stage that the journey does not know',
          reason: `The CRM says "${value.length > 60 ? `${value.slice(0, 60)}…` : value}", for which the journey has no stage; it stays in ${titleOf(moment.course.stage)}`,
          nextStep: 'Add the value to crmStageMap, or to crmStagesIgnored if it means no stage; or correct the record.',
          clears: 'The CRM says a stage that the journey knows.',
        },
        { evidence: [note(markOf(fact), 'The CRM said a stage that the journey does not know')] },
      );
      return true;
    },
    settleRound(moment, isRound) {
      if (!isRound) return close(moment, noticeRules.goingRound, 'the rules lead round no longer');
      if (moment.course.rules[noticeRules.goingRound]?.flag != null) return false;
      open(moment, noticeRules.goingRound, {
        title: 'Rules that lead round',
        reason: `Conditions that hold at the same time lead on from ${titleOf(moment.course.stage)} and back again`,
        nextStep: 'Make the conditions exclude one another: waymark journey check names the stages.',
        clears: 'Their conditions no longer hold at the same time.',
      });
      return true;
    },
  };
}

/** Whether a move is one that the definition speaks of. One that names no moves at all speaks of none, and leaves every move open. */
export function isNamedMove({ moves }: JourneyDefinition, from: string | null, to: string): boolean {
  return (
    from === null ||
    moves.length === 0 ||
    moves.some((move) => (move.from === from || move.from === '*') && (move.to === to || move.to === '*'))
  );
}

/** The values of the CRM's stage that the definition speaks of; null where it maps none, so that none is unknown. */
function knownStagesOf(definition: JourneyDefinition): ReadonlySet<string> | null {
  const { crmStageMap, crmStagesIgnored, stages, rules, segments, outcomes, milestones } = definition;
  if (!crmStageMap) return null;
  const ways = stages.flatMap((stage) => [...stage.enter, ...(stage.exit ?? [])]);
  const matchers = [
    ...ways.flatMap(({ on }) => on ?? []),
    ...milestones.flatMap(({ proof }) => proof),
    ...(outcomes?.churned ?? []),
    ...(outcomes?.renewed ?? []),
  ];
  const conditions = [...ways, ...rules, ...segments].flatMap(({ when }) => when ?? []);
  return new Set([
    ...Object.keys(crmStageMap),
    ...(crmStagesIgnored ?? []),
    ...matchers.flatMap(({ type, where }) =>
      [type].flat().includes('crm.stage_changed') ? [where?.to ?? []].flat().map(String) : [],
    ),
    ...conditions.flatMap(stagesCompared),
  ]);
}

function stagesCompared(node: Condition): string[] {
  if ('all' in node) return node.all.flatMap(stagesCompared);
  if ('any' in node) return node.any.flatMap(stagesCompared);
  if ('not' in node) return stagesCompared(node.not);
  return 'signal' in node && node.signal === 'crm_stage' && typeof node.value === 'string' ? [node.value] : [];
}
