import type { EventType, JourneyDefinition, MilestoneDefinition, RuleDefinition, SignalName } from '@waymark/journey';
import type { Bind } from './operand.ts';
import { contentDigest } from '../course/digest.ts';
import { compileHealth, type CompiledHealth } from './health.ts';
import { compileMatcher } from '../course/matcher.ts';
import { compileNotices, type CompiledNotices } from './notices.ts';
import { compileRule, type CompiledRule } from './rule.ts';
import { compileSegments, type CompiledSegments } from './segment.ts';
import { part, remembersFor, signalReads } from '../tracks/reads.ts';
import { signalBinder } from '../signals/signals.ts';
import { compileStages, type CompiledStages } from './stage.ts';
import type { Fact } from '../course/state.ts';
import { compileSuccess, type CompiledSuccess } from './success.ts';

/** Changes whenever the same facts could give another answer than before; a checkpoint of another version is folded anew. */
export const ENGINE_VERSION = 7;

export interface CompiledMilestone {
  readonly definition: MilestoneDefinition;
  proves(fact: Fact): boolean;
}

/** A definition compiled to closures, once, for all accounts. */
export interface CompiledJourney {
  readonly definition: JourneyDefinition;
  readonly digest: string;
  /** Null where an account's record alone decides. */
  readonly segments: CompiledSegments | null;
  readonly stages: CompiledStages;
  readonly milestones: readonly CompiledMilestone[];
  /** In an order in which a rule follows those that hold it back. */
  readonly rules: readonly CompiledRule[];
  readonly health: CompiledHealth;
  /** Null where the definition does not say what its success is. */
  readonly success: CompiledSuccess | null;
  readonly notices: CompiledNotices;
  /** Types of which a fact can move the journey by itself, whatever it changes of what is remembered. */
  readonly lookedFor: ReadonlySet<EventType>;
  /** The parts of an account's facts that are remembered, as bits of `part`: what nothing here asks for is not. */
  readonly remembers: number;
}

/** SHA-256 over the canonical JSON of a definition with its defaults filled in: comments and layout do not count. */
export function definitionDigest(definition: JourneyDefinition): string {
  return contentDigest(definition);
}

/**
 * Compiles a definition that `parseDefinition` has accepted. One that is kept under a digest is given it: a later version of Waymark
 * fills in further defaults, and what was proven under the digest is proven still.
 */
export function compileJourney(definition: JourneyDefinition, digest = definitionDigest(definition)): CompiledJourney {
  const binder = signalBinder(definition);
  let asked = 0;
  const bind: Bind = (name, params) => {
    asked |= signalReads[name];
    return binder(name, params);
  };
  const { rules, health, success } = definition;
  // What came last is shown beside any flag, and which sources a customer uses is asked for any score.
  if (rules.length > 0 || health || success) asked |= part.contact | part.meetings;
  // What a deal is about may have been told by an earlier event of it.
  const lookedFor = lookedForIn(definition);
  if ([...lookedFor].some((type) => type.startsWith('deal.'))) asked |= part.deals;
  const compiled: Omit<CompiledJourney, 'remembers'> = {
    definition,
    digest,
    segments: compileSegments(definition, bind),
    stages: compileStages(definition, digest, bind),
    milestones: definition.milestones.map((milestone) => {
      const matchers = milestone.proof.map(compileMatcher);
      return {
        definition: milestone,
        proves: (fact) => {
          if (fact.type === 'milestone.reached' && fact.attributes.milestone === milestone.id) return true;
          for (const matches of matchers) if (matches(fact)) return true;
          return false;
        },
      };
    }),
    rules: inOrder(rules).map((rule) => compileRule(rule, definition, digest, bind)),
    health: compileHealth(definition, bind),
    success: compileSuccess(definition, bind),
    notices: compileNotices(definition, digest),
    lookedFor,
  };
  return { ...compiled, remembers: remembersFor(asked) };
}

/** The same journey, which remembers besides what some signals ask that it does not name. */
export function rememberingFor(journey: CompiledJourney, signals: readonly SignalName[]): CompiledJourney {
  const asked = signals.reduce((reads, name) => reads | signalReads[name], journey.remembers);
  return { ...journey, remembers: remembersFor(asked) };
}

function lookedForIn({ stages, crmStageMap, milestones, outcomes }: JourneyDefinition): Set<EventType> {
  const found = new Set<EventType>(['milestone.reached', 'flag.answered']);
  const ways = stages.flatMap((stage) => [...stage.enter, ...(stage.exit ?? [])]);
  const matchers = [
    ...ways.flatMap(({ on }) => on ?? []),
    ...milestones.flatMap(({ proof }) => proof),
    ...(outcomes?.churned ?? []),
    ...(outcomes?.renewed ?? []),
  ];
  for (const { type } of matchers) for (const one of [type].flat()) found.add(one);
  if (crmStageMap) found.add('crm.stage_changed');
  return found;
}

/** Rules after those that suppress them; otherwise as in the file. A circle, which the check refuses, is left as it stands. */
function inOrder(rules: readonly RuleDefinition[]): RuleDefinition[] {
  const placed: RuleDefinition[] = [];
  const visiting = new Set<string>();
  const place = (rule: RuleDefinition): void => {
    if (visiting.has(rule.id)) return;
    visiting.add(rule.id);
    for (const other of rules) if (other !== rule && isSuppressedBy(rule, other)) place(other);
    placed.push(rule);
  };
  for (const rule of rules) place(rule);
  return placed;
}

/** Whether an open flag of `other` holds `rule` back. */
export function isSuppressedBy(rule: RuleDefinition, other: RuleDefinition): boolean {
  return rule.suppressedBy.includes(other.id) || (other.kind === 'risk' && rule.suppressedBy.includes('any_risk'));
}
