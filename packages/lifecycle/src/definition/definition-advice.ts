import type { Condition, JourneyDefinition, Operand } from '@waymark/journey';
import { conditionAdvice, stageAdvice } from './definition-reach.ts';
import { isSuppressedBy } from '../rules/journey.ts';

/** Something that a definition may have but its author should know. `path` leads to it in the file. */
export interface DefinitionAdvice {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
}

const questions = {
  customerWants: 'what the customer wants',
  expectedOfCustomer: 'what is expected of the customer',
  expectedOfUs: 'what is expected of us',
  success: 'what success looks like',
  leverage: 'how success is leveraged',
  failure: 'how failure is handled',
} as const;

/** What a definition that hangs together still leaves open: nobody is stopped by it. */
export function adviceOn(definition: JourneyDefinition): readonly DefinitionAdvice[] {
  return [
    ...unansweredQuestions(definition),
    ...stageAdvice(definition),
    ...conditionAdvice(definition),
    ...idleNames(definition),
    ...ruleAdvice(definition),
    ...outcomeAdvice(definition),
  ];
}

function unansweredQuestions(definition: JourneyDefinition): DefinitionAdvice[] {
  const open = (
    ['customerWants', 'expectedOfCustomer', 'expectedOfUs', 'success', 'leverage', 'failure'] as const
  ).filter((name) => definition.questions?.[name] === undefined);
  if (open.length === 0) return [];
  return [
    {
      path: ['questions'],
      message: `nobody has said ${open.map((name) => questions[name]).join(', ')}`,
      remedy: `answer ${open.join(', ')} under questions`,
    },
  ];
}

/** Thresholds and segments that nothing uses: most often a name that was changed in one place. */
function idleNames(definition: JourneyDefinition): DefinitionAdvice[] {
  const used = new Set<string>();
  const look = (operand: Operand): void => {
    if (typeof operand !== 'object') return;
    if ('threshold' in operand) used.add(operand.threshold);
    else if ('max' in operand) operand.max.forEach(look);
    else if ('min' in operand) operand.min.forEach(look);
  };
  const walk = (node: Condition): void => {
    if ('all' in node) node.all.forEach(walk);
    else if ('any' in node) node.any.forEach(walk);
    else if ('not' in node) walk(node.not);
    else if ('watched' in node) look(node.days);
    else if ('signal' in node) look(node.value);
  };
  for (const rule of definition.rules) {
    walk(rule.when);
    if (rule.clear) walk(rule.clear);
    if (rule.absence) look(rule.absence.days);
  }
  for (const segment of definition.segments) if (segment.when) walk(segment.when);
  for (const stage of definition.stages)
    for (const way of [...stage.enter, ...(stage.exit ?? [])]) if (way.when) walk(way.when);
  for (const part of [...(definition.health?.parts ?? []), ...(definition.success?.parts ?? [])])
    for (const band of part.bands) walk(band.when);
  const segments = new Set([
    ...Object.values(definition.thresholds).flatMap((one) => Object.keys(one.segments ?? {})),
    ...definition.rules.flatMap((rule) => rule.appliesTo.segments ?? []),
  ]);
  return [
    ...Object.keys(definition.thresholds)
      .filter((name) => !used.has(name))
      .map((name) => ({
        path: ['thresholds', name],
        message: `nothing uses "${name}"`,
        remedy: 'use it or remove it',
      })),
    ...definition.segments.flatMap(({ id }, index) =>
      segments.has(id)
        ? []
        : [
            {
              path: ['segments', index],
              message: `"${id}" changes no threshold and no rule`,
              remedy: 'use it or remove it',
            },
          ],
    ),
  ];
}

function ruleAdvice(definition: JourneyDefinition): DefinitionAdvice[] {
  const risks = definition.rules.filter((rule) => rule.kind === 'risk');
  return definition.rules.flatMap((rule, index) => {
    const found: DefinitionAdvice[] = [];
    if (rule.kind === 'opportunity' && risks.length > 0 && !risks.some((risk) => isSuppressedBy(rule, risk)))
      found.push({
        path: ['rules', index, 'suppressedBy'],
        message: `"${rule.id}" may be told while a risk is open`,
        remedy: 'add suppressedBy: [any_risk]',
      });
    return found;
  });
}

function outcomeAdvice(definition: JourneyDefinition): DefinitionAdvice[] {
  return (['churned', 'renewed'] as const).flatMap((kind) =>
    definition.outcomes?.[kind] || definition.outcomes?.contract
      ? []
      : [
          {
            path: ['outcomes', kind],
            message: `it does not say what counts as ${kind}, so a backtest cannot count it`,
            remedy: `declare the events under outcomes.${kind}`,
          },
        ],
  );
}
