import type { Comparison } from '../course/state.ts';
import { operatorWords } from '../definition/definition-words.ts';

type Unit = Comparison['unit'];

const units: Readonly<Partial<Record<Unit, readonly [one: string, many: string]>>> = {
  days: ['day', 'days'],
  business_days: ['business day', 'business days'],
  score: ['point', 'points'],
};

/** A compared value with its unit, as a person says it: `1 day`, `42 %`, `"live"`, `unknown`. */
export function measureWords(value: number | string | null, unit: Unit): string {
  if (value === null) return 'unknown';
  if (typeof value === 'string') return `"${value}"`;
  if (unit === 'ratio') return `${Math.round(value * 100)} %`;
  const words = units[unit];
  return words ? `${value} ${value === 1 ? words[0] : words[1]}` : String(value);
}

/** What a comparison asked for: `at least 21 days`, `a known value`. */
export function askedWords({ op, threshold, unit }: Comparison): string {
  if (threshold === 'unknown' && op === '!=') return 'a known value';
  if (threshold === 'unknown') return op === '==' ? 'none' : `${operatorWords[op]} what is unknown`;
  return `${operatorWords[op]} ${measureWords(threshold, unit)}`;
}
