import type { Condition, Operand } from '@waymark/journey';
import { compileCondition, type CompiledCondition } from '../rules/condition.ts';
import { compileCoverage } from '../coverage/coverage.ts';
import { fold, momentOf } from '../engine/engine.ts';
import { isSuppressedBy, type CompiledJourney } from '../rules/journey.ts';
import { doubtedSince, isCustomer, segmentOf, type Moment } from '../course/moment.ts';
import type { Bind } from '../rules/operand.ts';
import type { CompiledRule } from '../rules/rule.ts';
import { signalBinder } from '../signals/signals.ts';
import type { AccountContext, Comparison, Fact, Flag } from '../course/state.ts';
import { DAY } from '../time/zone.ts';

/** A part of a condition that does not hold. */
export type Unmet =
  | {
      readonly kind: 'comparison';
      readonly comparison: Comparison;
      /** By how much it fails, in the signal's unit; null where one side has no value or is a text. */
      readonly by: number | null;
      /** When it would hold by the passing of time alone, epoch milliseconds; null if never. */
      readonly turnsAt: number | null;
    }
  /** Under `not`: this holds and must not. */
  | { readonly kind: 'holds'; readonly comparisons: readonly Comparison[] }
  | { readonly kind: 'not_watched'; readonly touchpoints: readonly string[]; readonly because: string }
  /** None of these ways holds, and one would do: the nearest first. */
  | { readonly kind: 'none_of'; readonly ways: readonly (readonly Unmet[])[] };

/** Why a rule has no open flag. */
export interface WhyNot {
  readonly rule: string;
  readonly title: string;
  readonly kind: 'risk' | 'opportunity';
  readonly because:
    | 'condition'
    | 'not_a_customer'
    | 'other_stage'
    | 'other_segment'
    | 'held_back'
    | 'not_long_enough'
    | 'cooling_down'
    | 'answered_not_a_risk'
    | 'not_watched'
    | 'clear_condition_holds';
  /** What of its condition does not hold; empty where the reason is another. */
  readonly unmet: readonly Unmet[];
  /** The rule whose open flag holds it back. */
  readonly by?: string;
  /** The gap that stands in the way. */
  readonly gap?: string;
  /** Until when it waits, epoch milliseconds. */
  readonly until?: number;
}

/**
 * Why each rule that has no open flag has none as of an instant: which condition fails by how much, or what else holds it back. The
 * rules in the order of the definition.
 */
export function whyNot(
  journey: CompiledJourney,
  context: AccountContext,
  facts: readonly Fact[],
  asOf: number,
): readonly WhyNot[] {
  const moment = momentOf(journey, context, fold(journey, context, facts, asOf));
  const bind = signalBinder(journey.definition);
  const rules = new Map(journey.rules.map((rule) => [rule.id, rule]));
  const doubted = doubtedSince(moment);
  return journey.definition.rules.flatMap(({ id }) => {
    const rule = rules.get(id);
    if (!rule) return [];
    const { title, kind, appliesTo } = rule.definition;
    const flag = openFlags(moment).find((one) => one.rule === id);
    // A customer by events but none by the record: what that time seemed to show is not believed.
    if (flag && doubted !== null && flag.openedAt >= doubted && appliesTo.customers)
      return [{ rule: id, title, kind, because: 'not_a_customer', unmet: [] }];
    if (flag) return [];
    return [{ rule: id, title, kind, ...reasonFor(journey, rule, moment, bind) }];
  });
}

type Reason = Omit<WhyNot, 'rule' | 'title' | 'kind'>;

function reasonFor(journey: CompiledJourney, rule: CompiledRule, moment: Moment, bind: Bind): Reason {
  const { definition } = rule;
  const { appliesTo } = definition;
  const { stage } = moment.course;
  const plain = (because: WhyNot['because'], more: Partial<Reason> = {}): Reason => ({ because, unmet: [], ...more });
  if (appliesTo.customers && !isCustomer(moment)) return plain('not_a_customer');
  if (appliesTo.stages && (stage === null || !appliesTo.stages.includes(stage))) return plain('other_stage');
  if (stage !== null && appliesTo.exceptStages?.includes(stage)) return plain('other_stage');
  if (appliesTo.segments && !appliesTo.segments.includes(segmentOf(moment) ?? '')) return plain('other_segment');
  if (!rule.when.test(moment)) return { because: 'condition', unmet: unmetIn(definition.when, journey, moment, bind) };
  const suppressor = openFlags(moment).find((flag) => {
    const other = journey.definition.rules.find((one) => one.id === flag.rule);
    return other !== undefined && isSuppressedBy(definition, other);
  });
  if (suppressor) return plain('held_back', { by: suppressor.rule });
  const covered = rule.coverage.judge(moment);
  if (covered !== 'covered') {
    const gap = rule.coverage.gap(moment)?.reason;
    return plain('not_watched', { gap: gap ?? 'nothing was watched for so long yet' });
  }
  return waiting(rule, moment, plain);
}

function waiting(
  rule: CompiledRule,
  moment: Moment,
  plain: (because: WhyNot['because'], more?: Partial<Reason>) => Reason,
): Reason {
  const { definition } = rule;
  const state = moment.course.rules[rule.id];
  const held = (state?.holdingSince ?? moment.at) + Math.round(definition.holdForDays * DAY);
  const cooled = state?.clearedAt == null ? -Infinity : state.clearedAt + Math.round(definition.cooldownDays * DAY);
  const muted = state?.mutedUntil ?? -Infinity;
  const until = Math.max(held, cooled, muted);
  if (until > moment.at) {
    const because = muted === until ? 'answered_not_a_risk' : cooled === until ? 'cooling_down' : 'not_long_enough';
    return plain(because, { until });
  }
  return plain('clear_condition_holds');
}

function openFlags(moment: Moment): readonly Flag[] {
  return moment.course.flags.filter((flag) => flag.clearedAt === null);
}

/** The parts of a condition that keep it from holding; empty if it holds. */
function unmetIn(node: Condition, journey: CompiledJourney, moment: Moment, bind: Bind): readonly Unmet[] {
  const { definition } = journey;
  const compiled = compileCondition(node, definition, bind);
  if (compiled.test(moment)) return [];
  if ('all' in node) return node.all.flatMap((part) => unmetIn(part, journey, moment, bind));
  if ('any' in node) {
    const ways = node.any.map((part) => unmetIn(part, journey, moment, bind));
    const [only] = ways;
    if (ways.length === 1 && only) return only;
    return [{ kind: 'none_of', ways: ways.toSorted((a, b) => a.length - b.length || nearness(a) - nearness(b)) }];
  }
  if ('not' in node) {
    const comparisons = compiled.comparisons(moment).filter((one) => one.holds);
    return [{ kind: 'holds', comparisons }];
  }
  if ('watched' in node) {
    const coverage = compileCoverage({ touchpoints: node.watched, days: node.days }, definition, bind);
    const because = coverage.gap(moment)?.reason ?? `nothing was watched for ${daysOf(node.days)} yet`;
    return [{ kind: 'not_watched', touchpoints: node.watched, because }];
  }
  const [comparison] = compiled.comparisons(moment);
  if (!comparison) return [];
  return [{ kind: 'comparison', comparison, by: shortOf(comparison), turnsAt: turnOf(compiled, moment) }];
}

/** A window that empties day by day has many instants at which its count changes; beyond these nobody is told a date. */
const MOST_TURNS = 400;

/** When a condition that does not hold comes to hold by the passing of time alone; null if it does not. */
function turnOf(condition: CompiledCondition, moment: Moment): number | null {
  const ahead: Moment = { ...moment };
  condition.test(ahead);
  for (let turns = 0; turns < MOST_TURNS; turns++) {
    const next = ahead.flip;
    if (!Number.isFinite(next) || next <= ahead.at) return null;
    ahead.at = next;
    if (condition.test(ahead)) return next;
  }
  return null;
}

const daysOf = (operand: Operand): string => (typeof operand === 'number' ? `${operand} days` : 'so long');

function shortOf({ value, threshold }: Comparison): number | null {
  if (typeof value !== 'number' || typeof threshold !== 'number') return null;
  return Math.round(Math.abs(threshold - value) * 100) / 100;
}

/** How far a way is from holding, as a share of what is asked for; what cannot be measured is far. */
function nearness(way: readonly Unmet[]): number {
  return way.reduce((sum, one) => {
    if (one.kind !== 'comparison' || one.by === null || typeof one.comparison.threshold !== 'number') return sum + 1;
    return sum + Math.min(1, one.by / Math.max(1, Math.abs(one.comparison.threshold)));
  }, 0);
}
