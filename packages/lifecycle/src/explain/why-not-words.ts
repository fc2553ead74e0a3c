import type { Comparison } from '../course/state.ts';
import { askedWords, measureWords } from './measure-words.ts';
import type { Unmet, WhyNot } from './why-not.ts';

const shutBecause: Readonly<Record<Exclude<WhyNot['because'], 'condition'>, string>> = {
  not_a_customer: 'it is for customers, and this account is none',
  other_stage: 'it is not meant for the stage that the account is in',
  other_segment: 'it is not meant for the segment of the account',
  held_back: 'held back while another flag is open',
  not_long_enough: 'its condition holds, but not for long enough',
  cooling_down: 'its condition holds again, but it rests after the last clearing',
  answered_not_a_risk: 'somebody answered that it is not a risk',
  not_watched: 'its condition holds, but silence proves nothing while the sources were not watched',
  clear_condition_holds: 'its condition holds, and so does what clears it',
};

/** On which side of what is asked for a value is that does not hold. */
const awayWords: Readonly<Record<Comparison['op'], string>> = {
  '>=': 'short of',
  '>': 'short of',
  '<=': 'above',
  '<': 'above',
  '==': 'away from',
  '!=': 'away from',
};

/** Why one rule raises nothing, as a person says it. */
export function whyNotLines(one: WhyNot, date: (at: number) => string): string[] {
  const head = `  ${one.title} (${one.rule})`;
  if (one.because === 'condition')
    return [`${head}: what it asks for is not so.`, ...one.unmet.flatMap((unmet) => unmetLines(unmet, date, '    '))];
  const more = [
    ...(one.by === undefined ? [] : [one.by]),
    ...(one.gap === undefined ? [] : [one.gap]),
    ...(one.until === undefined ? [] : [`until ${date(one.until)}`]),
  ];
  return [`${head}: ${shutBecause[one.because]}${more.length > 0 ? ` (${more.join('; ')})` : ''}.`];
}

function unmetLines(unmet: Unmet, date: (at: number) => string, indent: string): string[] {
  switch (unmet.kind) {
    case 'comparison': {
      const { comparison, by, turnsAt } = unmet;
      const short =
        by === null || by === 0 ? '' : `; ${measureWords(by, comparison.unit)} ${awayWords[comparison.op]} it`;
      const turn = turnsAt === null ? '' : `; by time alone it holds from ${date(turnsAt)}`;
      return [`${indent}${comparisonWords(comparison)}${short}${turn}`];
    }
    case 'holds':
      return unmet.comparisons.map((comparison) => `${indent}must not be: ${comparisonWords(comparison)}`);
    case 'not_watched':
      return [`${indent}${unmet.touchpoints.join(', ')} not watched for long enough: ${unmet.because}`];
    case 'none_of':
      return unmet.ways.flatMap((way, index) => [
        `${indent}${index === 0 ? 'either' : 'or'}`,
        ...way.flatMap((part) => unmetLines(part, date, `${indent}  `)),
      ]);
  }
}

function comparisonWords(comparison: Comparison): string {
  const { label, value, op, threshold, unit } = comparison;
  if (threshold === 'unknown' && (op === '==' || op === '!='))
    return `${label} is ${value === null ? 'unknown' : 'known'}`;
  return `${label} is ${measureWords(value, unit)}, asked for ${askedWords(comparison)}`;
}
