import type { Condition, JourneyDefinition, Operand } from '@waymark/journey';
import { Engine, type NestedCondition, type TopLevelCondition } from 'json-rules-engine';

const operators = {
  '>=': 'greaterThanInclusive',
  '>': 'greaterThan',
  '<=': 'lessThanInclusive',
  '<': 'lessThan',
  '==': 'equal',
  '!=': 'notEqual',
} as const;

/**
 * The rules of a definition for json-rules-engine 7. Signals are facts that are given ready, at no cost: what stands behind them is the
 * engine's own work, which is left out in its favor. Thresholds that are signals themselves are numbers here.
 */
export function rulesEngine(definition: JourneyDefinition): {
  readonly engine: Engine;
  readonly facts: Readonly<Record<string, number>>;
} {
  const engine = new Engine();
  const facts: Record<string, number> = {};
  const figure = (name: string): string => {
    facts[name] ??= Object.keys(facts).length % 7;
    return name;
  };
  const valueOf = (operand: Operand): number | string => {
    if (typeof operand !== 'object') return operand;
    if ('threshold' in operand) return definition.thresholds[operand.threshold]?.value ?? 0;
    if ('signal' in operand) return 14 * (operand.times ?? 1);
    const values = ('max' in operand ? operand.max : operand.min).map(valueOf).map(Number);
    return 'max' in operand ? Math.max(...values) : Math.min(...values);
  };
  const nested = (node: Condition): NestedCondition => {
    if ('all' in node) return { all: node.all.map(nested) };
    if ('any' in node) return { any: node.any.map(nested) };
    if ('not' in node) return { not: nested(node.not) };
    if ('watched' in node) return { fact: figure('watched'), operator: 'greaterThanInclusive', value: 0 };
    if ('known' in node) return { fact: figure(node.known), operator: 'greaterThanInclusive', value: 0 };
    if ('unknown' in node) return { fact: figure(node.unknown), operator: 'lessThan', value: 0 };
    const fact = figure(`${node.signal} ${JSON.stringify(node.with ?? {})}`);
    return { fact, operator: operators[node.op], value: valueOf(node.value) };
  };
  for (const rule of definition.rules) {
    const conditions: TopLevelCondition = { all: [nested(rule.when)] };
    engine.addRule({ name: rule.id, conditions, event: { type: rule.id } });
  }
  return { engine, facts };
}
