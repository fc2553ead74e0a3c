import { signalCatalogue, signalNames } from '@waymark/journey';
import type { Condition, JourneyDefinition, Operand, SignalName, SignalParams, SignalUnit } from '@waymark/journey';
import { thresholdsIn } from './definition-words.ts';
import { isSuppressedBy } from '../rules/journey.ts';
import { numberRemedy } from './form-complaint.ts';
import { remedyForName } from './near-name.ts';
import { oddPlaceholders, placeholderForms, placeholdersOf } from '../rules/reason.ts';
import { DAY } from '../time/zone.ts';

/** Something in a definition that does not hang together. `path` leads to it in the file. */
export interface DefinitionProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
}

type Path = readonly (string | number)[];

const DAYS_OF_YEAR = 366;
const MOST_QUIET = 90;
const MOST_HOLIDAYS = 60;

/** Signals that grow or shrink by themselves: as thresholds they would have no exact instant. */
const moving = new Set<SignalName>(
  signalNames.filter(
    (name) =>
      ['days', 'business_days'].includes(signalCatalogue[name].unit) &&
      !name.endsWith('_gap') &&
      !name.endsWith('_answer_time'),
  ),
);

/** What the schema cannot see: references to stages, milestones, thresholds, segments and rules, parameters of signals, circles. */
export function checkDefinition(definition: JourneyDefinition): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const say = (path: Path, message: string, remedy: string) => problems.push({ path, message, remedy });

  const unique = (list: readonly { readonly id: string }[], field: string) => {
    const seen = new Set<string>();
    list.forEach((item, index) => {
      if (seen.has(item.id))
        say([...field.split('.'), index, 'id'], `"${item.id}" is used twice in ${field}`, 'give each its own id');
      seen.add(item.id);
    });
    return seen;
  };
  const stages = unique(definition.stages, 'stages');
  const milestones = unique(definition.milestones, 'milestones');
  const segments = unique(definition.segments, 'segments');
  const rules = unique(definition.rules, 'rules');
  const playbooks = unique(definition.playbooks ?? [], 'playbooks');
  const thresholds = new Set(Object.keys(definition.thresholds));

  const known = (set: ReadonlySet<string>, name: string | undefined, kind: string, path: Path) => {
    if (name !== undefined && !set.has(name)) say(path, `there is no ${kind} "${name}"`, remedyForName(name, set));
  };

  const checkSignal = (name: SignalName, params: SignalParams | undefined, path: Path) => {
    const { params: accepted, ...described } = signalCatalogue[name];
    const required: readonly string[] = 'required' in described ? described.required : [];
    const allowed: readonly string[] = accepted;
    for (const param of Object.keys(params ?? {})) {
      if (!allowed.includes(param)) {
        say(
          [...path, 'with', param],
          `${name} does not take "${param}"`,
          allowed.length > 0 ? remedyForName(param, allowed) : 'leave `with` out',
        );
      }
    }
    for (const param of required) {
      if (!Object.hasOwn(params ?? {}, param)) say(path, `${name} needs "${param}"`, `add it under \`with\``);
    }
    known(milestones, params?.milestone, 'milestone', [...path, 'with', 'milestone']);
    known(stages, params?.stage, 'stage', [...path, 'with', 'stage']);
  };

  const checkOperand = (operand: Operand, path: Path): void => {
    if (typeof operand !== 'object') return;
    if ('threshold' in operand) known(thresholds, operand.threshold, 'threshold', [...path, 'threshold']);
    else if ('signal' in operand) {
      checkSignal(operand.signal, operand.with, path);
      if (moving.has(operand.signal)) {
        say(path, `${operand.signal} moves with time and cannot be a threshold`, 'compare it on the left side instead');
      }
    } else if ('max' in operand) operand.max.forEach((part, index) => checkOperand(part, [...path, 'max', index]));
    else operand.min.forEach((part, index) => checkOperand(part, [...path, 'min', index]));
  };

  const checkCondition = (node: Condition, path: Path): void => {
    if ('all' in node) return node.all.forEach((part, index) => checkCondition(part, [...path, 'all', index]));
    if ('any' in node) return node.any.forEach((part, index) => checkCondition(part, [...path, 'any', index]));
    if ('not' in node) return checkCondition(node.not, [...path, 'not']);
    if ('watched' in node) return checkOperand(node.days, [...path, 'days']);
    if ('known' in node) return checkSignal(node.known, node.with, path);
    if ('unknown' in node) return checkSignal(node.unknown, node.with, path);
    checkSignal(node.signal, node.with, path);
    checkOperand(node.value, [...path, 'value']);
    const { unit } = signalCatalogue[node.signal];
    const isText = unit === 'none';
    const isTime = unit === 'days' || unit === 'business_days';
    const ordered = !['==', '!='].includes(node.op);
    if (isText && (ordered || typeof node.value === 'number')) {
      say([...path, 'op'], `${node.signal} is a text`, 'compare it with == or != and a text');
    }
    if (!isText && typeof node.value === 'string')
      say(
        [...path, 'value'],
        `${node.signal} is a number${unitHint(unit)}, "${node.value}" is a text`,
        numberRemedy(node.value, `a number${unitHint(unit)}`, { isShare: !isTime, isTime }),
      );
    if (!ordered && moving.has(node.signal)) {
      say([...path, 'op'], `${node.signal} moves with time and is hardly ever equal to anything`, 'use >=, >, <= or <');
    }
  };

  definition.segments.forEach((segment, index) => {
    if (!segment.when) return;
    const path: Path = ['segments', index, 'when'];
    checkCondition(segment.when, path);
    const own = thresholdsIn(segment.when).find(({ name }) => definition.thresholds[name]?.segments !== undefined);
    if (own)
      say(path, `the threshold "${own.name}" itself differs by segment`, 'write the number, or another threshold');
  });
  definition.stages.forEach((stage, index) => {
    if (stage.id === 'none')
      say(['stages', index, 'id'], '"none" stands for an account without a stage', 'choose another id');
    stage.enter.forEach((route, at) => {
      const path: Path = ['stages', index, 'enter', at];
      route.from?.forEach((from, place) => {
        if (from !== 'none') known(stages, from, 'stage', [...path, 'from', place]);
      });
      if (!route.on && !route.when && !route.from) {
        say(path, `"${stage.id}" would be entered always and from everywhere`, 'add `from`, `on` or `when`');
      }
      if (route.when) checkCondition(route.when, [...path, 'when']);
    });
    stage.exit?.forEach((exit, at) => {
      known(stages, exit.to, 'stage', ['stages', index, 'exit', at, 'to']);
      if (!exit.on && !exit.when) say(['stages', index, 'exit', at], 'an exit needs a reason', 'add `on` or `when`');
      if (exit.when) checkCondition(exit.when, ['stages', index, 'exit', at, 'when']);
    });
  });
  definition.moves.forEach((move, index) => {
    if (move.from !== '*') known(stages, move.from, 'stage', ['moves', index, 'from']);
    if (move.to !== '*') known(stages, move.to, 'stage', ['moves', index, 'to']);
  });
  for (const [value, stage] of Object.entries(definition.crmStageMap ?? {}))
    known(stages, stage, 'stage', ['crmStageMap', value]);
  definition.milestones.forEach((milestone, index) => {
    if (typeof milestone.due.after === 'object')
      known(stages, milestone.due.after.stage, 'stage', ['milestones', index, 'due', 'after', 'stage']);
    milestone.stages?.forEach((stage, at) => known(stages, stage, 'stage', ['milestones', index, 'stages', at]));
  });
  for (const [name, threshold] of Object.entries(definition.thresholds)) {
    for (const segment of Object.keys(threshold.segments ?? {}))
      known(segments, segment, 'segment', ['thresholds', name, 'segments', segment]);
  }
  definition.rules.forEach((rule, index) => {
    const path: Path = ['rules', index];
    if (rule.id === 'data_gap' || rule.id === 'any_risk')
      say([...path, 'id'], `"${rule.id}" is the engine's own`, 'choose another id');
    checkCondition(rule.when, [...path, 'when']);
    if (rule.clear) checkCondition(rule.clear, [...path, 'clear']);
    if (rule.absence) checkOperand(rule.absence.days, [...path, 'absence', 'days']);
    for (const list of ['stages', 'exceptStages'] as const) {
      rule.appliesTo[list]?.forEach((stage, at) => known(stages, stage, 'stage', [...path, 'appliesTo', list, at]));
    }
    rule.appliesTo.segments?.forEach((segment, at) =>
      known(segments, segment, 'segment', [...path, 'appliesTo', 'segments', at]),
    );
    rule.evidence?.forEach((one, at) => checkSignal(one.signal, one.with, [...path, 'evidence', at]));
    if (definition.playbooks) known(playbooks, rule.playbook, 'playbook', [...path, 'playbook']);
    rule.suppressedBy.forEach((other, at) => {
      if (other === rule.id)
        say([...path, 'suppressedBy', at], `"${rule.id}" cannot hold itself back`, 'name another rule');
      else if (other !== 'any_risk') known(rules, other, 'rule', [...path, 'suppressedBy', at]);
    });
    for (const field of ['reason', 'cleared'] as const) {
      for (const name of [rule[field] ?? []].flat().flatMap(placeholdersOf)) {
        if (!Object.hasOwn(signalCatalogue, name))
          say([...path, field], `there is no signal "${name}"`, remedyForName(name, signalNames));
      }
      for (const odd of [rule[field] ?? []].flat().flatMap(oddPlaceholders))
        say(
          [...path, field],
          `"${odd}" would stand in the text as it is`,
          `write {signal}, {signal.${placeholderForms.join('}, {signal.')}} or {signal:one|many}`,
        );
    }
  });
  checkQuietDays(definition, say);
  definition.rules.forEach((rule, index) => {
    const reach = new Set<string>();
    const follow = (one: (typeof definition.rules)[number]): void => {
      for (const other of definition.rules) {
        if (other === one || reach.has(other.id) || !isSuppressedBy(one, other)) continue;
        reach.add(other.id);
        follow(other);
      }
    };
    follow(rule);
    if (reach.has(rule.id))
      say(['rules', index, 'suppressedBy'], `"${rule.id}" holds itself back through other rules`, 'break the circle');
  });
  for (const score of ['health', 'success'] as const) {
    const parts = definition[score]?.parts ?? [];
    unique(parts, `${score}.parts`);
    parts.forEach((part, index) =>
      part.bands.forEach((band, at) => checkCondition(band.when, [score, 'parts', index, 'bands', at, 'when'])),
    );
  }
  checkSuccess(definition, say);
  unique(definition.personas ?? [], 'personas');
  definition.personas?.forEach(({ id, titles, domains, crm }, index) => {
    if (!titles && !domains && !crm)
      say(['personas', index], `nobody can be told to be "${id}"`, 'add titles, domains or crm');
  });
  definition.crmStagesIgnored?.forEach((value, index) => {
    if (Object.hasOwn(definition.crmStageMap ?? {}, value))
      say(['crmStagesIgnored', index], `"${value}" is in crmStageMap as well`, 'keep it in one of the two');
  });
  return problems;
}

/** A success that rests on what the definition does not have would never be known. */
function checkSuccess(
  { success, milestones, outcomes }: JourneyDefinition,
  say: (path: Path, message: string, remedy: string) => void,
): void {
  if (!success) return;
  if (!success.milestones && !success.outcome && (success.parts ?? []).length === 0)
    say(['success'], 'it rests on nothing', 'add milestones, outcome or parts');
  if (success.milestones && milestones.length === 0)
    say(['success', 'milestones'], 'the journey has no milestones', 'declare milestones, or leave it out');
  if (success.outcome && !outcomes?.churned && !outcomes?.renewed)
    say(['success', 'outcome'], 'the journey declares no outcomes', 'declare outcomes.churned and outcomes.renewed');
  (success.parts ?? []).forEach(({ id }, index) => {
    if (id === 'milestones' || id === 'outcome')
      say(['success', 'parts', index, 'id'], `"${id}" is the engine's own`, 'choose another id');
  });
}

/** In what a number is counted, where that is not plain. */
function unitHint(unit: SignalUnit): string {
  if (unit === 'days' || unit === 'business_days') return ` of ${unit.replace('_', ' ')}`;
  return unit === 'ratio' ? ' (1 is the usual, or all of it)' : '';
}

/** Quiet days may not overlap, nor be so many that little counts. */
function checkQuietDays(
  { quietDays, holidays }: JourneyDefinition,
  say: (path: Path, message: string, remedy: string) => void,
): void {
  const taken = new Set<number>();
  // A leap year, of which every other lacks one day that nobody can name.
  const dayOf = (text: string) => Math.round((Date.parse(`2028-${text}`) - Date.parse('2028-01-01')) / DAY);
  quietDays.forEach(({ from, to }, index) => {
    const last = dayOf(to) + (to < from ? DAYS_OF_YEAR : 0);
    for (let day = dayOf(from); day <= last; day++) {
      if (taken.has(day % DAYS_OF_YEAR)) {
        say(['quietDays', index], `${from} to ${to} overlaps with others`, 'join them to one stretch');
        break;
      }
      taken.add(day % DAYS_OF_YEAR);
    }
  });
  const byYear = Object.entries(Object.groupBy(new Set(holidays), (date) => date.slice(0, 4)));
  for (const [year, dates = []] of byYear)
    if (dates.length > MOST_HOLIDAYS)
      say(['holidays'], `${dates.length} holidays in ${year} are too many`, `name at most ${MOST_HOLIDAYS} a year`);
  if (taken.size > MOST_QUIET)
    say(['quietDays'], `${taken.size} quiet days are too many`, `name at most ${MOST_QUIET}`);
}
