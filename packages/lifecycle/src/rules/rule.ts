import { contentUuid } from '@waymark/journey';
import type { JourneyDefinition, RuleDefinition } from '@waymark/journey';
import { compileCondition, type CompiledCondition } from './condition.ts';
import { compileEvidence } from './flag-evidence.ts';
import { alwaysCovered, compileCoverage, type CompiledCoverage } from '../coverage/coverage.ts';
import { isCustomer, segmentOf, type Moment, type RuleState } from '../course/moment.ts';
import type { Bind } from './operand.ts';
import { makeProof, shortened } from '../course/proof.ts';
import { part } from '../tracks/reads.ts';
import { compileReason } from './reason.ts';
import { NEVER } from '../signals/signal.ts';
import type { Evidence, Flag } from '../course/state.ts';
import { DAY } from '../time/zone.ts';

/** How long an answer "not a risk" keeps a rule shut, if its condition never ends. */
const MUTED_FOR = 30 * DAY;

/** A rule compiled to closures. */
export interface CompiledRule {
  readonly id: string;
  readonly definition: RuleDefinition;
  readonly when: CompiledCondition;
  readonly coverage: CompiledCoverage;
  reason(moment: Moment): string;
  /** The events that it shows at the moment, most telling first. */
  evidence(moment: Moment): Evidence[];
  /** Opens or clears its flag at the moment. Sets `moment.flip` and `moment.reads`. Says whether absence kept it shut for want of coverage. */
  settle(moment: Moment, state: RuleState): 'settled' | 'blocked_by_gap';
}

/** A rule's state before anything happened. */
function idleRule(): RuleState {
  return { flag: null, holdingSince: null, clearedAt: null, mutedUntil: null };
}

/** The state of a rule in a course, made on first use. */
export function ruleStateOf(moment: Moment, rule: string): RuleState {
  return (moment.course.rules[rule] ??= idleRule());
}

/** Clears the open flag of a rule. */
export function clearFlag(moment: Moment, state: RuleState, because: string): void {
  const flag = state.flag === null ? undefined : moment.course.flags[state.flag];
  if (flag && state.flag !== null)
    moment.course.flags[state.flag] = { ...flag, clearedAt: moment.at, clearedBecause: because };
  state.flag = null;
  state.clearedAt = moment.at;
  state.holdingSince = null;
}

/** Opens a flag for a rule. */
export function openFlag(
  moment: Moment,
  state: RuleState,
  flag: Omit<Flag, 'flagId' | 'openedAt' | 'clearedAt'>,
): void {
  const { context } = moment.around;
  const { flags } = moment.course;
  state.holdingSince = null;
  const opened: Flag = {
    flagId: contentUuid('flag', context.accountId, moment.definition.id, flag.rule, String(moment.at)),
    ...flag,
    openedAt: moment.at,
    clearedAt: null,
  };
  // What was opened and cleared in this very instant goes on: a rule has one flag for an instant.
  const same = flags.findLastIndex((one) => one.flagId === opened.flagId);
  state.flag = same < 0 ? flags.length : same;
  flags[state.flag] = opened;
}

/** Keeps a rule shut after the answer "not a risk". */
export function muteRule(moment: Moment, state: RuleState): void {
  if (state.flag !== null) clearFlag(moment, state, 'answered: not a risk');
  state.mutedUntil = moment.at + MUTED_FOR;
}

/** Compiles one rule. */
export function compileRule(
  rule: RuleDefinition,
  definition: JourneyDefinition,
  definitionDigest: string,
  bind: Bind,
): CompiledRule {
  const when = compileCondition(rule.when, definition, bind);
  const clear = rule.clear ? compileCondition(rule.clear, definition, bind) : null;
  const coverage = rule.absence ? compileCoverage(rule.absence, definition, bind) : alwaysCovered;
  const templates = typeof rule.reason === 'string' ? [rule.reason] : rule.reason;
  const reason = compileReason(templates, when.signals, bind, rule.title);
  const cleared = compileReason(
    typeof rule.cleared === 'string' ? [rule.cleared] : (rule.cleared ?? []),
    [...(clear?.signals ?? []), ...when.signals],
    bind,
    clear ? 'enough of it has passed' : 'what it rested on has passed',
  );
  const shownEvents = compileEvidence(rule, when, bind);
  const evidence = (moment: Moment) => shortened(shownEvents(moment));
  const stages = rule.appliesTo.stages ? new Set(rule.appliesTo.stages) : null;
  const exceptStages = new Set(rule.appliesTo.exceptStages ?? []);
  const segments = rule.appliesTo.segments ? new Set(rule.appliesTo.segments) : null;
  const holdFor = Math.round(rule.holdForDays * DAY);
  const cooldown = Math.round(rule.cooldownDays * DAY);

  /** Sets `moment.flip`: the day the account becomes a customer is known beforehand. */
  const applies = (moment: Moment): boolean => {
    const { stage } = moment.course;
    moment.flip = NEVER;
    if (rule.appliesTo.customers && !isCustomer(moment)) {
      const since = moment.around.context.customerSince;
      if (since !== undefined && since > moment.at) moment.flip = since;
      return false;
    }
    if (stages && (stage === null || !stages.has(stage))) return false;
    if (stage !== null && exceptStages.has(stage)) return false;
    return !segments || segments.has(segmentOf(moment) ?? '');
  };

  const notForIt = (moment: Moment): string => {
    if (rule.appliesTo.customers && !isCustomer(moment)) return 'no longer a customer';
    const stage = definition.stages.find((one) => one.id === moment.course.stage);
    return stage ? `now in stage ${stage.title}` : 'not meant for this account any longer';
  };

  const suppressor = (moment: Moment): Flag | undefined => {
    for (const [other, state] of Object.entries(moment.course.rules)) {
      const flag = state.flag === null ? undefined : moment.course.flags[state.flag];
      if (!flag || other === rule.id) continue;
      if (rule.suppressedBy.includes(other) || (flag.kind === 'risk' && rule.suppressedBy.includes('any_risk')))
        return flag;
    }
    return undefined;
  };

  const appliesReads =
    (rule.appliesTo.customers ? part.spell : 0) | (stages || exceptStages.size > 0 ? part.course : 0);
  const flagReads = rule.suppressedBy.length > 0 ? part.flags : 0;
  const reads = when.reads | (clear?.reads ?? 0) | coverage.reads | appliesReads | flagReads;

  const settle = (moment: Moment, state: RuleState): 'settled' | 'blocked_by_gap' => {
    moment.reads = appliesReads;
    if (!applies(moment)) {
      if (state.flag !== null) clearFlag(moment, state, notForIt(moment));
      state.holdingSince = null;
      return 'settled';
    }
    const isSuppressible = rule.suppressedBy.length > 0;
    if (state.flag !== null) {
      const suppressedBy = isSuppressible ? suppressor(moment) : undefined;
      if (suppressedBy) {
        clearFlag(moment, state, `held back while open: ${suppressedBy.title}`);
        // Nothing was wrong with it, so no cool-down.
        state.clearedAt = null;
        moment.flip = NEVER;
        moment.reads = reads;
        return 'settled';
      }
      const over = clear ? clear.watch(moment) : !when.watch(moment);
      if (!over) {
        moment.reads |= appliesReads | flagReads;
        return 'settled';
      }
      clearFlag(moment, state, cleared(moment));
      // A condition that its own flag ends holds again at once: whether it leads round is seen when it is looked at anew.
      if (!clear && when.test(moment)) return 'settled';
    }
    // What keeps it from holding is all that matters until it ends.
    const met = when.watch(moment);
    let flip = moment.flip;
    if (!met) {
      state.holdingSince = null;
      state.mutedUntil = null;
      return 'settled';
    }
    moment.reads = reads;
    if (isSuppressible && suppressor(moment)) {
      state.holdingSince = null;
      return 'settled';
    }
    const covered = coverage.judge(moment);
    flip = Math.min(flip, moment.flip);
    moment.flip = flip;
    if (covered !== 'covered') {
      state.holdingSince = null;
      return covered === 'gap' ? 'blocked_by_gap' : 'settled';
    }
    state.holdingSince ??= moment.at;
    const readyAt = Math.max(
      state.holdingSince + holdFor,
      state.clearedAt === null || cooldown === 0 ? -Infinity : state.clearedAt + cooldown,
      state.mutedUntil ?? -Infinity,
    );
    if (readyAt > moment.at) {
      moment.flip = Math.min(flip, readyAt);
      return 'settled';
    }
    state.mutedUntil = null;
    // A flag that its own clear condition would end at once must not open.
    if (clear?.watch(moment)) {
      moment.flip = Math.min(flip, moment.flip);
      moment.reads = reads;
      return 'settled';
    }
    moment.reads = reads;
    const clearFlip = clear ? moment.flip : flip;
    openFlag(moment, state, {
      rule: rule.id,
      ruleVersion: rule.version,
      kind: rule.kind,
      severity: rule.severity,
      title: rule.title,
      reason: reason(moment),
      nextStep: rule.nextStep,
      ...(rule.playbook ? { playbook: rule.playbook } : {}),
      proof: makeProof({
        rule: rule.id,
        ruleVersion: rule.version,
        definition: definition.id,
        definitionDigest,
        at: moment.at,
        evidence: shownEvents(moment),
        comparisons: when.comparisons(moment),
        clears: rule.clears,
      }),
    });
    moment.flip = clearFlip;
    return 'settled';
  };

  return { id: rule.id, definition: rule, when, coverage, reason, evidence, settle };
}
