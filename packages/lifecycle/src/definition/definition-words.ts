import { signalCatalogue } from '@waymark/journey';
import type {
  ComparisonOp,
  Condition,
  EventMatcher,
  Operand,
  SignalName,
  SignalParams,
  SignalUnit,
} from '@waymark/journey';

/** Comparisons as a person says them. */
export const operatorWords: Readonly<Record<ComparisonOp, string>> = {
  '>=': 'at least',
  '>': 'more than',
  '<=': 'at most',
  '<': 'less than',
  '==': 'equal to',
  '!=': 'other than',
};

/** What follows a number of a unit. */
const unitWords: Readonly<Record<SignalUnit | 'instant', string>> = {
  days: ' days',
  business_days: ' business days',
  count: '',
  ratio: ' of the usual',
  score: ' points',
  instant: '',
  none: '',
};

/** A signal with what narrows it: `messages in the window (inbound, 30 days)`. */
export function signalWords(name: SignalName, params: SignalParams | undefined): string {
  const said = Object.entries(params ?? {}).map(([key, value]) => {
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    if (key === 'days') return `${text} days`;
    if (key === 'baselineDays') return `against ${text} days before`;
    if (key === 'percentile') return `percentile ${text}`;
    return text;
  });
  const { label } = signalCatalogue[name];
  return said.length === 0 ? label : `${label} (${said.join('; ')})`;
}

/** What a comparison is held against. */
export function operandWords(operand: Operand, unit: SignalUnit): string {
  if (typeof operand === 'string') return `"${operand}"`;
  if (typeof operand === 'number') return `${operand}${unitWords[unit]}`;
  if ('threshold' in operand) return `the threshold ${operand.threshold}`;
  if ('max' in operand) return `the largest of ${operand.max.map((part) => operandWords(part, unit)).join(', ')}`;
  if ('min' in operand) return `the smallest of ${operand.min.map((part) => operandWords(part, unit)).join(', ')}`;
  const factor = operand.times === undefined ? '' : `${operand.times} times `;
  const plus = operand.plus === undefined ? '' : ` plus ${operand.plus}`;
  return `${factor}${signalWords(operand.signal, operand.with)}${plus}`;
}

/** A condition in one line, as a person says it. */
export function conditionWords(node: Condition): string {
  if ('all' in node) return join(node.all, ' and ');
  if ('any' in node) return join(node.any, ' or ');
  if ('not' in node) return `not (${conditionWords(node.not)})`;
  if ('watched' in node)
    return `${node.watched.join(', ')} watched without a gap for ${operandWords(node.days, 'days')}`;
  if ('known' in node) return `${signalWords(node.known, node.with)} is known`;
  if ('unknown' in node) return `${signalWords(node.unknown, node.with)} is unknown`;
  const { unit } = signalCatalogue[node.signal];
  return `${signalWords(node.signal, node.with)} ${operatorWords[node.op]} ${operandWords(node.value, unit)}`;
}

function join(parts: readonly Condition[], word: string): string {
  return parts
    .map((part) => ('all' in part || 'any' in part ? `(${conditionWords(part)})` : conditionWords(part)))
    .join(word);
}

/** Which events are meant, in one line. */
export function matcherWords({ type, where, like }: EventMatcher): string {
  const types = [type].flat().join(' or ');
  const named = [
    ...Object.entries(where ?? {}).map(([name, value]) => `${name} ${[value].flat().join(' or ')}`),
    ...Object.entries(like ?? {}).map(([name, value]) => `${name} like ${[value].flat().join(' or ')}`),
  ];
  return named.length === 0 ? types : `${types} with ${named.join(', ')}`;
}

/** Thresholds that a condition or operand names, each with the comparison that it stands in. */
export function thresholdsIn(node: Condition): readonly { readonly name: string; readonly op: ComparisonOp }[] {
  if ('all' in node) return node.all.flatMap(thresholdsIn);
  if ('any' in node) return node.any.flatMap(thresholdsIn);
  // Under `not` a comparison means its contrary.
  if ('not' in node) return thresholdsIn(node.not).map(({ name, op }) => ({ name, op: contrary[op] }));
  if ('signal' in node) return operandThresholds(node.value).map((name) => ({ name, op: node.op }));
  return [];
}

const contrary: Readonly<Record<ComparisonOp, ComparisonOp>> = {
  '>=': '<',
  '>': '<=',
  '<=': '>',
  '<': '>=',
  '==': '!=',
  '!=': '==',
};

function operandThresholds(operand: Operand): readonly string[] {
  if (typeof operand !== 'object') return [];
  if ('threshold' in operand) return [operand.threshold];
  if ('max' in operand) return operand.max.flatMap(operandThresholds);
  if ('min' in operand) return operand.min.flatMap(operandThresholds);
  return [];
}
