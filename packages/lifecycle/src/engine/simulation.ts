import { markOf, textAttribute } from '../tracks/fact.ts';
import type { CompiledJourney } from '../rules/journey.ts';
import { companyOf, dueOf, surroundingsOf, type Course, type Moment } from '../course/moment.ts';
import { makeProof } from '../course/proof.ts';
import { everyPart, part } from '../tracks/reads.ts';
import { clearFlag, muteRule, openFlag, ruleStateOf, type CompiledRule } from '../rules/rule.ts';
import { settleSegment } from '../rules/segment.ts';
import { NEVER, note } from '../signals/signal.ts';
import type { AccountContext, Fact } from '../course/state.ts';
import { takeFact } from '../tracks/taking.ts';
import { withKnownDeal } from '../tracks/track-work.ts';
import type { Tracks } from '../tracks/tracks.ts';

/**
 * An account's course through time, driven from event to event: facts, and the instants at which time alone turns a condition.
 * Between two of these nothing can change, so nothing is looked at.
 */
export interface Simulation {
  readonly moment: Moment;
  /** The next instant to look at, if no fact comes; Infinity if none. */
  wakeAt: number;
  /** Adds a fact at the moment. Gives it with what is known of its deal, for the `settle` that judges it. */
  take(fact: Fact): Fact;
  /** What has been found of when to look again at what, so that it need not be found again. */
  watch(): Watch | null;
  /** Judges stages, milestones and rules at an instant, with the facts of that instant. Says whether anything changed. */
  settle(at: number, fresh: readonly Fact[]): boolean;
}

/**
 * When each part of a journey is to be looked at again, if no fact comes, and the parts of what is remembered of which one may change it
 * sooner. Plain JSON; instants are null where there is none.
 */
export interface Watch {
  /** The parts that facts have touched which are not judged yet. */
  readonly dirty: number;
  readonly stage: readonly [turn: number | null, reads: number];
  readonly segment: number | null;
  /** In the order of the compiled journey; `blocked` is 1 where absence proves nothing for want of coverage. */
  readonly rules: readonly (readonly [turn: number | null, reads: number, blocked: 0 | 1])[];
}

const orNull = (at: number): number | null => (at === NEVER ? null : at);

/** Several passes, since a flag can move a stage and a stage can end a flag; more than this is a definition that circles. */
const MOST_PASSES = 16;

/** A flag may open and be cleared again in one instant; what turns oftener circles, and is left as it is until another fact comes. */
const MOST_TURNS = 2;

/** Opens a simulation over tracks and a course, both of which it changes in place. */
export function openSimulation(
  journey: CompiledJourney,
  context: AccountContext,
  tracks: Tracks,
  course: Course,
  wakeAt: number,
  watched: Watch | null = null,
): Simulation {
  const moment: Moment = {
    at: -Infinity,
    flip: NEVER,
    reads: everyPart,
    fresh: [],
    tracks,
    course,
    around: surroundingsOf(journey.definition, context),
    definition: journey.definition,
    memo: new Map(),
  };
  const company = companyOf(moment);

  const reachMilestones = (): boolean => {
    let changed = false;
    for (const { definition: milestone, proves } of journey.milestones) {
      if (course.milestones[milestone.id]) continue;
      const fact = moment.fresh.find(proves);
      if (!fact) continue;
      changed = true;
      const proof = makeProof({
        rule: `milestone:${milestone.id}`,
        ruleVersion: journey.definition.version,
        definition: journey.definition.id,
        definitionDigest: journey.digest,
        at: moment.at,
        evidence: [note(markOf(fact), `Proves: ${milestone.title}`)],
        comparisons: [],
        clears: 'A milestone once reached stays reached.',
      });
      course.milestones[milestone.id] = { at: fact.occurredAt, proof };
    }
    return changed;
  };

  const takeAnswers = (): boolean => {
    let taken = false;
    for (const fact of moment.fresh) {
      if (fact.type !== 'flag.answered') continue;
      const flagId = textAttribute(fact, 'flagId');
      const byFlag = flagId === undefined ? undefined : course.flags.find((flag) => flag.flagId === flagId)?.rule;
      const rule = byFlag ?? textAttribute(fact, 'rule');
      if (rule === undefined || !journey.rules.some((one) => one.id === rule)) continue;
      const state = ruleStateOf(moment, rule);
      taken = true;
      if (fact.attributes.answer === 'not_a_risk') muteRule(moment, state);
      else if (fact.attributes.answer === 'reopened') state.mutedUntil = null;
    }
    return taken;
  };

  // When each rule is to be looked at again if nothing that it reads changes; at once, to begin with.
  const ruleTurns = Float64Array.from(journey.rules, (_, index) =>
    watched ? (watched.rules[index]?.[0] ?? NEVER) : -Infinity,
  );
  /** And the parts that it rests on as it stands. */
  const ruleReads = Int32Array.from(journey.rules, (_, index) => watched?.rules[index]?.[1] ?? everyPart);
  const isBlocked = journey.rules.map((_, index) => watched?.rules[index]?.[2] === 1);
  let stageTurn = watched ? (watched.stage[0] ?? NEVER) : -Infinity;
  let stageReads: number = watched?.stage[1] ?? everyPart;
  let segmentTurn = watched ? (watched.segment ?? NEVER) : journey.segments ? -Infinity : NEVER;
  let dirty = watched?.dirty ?? everyPart;
  let isSettled = watched !== null;
  /** The parts that anything rests on as it stands. */
  let interest = everyPart;
  /** The first instant at which a rule is to be looked at, and the parts that rules rest on. */
  let rulesTurn = -Infinity;
  let rulesRead = everyPart;
  let hasBlocked = isBlocked.includes(true);
  /** When the next milestone is due. */
  let dueAt = -Infinity;
  /** Since when events make it a customer: milestones may be due by that. */
  let began = tracks.record.since;
  /** How often each rule has turned in this instant; null while none has. */
  let turns: Map<string, number> | null = null;

  const leaveAsItIs = (index: number): false => {
    ruleTurns[index] = NEVER;
    ruleReads[index] = everyPart;
    return false;
  };

  /** Settles a rule. Returns whether its flag opened or closed. */
  const settleRule = (rule: CompiledRule, index: number): boolean => {
    if (course.circling?.rules.includes(rule.id)) return leaveAsItIs(index);
    const state = ruleStateOf(moment, rule.id);
    const before = state.flag;
    const last =
      turns && (turns.get(rule.id) ?? 0) === MOST_TURNS ? { flags: course.flags, state: { ...state } } : null;
    if (last) course.flags = [...course.flags];
    const blocked = rule.settle(moment, state) === 'blocked_by_gap';
    ruleTurns[index] = moment.flip;
    ruleReads[index] = moment.reads | part.terms;
    isBlocked[index] = blocked;
    if (state.flag === before) return false;
    if (last) {
      course.flags = last.flags;
      course.rules[rule.id] = last.state;
      course.circling = {
        stages: course.circling?.stages ?? false,
        rules: [...(course.circling?.rules ?? []), rule.id],
      };
      return leaveAsItIs(index);
    }
    turns ??= new Map();
    turns.set(rule.id, (turns.get(rule.id) ?? 0) + 1);
    return true;
  };

  /** Settles the rules that have cause. Returns whether a flag opened or closed. */
  const settleRules = (): boolean => {
    if ((rulesRead & dirty) === 0 && rulesTurn > moment.at) return false;
    let turned = false;
    let first = NEVER;
    let reads = 0;
    for (let index = 0; index < journey.rules.length; index += 1) {
      const rule = journey.rules[index];
      const hasCause = ((ruleReads[index] ?? everyPart) & dirty) !== 0 || (ruleTurns[index] ?? NEVER) <= moment.at;
      if (rule && hasCause && settleRule(rule, index)) {
        turned = true;
        // Rules that follow see it in this pass, those before in the next.
        dirty |= part.flags;
      }
      const turn = ruleTurns[index] ?? NEVER;
      if (turn < first) first = turn;
      reads |= ruleReads[index] ?? everyPart;
    }
    rulesTurn = first;
    rulesRead = reads;
    hasBlocked = isBlocked.includes(true);
    return turned;
  };

  const settleDataGap = (): boolean => {
    const known = course.rules.data_gap;
    const blocked = hasBlocked ? journey.rules[isBlocked.indexOf(true)] : undefined;
    if (!blocked) {
      if (!known || known.flag === null) return false;
      clearFlag(moment, known, 'the sources were watched long enough again, or the doubt ended');
      return true;
    }
    if (known && known.flag !== null) return false;
    const state = ruleStateOf(moment, 'data_gap');
    const missed = blocked.coverage.gap(moment)?.reason ?? 'a source was not watched';
    openFlag(moment, state, {
      rule: 'data_gap',
      ruleVersion: 1,
      kind: 'data_gap',
      severity: 'low',
      title: 'Silence that proves nothing',
      reason: `It looks quiet, but contact may have been missed: ${missed}`,
      nextStep: 'Mend the source; the account is judged again once what was missed has been read.',
      proof: makeProof({
        rule: 'data_gap',
        ruleVersion: 1,
        definition: journey.definition.id,
        definitionDigest: journey.digest,
        at: moment.at,
        evidence: [],
        comparisons: [],
        clears: 'The missed stretch is read, or new contact shows that nothing is wrong.',
      }),
    });
    return true;
  };

  /** Moves the account to the segment that fits now; what hangs on it is looked at again. */
  const settleSegments = (): boolean => {
    const { segments } = journey;
    if (!segments || ((segments.reads & dirty) === 0 && segmentTurn > moment.at)) return false;
    const moved = settleSegment(segments, moment);
    segmentTurn = moment.flip;
    if (moved) dirty = everyPart;
    return moved;
  };

  /** When the next milestone that is not reached is due. */
  const nextDue = (): number => {
    let first = NEVER;
    for (const { definition: milestone } of journey.milestones) {
      if (course.milestones[milestone.id]) continue;
      const due = dueOf(moment, milestone);
      if (due !== null && due > moment.at && due < first) first = due;
    }
    return first;
  };

  const isWanted = (fresh: readonly Fact[]): boolean => {
    for (const fact of fresh) if (journey.lookedFor.has(fact.type)) return true;
    return false;
  };

  const simulation: Simulation = {
    moment,
    wakeAt,
    take(given) {
      moment.at = given.occurredAt;
      const fact = given.type.startsWith('deal.') ? withKnownDeal(tracks.deals, given) : given;
      dirty |= takeFact(tracks, fact, company, journey.remembers);
      return fact;
    },
    watch: () =>
      isSettled
        ? {
            dirty,
            stage: [orNull(stageTurn), stageReads],
            segment: orNull(segmentTurn),
            rules: isBlocked.map((blocked, index) => [
              orNull(ruleTurns[index] ?? NEVER),
              ruleReads[index] ?? everyPart,
              blocked ? 1 : 0,
            ]),
          }
        : null,
    settle(at, fresh) {
      moment.at = at;
      // Most facts change nothing that anything rests on, and are none that is looked for.
      const wanted = isWanted(fresh);
      if (isSettled && !wanted && (dirty & interest) === 0 && simulation.wakeAt > at && !course.circling) {
        dirty = 0;
        moment.fresh = [];
        return false;
      }
      isSettled = true;
      moment.fresh = fresh;
      turns = null;
      // What led round is looked at anew with every fact.
      if (fresh.length > 0 && course.circling) {
        course.circling = { stages: false, rules: [] };
        dirty = everyPart;
      }
      let changed = wanted && reachMilestones();
      if (wanted) {
        const outcome = journey.success?.outcomeIn(fresh, tracks.record);
        if (outcome) course.outcome = outcome;
      }
      if (changed) dirty |= part.course;
      if (wanted && takeAnswers()) dirty = everyPart;
      const unknownStage = wanted && journey.notices.settleUnknownStage(moment);
      for (let pass = 0; ; pass++) {
        changed = settleSegments() || changed;
        const { stage } = course;
        if (course.circling?.stages) {
          stageTurn = NEVER;
          stageReads = everyPart;
        } else if (
          (stageReads & dirty) !== 0 ||
          stageTurn <= at ||
          (wanted && journey.stages.waitsFor(moment, stage))
        ) {
          const moved = journey.stages.settle(moment);
          stageTurn = moment.flip;
          stageReads = moment.reads | part.terms;
          if (moved) journey.notices.settleMove(moment);
          if (moment.isRound) course.circling = { rules: course.circling?.rules ?? [], stages: true };
          if (moved) dirty |= part.course;
          changed ||= moved;
        }
        // A stage may lead into another segment, and that changes thresholds: then everything is looked at again.
        const regrouped = settleSegments();
        const turned = settleRules();
        moment.fresh = [];
        dirty = regrouped ? everyPart : turned ? part.flags : 0;
        if (!turned && !regrouped) break;
        changed = true;
        if (pass < MOST_PASSES) continue;
        course.circling = { rules: course.circling?.rules ?? [], stages: true };
        break;
      }
      dirty = 0;
      changed = settleDataGap() || unknownStage || changed;
      if (course.circling) {
        const { stages, rules } = course.circling;
        changed = journey.notices.settleRound(moment, stages || rules.length > 0) || changed;
        if (!stages && rules.length === 0) delete course.circling;
      }
      const first = Math.min(stageTurn, segmentTurn, rulesTurn);
      interest = stageReads | (journey.segments?.reads ?? 0) | rulesRead;
      if (changed || dueAt <= at || began !== tracks.record.since) dueAt = nextDue();
      began = tracks.record.since;
      // Never back: a condition that named a past instant would hold the simulation for ever.
      simulation.wakeAt = Math.min(first, dueAt) > at ? Math.min(first, dueAt) : at + 1;
      return changed;
    },
  };
  return simulation;
}
