import type { JourneyDefinition, RuleDefinition } from '@waymark/journey';
import { contentDigest } from '../course/digest.ts';
import {
  healthFields,
  journeyFields,
  milestoneFields,
  moveFields,
  playbookFields,
  ruleFields,
  segmentFields,
  stageFields,
  withId,
  type Fields,
} from './definition-fields.ts';
import { matcherWords, thresholdsIn } from './definition-words.ts';
import { definitionDigest } from '../rules/journey.ts';

/** One thing in which two definitions differ in meaning. */
export interface DefinitionChange {
  readonly part:
    | 'journey'
    | 'stage'
    | 'move'
    | 'milestone'
    | 'segment'
    | 'threshold'
    | 'rule'
    | 'health'
    | 'success'
    | 'playbook'
    | 'outcome';
  /** Its id within its part; the field for the journey itself. */
  readonly id: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly field?: string;
  readonly before?: string;
  readonly after?: string;
  /** What it means for accounts, where that can be said beforehand. */
  readonly means?: string;
  /** Whether answers about accounts can differ by it: titles and texts do not change any. */
  readonly affectsAnswers: boolean;
}

/** How two definitions differ in what they say, not in how they are written. */
export interface DefinitionDiff {
  readonly same: boolean;
  readonly before: { readonly id: string; readonly version: number; readonly digest: string };
  readonly after: { readonly id: string; readonly version: number; readonly digest: string };
  readonly changes: readonly DefinitionChange[];
  /** What its author should look at: a version that was not raised. */
  readonly notes: readonly string[];
}

/** Compares two definitions by meaning: by ids, conditions in words, thresholds with the rules they move. Layout and order of rules do not count. */
export function diffDefinitions(before: JourneyDefinition, after: JourneyDefinition): DefinitionDiff {
  const changes: DefinitionChange[] = [
    ...fieldChanges('journey', 'journey', journeyFields(before), journeyFields(after)),
    ...listChanges('stage', before.stages, after.stages, stageFields(before), stageFields(after)),
    ...listChanges('move', before.moves.map(withId), after.moves.map(withId), moveFields, moveFields),
    ...listChanges('milestone', before.milestones, after.milestones, milestoneFields, milestoneFields),
    ...listChanges('segment', before.segments, after.segments, segmentFields, segmentFields),
    ...thresholdChanges(before, after),
    ...listChanges('rule', before.rules, after.rules, ruleFields, ruleFields),
    ...listChanges('health', before.health?.parts ?? [], after.health?.parts ?? [], healthFields, healthFields),
    ...listChanges('success', before.success?.parts ?? [], after.success?.parts ?? [], healthFields, healthFields),
    ...listChanges('playbook', before.playbooks ?? [], after.playbooks ?? [], playbookFields, playbookFields),
    ...outcomeChanges(before, after),
  ];
  const digests = [definitionDigest(before), definitionDigest(after)] as const;
  return {
    same: digests[0] === digests[1],
    before: { id: before.id, version: before.version, digest: digests[0] },
    after: { id: after.id, version: after.version, digest: digests[1] },
    changes,
    notes: notesOf(before, after, changes),
  };
}

function notesOf(
  before: JourneyDefinition,
  after: JourneyDefinition,
  changes: readonly DefinitionChange[],
): readonly string[] {
  const notes: string[] = [];
  const moved = changes.filter((one) => one.affectsAnswers);
  if (before.id !== after.id)
    notes.push(
      `The two are different journeys, ${before.id} and ${after.id}: activating one leaves the other in force.`,
    );
  else if (moved.length > 0 && after.version <= before.version)
    notes.push(`The meaning changed, but version is ${after.version} after ${before.version}: raise it.`);
  for (const rule of after.rules) {
    const former = before.rules.find((one) => one.id === rule.id);
    if (!former || former.version < rule.version) continue;
    const meant = changes.some(
      (one) => one.part === 'rule' && one.id === rule.id && one.change === 'changed' && one.affectsAnswers,
    );
    if (meant) notes.push(`The rule ${rule.id} changed its meaning with version ${rule.version} as before: raise it.`);
  }
  for (const score of ['health', 'success'] as const) {
    const [was, is] = [before[score], after[score]];
    const ofScore = (one: DefinitionChange) =>
      one.part === score ||
      one.field?.startsWith(`${score}.`) === true ||
      (score === 'success' && one.part === 'outcome');
    if (was && is && was.version >= is.version && moved.some(ofScore))
      notes.push(
        `${score === 'health' ? 'Health' : 'Success'} changed with the same version: raise ${score}.version, so that the history shows where.`,
      );
  }
  if (changes.length === 0 && definitionDigest(before) !== definitionDigest(after))
    notes.push('They differ in the order of their parts alone.');
  return notes;
}

function fieldChanges(part: DefinitionChange['part'], id: string, before: Fields, after: Fields): DefinitionChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((field) => {
    const [was, is] = [before[field]?.text ?? '', after[field]?.text ?? ''];
    if (was === is) return [];
    const affectsAnswers = before[field]?.matters ?? after[field]?.matters ?? true;
    const means = part === 'rule' ? ruleMeaning(field, was, is) : undefined;
    return [
      { part, id, change: 'changed' as const, field, before: was, after: is, affectsAnswers, ...(means && { means }) },
    ];
  });
}

function ruleMeaning(field: string, was: string, is: string): string | undefined {
  const [before, after] = [Number.parseFloat(was), Number.parseFloat(is)];
  if (field === 'holdForDays') return `raised ${Math.abs(after - before)} days ${after > before ? 'later' : 'earlier'}`;
  if (field === 'cooldownDays')
    return after > before ? 'rests longer after a clearing' : 'comes back sooner after a clearing';
  return undefined;
}

function listChanges<T extends { readonly id: string }>(
  part: DefinitionChange['part'],
  before: readonly T[],
  after: readonly T[],
  fieldsBefore: (one: T) => Fields,
  fieldsAfter: (one: T) => Fields,
): DefinitionChange[] {
  // What people do is no part of an answer.
  const affectsAnswers = part !== 'playbook';
  const known = new Map(before.map((one) => [one.id, one]));
  const kept = new Set(after.map((one) => one.id));
  return [
    ...before.flatMap((one): DefinitionChange[] =>
      kept.has(one.id) ? [] : [{ part, id: one.id, change: 'removed', affectsAnswers, ...removedMeans[part] }],
    ),
    ...after.flatMap((one): DefinitionChange[] => {
      const former = known.get(one.id);
      if (!former)
        return [{ part, id: one.id, change: 'added', affectsAnswers, ...addedMeans(part, fieldsAfter(one)) }];
      return fieldChanges(part, one.id, fieldsBefore(former), fieldsAfter(one));
    }),
  ];
}

const removedMeans: Partial<Record<DefinitionChange['part'], { readonly means: string }>> = {
  rule: { means: 'its open flags are withdrawn' },
  stage: { means: 'accounts in it are placed by the other stages' },
};

function addedMeans(part: DefinitionChange['part'], fields: Fields): { readonly after?: string } {
  const said = fields.when?.text ?? fields.enter?.text ?? fields.due?.text ?? fields.bands?.text ?? fields.as?.text;
  return said ? { after: said } : part === 'segment' ? { after: fields.tiers?.text ?? '' } : {};
}

function thresholdChanges(before: JourneyDefinition, after: JourneyDefinition): DefinitionChange[] {
  const figures = (one: JourneyDefinition) =>
    new Map(
      Object.entries(one.thresholds).flatMap(([name, { value, segments }]) => [
        [name, value] as const,
        ...Object.entries(segments ?? {}).map(([segment, own]) => [`${name} for ${segment}`, own] as const),
      ]),
    );
  const [was, is] = [figures(before), figures(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((id): DefinitionChange[] => {
    const [from, to] = [was.get(id), is.get(id)];
    if (from === to) return [];
    const base = { part: 'threshold' as const, id, affectsAnswers: true };
    const name = id.split(' ')[0] ?? id;
    const used = after.rules.filter((rule) => thresholdsIn(rule.when).some((one) => one.name === name));
    if (from === undefined || to === undefined) {
      const usual = after.thresholds[name]?.value ?? before.thresholds[name]?.value;
      const own =
        id !== name && usual !== undefined ? { means: `the segment had ${from ?? usual} and has ${to ?? usual}` } : {};
      return [
        {
          ...base,
          change: to === undefined ? 'removed' : 'added',
          ...(from !== undefined && { before: String(from) }),
          ...(to !== undefined && { after: String(to) }),
          ...own,
        },
      ];
    }
    const means = used.map((rule) => `${rule.id} ${movedBy(rule, name, from, to)}`).join(', ');
    return [{ ...base, change: 'changed', before: String(from), after: String(to), ...(means !== '' && { means }) }];
  });
}

/** Whether a rule fires sooner or later when a threshold in it moves. */
function movedBy(rule: RuleDefinition, threshold: string, from: number, to: number): string {
  const directions = new Set(
    thresholdsIn(rule.when).flatMap(({ name, op }) => {
      if (name !== threshold) return [];
      if (op === '==' || op === '!=') return ['differently'];
      const rises = op === '>=' || op === '>';
      return [rises === to > from ? 'more seldom or later' : 'more often or earlier'];
    }),
  );
  const [only] = directions;
  return directions.size === 1 && only !== undefined ? `is raised ${only}` : 'is raised differently';
}

function outcomeChanges(before: JourneyDefinition, after: JourneyDefinition): DefinitionChange[] {
  const [had, has] = [before.outcomes?.contract, after.outcomes?.contract];
  const contract: readonly DefinitionChange[] =
    contentDigest(had ?? null) === contentDigest(has ?? null)
      ? []
      : [
          {
            part: 'outcome',
            id: 'contract',
            change: had ? (has ? 'changed' : 'removed') : 'added',
            before: contractWords(had),
            after: contractWords(has),
            affectsAnswers: false,
          },
        ];
  const events = (['churned', 'renewed', 'prospects'] as const).flatMap((id): DefinitionChange[] => {
    const [was, is] = [before.outcomes?.[id], after.outcomes?.[id]];
    if (contentDigest(was ?? []) === contentDigest(is ?? [])) return [];
    const words = (all: typeof was) =>
      (all ?? [])
        .map((one) => matcherWords(one) + ('notOf' in one && one.notOf ? ', not of prospects' : ''))
        .join('; ');
    // Outcomes are what backtests count: they move no account, but for a success that rests on them.
    return [
      {
        part: 'outcome',
        id,
        change: was ? (is ? 'changed' : 'removed') : 'added',
        before: words(was),
        after: words(is),
        affectsAnswers: (before.success?.outcome ?? after.success?.outcome) !== undefined,
      },
    ];
  });
  return [...events, ...contract];
}

function contractWords(contract: NonNullable<JourneyDefinition['outcomes']>['contract']): string {
  if (!contract) return '';
  const { date, graceDays, earlyDays, renewedByDays } = contract;
  return `the end in ${date} passes without a renewal for ${graceDays} days (from ${earlyDays} days before on), or is put off by ${renewedByDays} days`;
}
