import type { Condition, JourneyDefinition, Operand } from '@waymark/journey';
import { boundsOf, rangeOf } from './condition-range.ts';
import type { DefinitionAdvice } from './definition-advice.ts';

type Path = DefinitionAdvice['path'];

/** Comparisons with what a signal can never be, and windows of absence that reach nowhere: each at the figure that has to be changed. */
export function beyondAdvice(
  definition: JourneyDefinition,
  conditions: readonly { readonly when: Condition; readonly path: Path }[],
): DefinitionAdvice[] {
  const found = [
    ...conditions.flatMap(({ when, path }) => beyondIn(when, path, definition)),
    ...definition.rules.flatMap(({ absence }, index) =>
      absence ? noWindow(absence.days, ['rules', index, 'absence', 'days'], definition) : [],
    ),
  ];
  // A threshold is told of once for each signal, however many rules share it.
  return [...new Map(found.map((one) => [`${one.path.join('.')} ${one.message}`, one])).values()];
}

function beyondIn(node: Condition, path: Path, definition: JourneyDefinition): DefinitionAdvice[] {
  if ('all' in node) return node.all.flatMap((part, at) => beyondIn(part, [...path, 'all', at], definition));
  if ('any' in node) return node.any.flatMap((part, at) => beyondIn(part, [...path, 'any', at], definition));
  if ('not' in node) return beyondIn(node.not, [...path, 'not'], definition);
  if ('watched' in node) return noWindow(node.days, [...path, 'days'], definition);
  if (!('signal' in node)) return [];
  const { from, to } = rangeOf(node.signal);
  return figuresOf(node.value, [...path, 'value'], definition).flatMap(({ low, high, at }) => {
    if (high >= from && low <= to) return [];
    const isUnder = high < from;
    const holds = node.op === '!=' || (node.op !== '==' && node.op.startsWith('>') === isUnder);
    return [
      {
        path: at,
        message: `${node.signal} is never ${isUnder ? `less than ${from}` : `more than ${to}`}, so that ${node.op} ${isUnder ? high : low} ${holds ? 'holds whenever it is known' : 'never holds'}`,
        remedy: isUnder ? `give at least ${from}` : `give at most ${to}`,
      },
    ];
  });
}

/** A time that was to be watched and that is none. */
function noWindow(days: Operand, path: Path, definition: JourneyDefinition): DefinitionAdvice[] {
  return figuresOf(days, path, definition).flatMap(({ high, at }) =>
    high > 0
      ? []
      : [{ path: at, message: `${high} days ask for nothing to be watched`, remedy: 'give at least one day' }],
  );
}

interface Figure {
  readonly low: number;
  readonly high: number;
  readonly at: Path;
}

/** The figures that an operand stands for, each where the file has it; none where it depends on the account. */
function figuresOf(operand: Operand, path: Path, definition: JourneyDefinition): readonly Figure[] {
  if (typeof operand === 'object' && 'threshold' in operand) {
    const threshold = Object.hasOwn(definition.thresholds, operand.threshold)
      ? definition.thresholds[operand.threshold]
      : undefined;
    const at = ['thresholds', operand.threshold];
    return [
      ...(threshold ? [{ low: threshold.value, high: threshold.value, at: [...at, 'value'] }] : []),
      ...Object.entries(threshold?.segments ?? {}).map(([segment, value]) => ({
        low: value,
        high: value,
        at: [...at, 'segments', segment],
      })),
    ];
  }
  const bounds = boundsOf(operand, definition);
  return bounds ? [{ low: bounds[0], high: bounds[1], at: path }] : [];
}
