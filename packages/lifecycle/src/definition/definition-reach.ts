import { signalCatalogue } from '@waymark/journey';
import type { Condition, JourneyDefinition, Operand, SignalName } from '@waymark/journey';
import { canHold } from './condition-range.ts';
import { beyondAdvice } from './definition-figures.ts';
import type { DefinitionAdvice } from './definition-advice.ts';
import { remedyForName } from './near-name.ts';
import { isNamedMove } from '../rules/notices.ts';

type Path = DefinitionAdvice['path'];

/** A way from stage to stage as the file has it. */
interface Way {
  readonly from: string;
  readonly to: string;
  readonly needsEvent: boolean;
  readonly when: Condition | null;
  readonly path: Path;
}

/** Every way between stages, `none` for an account without one; those whose condition can never hold left out. */
function waysOf(definition: JourneyDefinition): Way[] {
  const ids = definition.stages.map((stage) => stage.id);
  const ways = definition.stages.flatMap((stage, index) => [
    ...stage.enter.flatMap((route, at) =>
      (route.from ?? ['none', ...ids]).map((from) => ({
        from,
        to: stage.id,
        needsEvent: route.on !== undefined,
        when: route.when ?? null,
        path: ['stages', index, 'enter', at],
      })),
    ),
    ...(stage.exit ?? []).map((exit, at) => ({
      from: stage.id,
      to: exit.to,
      needsEvent: exit.on !== undefined,
      when: exit.when ?? null,
      path: ['stages', index, 'exit', at],
    })),
  ]);
  const mapped = Object.entries(definition.crmStageMap ?? {}).flatMap(([value, to]) =>
    ['none', ...ids].map((from) => ({ from, to, needsEvent: true, when: null, path: ['crmStageMap', value] })),
  );
  return [...ways, ...mapped].filter(
    (way) => way.from !== way.to && (way.when === null || canHold([way.when], definition)),
  );
}

/** Stages that no account can come to, and stages that lead to one another within one instant. */
export function stageAdvice(definition: JourneyDefinition): DefinitionAdvice[] {
  const ways = waysOf(definition);
  return [...unreached(definition, ways), ...circles(definition, ways), ...unnamedMoves(definition, ways)];
}

/** Ways that lead where `moves`, which is there, says nothing of: each such move would be flagged. */
function unnamedMoves(definition: JourneyDefinition, ways: readonly Way[]): DefinitionAdvice[] {
  const place = new Map(definition.stages.map((stage, index) => [stage.id, stage.order ?? index + 1]));
  const odd = ways.filter(
    ({ from, to }) =>
      from !== 'none' && place.get(to) !== (place.get(from) ?? 0) + 1 && !isNamedMove(definition, from, to),
  );
  const byPlace = Map.groupBy(odd, (way) => way.path.join('.'));
  return [...byPlace.values()].flatMap(([first, ...others]) =>
    first
      ? [
          {
            path: first.path,
            message: `the way to "${first.to}" from ${[first, ...others].map((way) => way.from).join(', ')} is not among the moves, so that it would be flagged as unknown`,
            remedy: 'name it under `moves` as allowed, unusual or forbidden',
          },
        ]
      : [],
  );
}

function unreached(definition: JourneyDefinition, ways: readonly Way[]): DefinitionAdvice[] {
  const reached = new Set(['none']);
  let grown = true;
  while (grown) {
    const more = ways.filter((way) => reached.has(way.from) && !reached.has(way.to));
    grown = more.length > 0;
    for (const { to } of more) reached.add(to);
  }
  if (reached.size === 1)
    return [
      {
        path: ['stages'],
        message: 'no account ever comes into any stage',
        remedy: 'give one stage a way in from none',
      },
    ];
  return definition.stages.flatMap(({ id }, index) => {
    if (reached.has(id)) return [];
    const from = [...new Set(ways.filter((way) => way.to === id).map((way) => way.from))];
    return [
      {
        path: ['stages', index],
        message:
          from.length === 0
            ? `nothing leads to "${id}"`
            : `"${id}" is never reached: it is entered from ${from.join(', ')} alone, where no account comes`,
        remedy: 'give it a way in, under `enter`, from a stage that is reached or from none',
      },
    ];
  });
}

/**
 * Circles of ways that need no event and whose conditions can all hold at the same time: an account would go round within one instant.
 * A time in the stage, which begins anew with each entry, breaks a circle.
 */
function circles(definition: JourneyDefinition, ways: readonly Way[]): DefinitionAdvice[] {
  const free = ways.filter((way) => !way.needsEvent && way.from !== 'none' && canHold([...here(way)], definition));
  const found: DefinitionAdvice[] = [];
  const told = new Set<string>();
  const follow = (trail: readonly Way[]): void => {
    const last = trail.at(-1);
    const [first] = trail;
    if (!last || !first || trail.length > 4 || found.length >= 10) return;
    if (last.to === first.from) {
      const stages = trail.map((way) => way.from);
      const name = stages.toSorted().join(' ');
      if (told.has(name)) return;
      told.add(name);
      found.push({
        path: last.path,
        message: `${[...stages, first.from].join(' to ')} can hold at the same time, so that an account would go round`,
        remedy: 'make their conditions exclude one another, or let one wait for an event or for days_in_stage',
      });
      return;
    }
    if (trail.slice(1).some((way) => way.from === last.to)) return;
    for (const next of free) {
      if (next.from !== last.to) continue;
      if (canHold([...trail, next].flatMap(withoutStage), definition)) follow([...trail, next]);
    }
  };
  for (const way of free) follow([way]);
  return found;
}

/** What a way asks for at the instant at which its stage was entered. */
function here(way: Way): readonly Condition[] {
  const entered: Condition = { signal: 'days_in_stage', op: '<=', value: 0 };
  return way.when === null ? [] : [way.when, entered];
}

/** What must hold of the account whatever stage it is in: a comparison of the stage itself changes with each step. */
const withoutStage = (way: Way): readonly Condition[] => (way.when === null || namesStage(way.when) ? [] : [way.when]);

function namesStage(node: Condition): boolean {
  if ('all' in node) return node.all.some(namesStage);
  if ('any' in node) return node.any.some(namesStage);
  if ('not' in node) return namesStage(node.not);
  return 'signal' in node && ['stage', 'days_in_stage', 'times_in_stage'].includes(node.signal);
}

/** Conditions that can never hold, or that hold always, and rules that clear what they raise. */
export function conditionAdvice(definition: JourneyDefinition): DefinitionAdvice[] {
  const never = (when: Condition | undefined, path: Path, what: string): DefinitionAdvice[] =>
    when === undefined || canHold([when], definition)
      ? []
      : [{ path, message: `${what} can never hold: its parts exclude one another`, remedy: 'look at the comparisons' }];
  const always = (when: Condition, path: Path, what: string): DefinitionAdvice[] =>
    canHold([{ not: when }], definition)
      ? []
      : [{ path, message: `${what} always holds`, remedy: 'look at the comparisons, or leave it out' }];
  return [
    ...definition.rules.flatMap(({ when }, index) => unitAdvice(when, ['rules', index, 'when'])),
    ...conditionsOf(definition).flatMap(({ when, path }) => strangeStages(when, path, definition)),
    ...beyondAdvice(definition, conditionsOf(definition)),
    ...definition.rules.flatMap(({ id, when, clear }, index) => {
      const path = ['rules', index];
      const found = [
        ...never(when, [...path, 'when'], `what "${id}" asks for`),
        ...always(when, [...path, 'when'], `what "${id}" asks for`),
        ...never(clear, [...path, 'clear'], `what clears "${id}"`),
      ];
      if (found.length > 0 || clear === undefined || canHold([when, { not: clear }], definition)) return found;
      return [
        {
          path: [...path, 'clear'],
          message: `"${id}" is never raised: whenever it might be, what clears it holds as well`,
          remedy: 'let `clear` ask for more than the end of `when`',
        },
      ];
    }),
    ...definition.stages.flatMap((stage, index) => [
      ...stage.enter.flatMap(({ when }, at) => never(when, ['stages', index, 'enter', at, 'when'], 'this way in')),
      ...(stage.exit ?? []).flatMap(({ when }, at) =>
        never(when, ['stages', index, 'exit', at, 'when'], 'this way out'),
      ),
    ]),
    ...definition.segments.flatMap(({ id, when }, index) => never(when, ['segments', index, 'when'], `"${id}"`)),
    ...(['health', 'success'] as const).flatMap((score) =>
      (definition[score]?.parts ?? []).flatMap((part, index) =>
        part.bands.flatMap(({ when }, at) => never(when, [score, 'parts', index, 'bands', at, 'when'], 'this band')),
      ),
    ),
  ];
}

/** Every condition of a definition that stands for itself, with its place. */
function conditionsOf(definition: JourneyDefinition): readonly { readonly when: Condition; readonly path: Path }[] {
  const { rules, stages, segments } = definition;
  const all: readonly { readonly when: Condition | undefined; readonly path: Path }[] = [
    ...rules.flatMap(({ when, clear }, index) => [
      { when, path: ['rules', index, 'when'] },
      { when: clear, path: ['rules', index, 'clear'] },
    ]),
    ...stages.flatMap((stage, index) => [
      ...stage.enter.map(({ when }, at) => ({ when, path: ['stages', index, 'enter', at, 'when'] })),
      ...(stage.exit ?? []).map(({ when }, at) => ({ when, path: ['stages', index, 'exit', at, 'when'] })),
    ]),
    ...segments.map(({ when }, index) => ({ when, path: ['segments', index, 'when'] })),
    ...(['health', 'success'] as const).flatMap((score) =>
      (definition[score]?.parts ?? []).flatMap((part, index) =>
        part.bands.map(({ when }, at) => ({ when, path: [score, 'parts', index, 'bands', at, 'when'] })),
      ),
    ),
  ];
  return all.flatMap(({ when, path }) => (when ? [{ when, path }] : []));
}

/** Stages that a condition names and the journey has not. No error: what was in force once has to be read as long as it is kept. */
function strangeStages(node: Condition, path: Path, definition: JourneyDefinition): DefinitionAdvice[] {
  if ('all' in node) return node.all.flatMap((part, at) => strangeStages(part, [...path, 'all', at], definition));
  if ('any' in node) return node.any.flatMap((part, at) => strangeStages(part, [...path, 'any', at], definition));
  if ('not' in node) return strangeStages(node.not, [...path, 'not'], definition);
  if (!('signal' in node) || node.signal !== 'stage' || typeof node.value !== 'string') return [];
  const ids = definition.stages.map(({ id }) => id);
  if (ids.includes(node.value)) return [];
  const so = node.op === '==' ? 'never holds' : 'holds in every stage';
  return [
    {
      path: [...path, 'value'],
      message: `there is no stage "${node.value}", so that this ${so}`,
      remedy: remedyForName(node.value, ids),
    },
  ];
}

/** A share or a multiple that was written in percent. */
function unitAdvice(node: Condition, path: Path): DefinitionAdvice[] {
  if ('all' in node) return node.all.flatMap((part, index) => unitAdvice(part, [...path, 'all', index]));
  if ('any' in node) return node.any.flatMap((part, index) => unitAdvice(part, [...path, 'any', index]));
  if ('not' in node) return unitAdvice(node.not, [...path, 'not']);
  if (!('signal' in node)) return [];
  if (typeof node.value === 'object') return unlikeUnits(node.signal, node.value, [...path, 'value']);
  if (typeof node.value !== 'number' || node.value < 10) return [];
  if (signalCatalogue[node.signal].unit !== 'ratio') return [];
  return [
    {
      path: [...path, 'value'],
      message: `${node.signal} is a ratio, and ${node.value} means ${node.value} times`,
      remedy: `write ${node.value / 100} if ${node.value} percent is meant`,
    },
  ];
}

/** Days are held against days, counts against counts: anything else hardly means what it says. */
function unlikeUnits(signal: SignalName, operand: Operand, path: Path): DefinitionAdvice[] {
  if (typeof operand !== 'object' || 'threshold' in operand) return [];
  if ('max' in operand || 'min' in operand) {
    const [name, parts] = 'max' in operand ? (['max', operand.max] as const) : (['min', operand.min] as const);
    return parts.flatMap((part, index) => unlikeUnits(signal, part, [...path, name, index]));
  }
  const [left, right] = [signal, operand.signal].map((name) => signalCatalogue[name].unit.replace('business_', ''));
  if (left === right) return [];
  const said = (unit: string | undefined) =>
    unit === 'none' ? 'a text' : `a number of ${unit === 'days' ? unit : `the kind ${unit}`}`;
  return [
    {
      path,
      message: `${signal} is ${said(left)}, ${operand.signal} is ${said(right)}`,
      remedy: 'compare what is counted alike',
    },
  ];
}
