import type { JourneyDefinition, MilestoneDefinition, RuleDefinition, StageDefinition } from '@waymark/journey';
import { conditionWords, matcherWords, operandWords, signalWords } from './definition-words.ts';

/** What a part of a definition says, field by field, in words; and whether it matters for answers about accounts. */
export type Fields = Readonly<Record<string, { readonly text: string; readonly matters: boolean }>>;

const matters = (text: string) => ({ text, matters: true });
const told = (text: string) => ({ text, matters: false });
const list = (values: readonly string[] | undefined): string => (values ?? []).join(', ');

/** The fields of a part, in words. */
export function journeyFields(one: JourneyDefinition): Fields {
  return {
    title: told(one.title),
    type: told(one.type),
    ...(one.questions &&
      Object.fromEntries(Object.entries(one.questions).map(([name, text]) => [`questions.${name}`, told(text ?? '')]))),
    holidays: matters(list(one.holidays ?? [])),
    quietDays: matters(list(one.quietDays.map(({ from, to }) => `${from} to ${to}`))),
    segmentOrder: matters(list(one.segments.map(({ id }) => id))),
    personas: matters((one.personas ?? []).map(personaWords).join('; ')),
    'health.version': matters(one.health ? String(one.health.version) : ''),
    'success.version': matters(one.success ? String(one.success.version) : ''),
    'success.milestones': matters(one.success?.milestones ? `weight ${one.success.milestones.weight}` : ''),
    'success.outcome': matters(one.success?.outcome ? `weight ${one.success.outcome.weight}` : ''),
    crmStagesIgnored: matters(list(one.crmStagesIgnored)),
    crmStageMap: matters(list(Object.entries(one.crmStageMap ?? {}).map(([value, stage]) => `${value} is ${stage}`))),
  };
}

/** The fields of a part, in words. */
export function stageFields(definition: JourneyDefinition): (one: StageDefinition) => Fields {
  return (one) => {
    const place = one.order ?? definition.stages.indexOf(one) + 1;
    return {
      title: told(one.title),
      objective: told(one.objective ?? ''),
      kpi: told(one.kpi ?? ''),
      ownerRole: told(one.ownerRole ?? ''),
      expectedDays: told(one.expectedDays === undefined ? '' : `${one.expectedDays} days`),
      place: matters(String(place)),
      enter: matters(one.enter.map(routeWords).join('; ')),
      exit: matters((one.exit ?? []).map((exit) => `to ${exit.to}: ${routeWords(exit)}`).join('; ')),
    };
  };
}

function personaWords({ id, titles, domains, crm }: NonNullable<JourneyDefinition['personas']>[number]): string {
  const parts = [
    ...(titles ? [`called ${titles.join(' or ')}`] : []),
    ...(domains ? [`at ${domains.join(' or ')}`] : []),
    ...(crm ? [`in the CRM ${crm.join(' or ')}`] : []),
  ];
  return `${id} is ${parts.join(', ')}`;
}

function routeWords(route: StageDefinition['enter'][number]): string {
  const parts = [
    ...(route.from ? [`from ${route.from.join(' or ')}`] : []),
    ...(route.on ? [`on ${matcherWords(route.on)}`] : []),
    ...(route.when ? [`when ${conditionWords(route.when)}`] : []),
  ];
  return parts.join(' ');
}

/** A move with an id made of its ends. */
export const withId = (move: JourneyDefinition['moves'][number], index: number) => ({
  ...move,
  id: `${move.from} to ${move.to}`,
  index,
});
/** The fields of a part, in words. */
export const moveFields = (one: { readonly as: string }): Fields => ({ as: matters(one.as) });

/** The fields of a part, in words. */
export function milestoneFields(one: MilestoneDefinition): Fields {
  const { after, days, stuckAfterDays } = one.due;
  return {
    title: told(one.title),
    ...(one.questions &&
      Object.fromEntries(Object.entries(one.questions).map(([name, text]) => [`questions.${name}`, told(text ?? '')]))),
    stuckAfterDays: matters(stuckAfterDays === undefined ? '' : `${stuckAfterDays} days late`),
    side: matters(one.side),
    due: matters(`${days} days after ${typeof after === 'string' ? 'becoming a customer' : `entering ${after.stage}`}`),
    proof: matters(one.proof.map(matcherWords).join('; ')),
    stages: matters(list(one.stages)),
  };
}

/** The fields of a part, in words. */
export function segmentFields(one: JourneyDefinition['segments'][number]): Fields {
  return {
    title: told(one.title),
    tiers: matters(list(one.tiers)),
    valueAtLeast: matters(one.valueAtLeast === undefined ? '' : String(one.valueAtLeast)),
    when: matters(one.when ? conditionWords(one.when) : ''),
  };
}

/** The fields of a part, in words. */
export function ruleFields(one: RuleDefinition): Fields {
  const { customers, stages, exceptStages, segments } = one.appliesTo;
  return {
    kind: matters(one.kind),
    severity: matters(one.severity),
    title: matters(one.title),
    appliesTo: matters(
      [
        customers ? 'customers' : 'all accounts',
        ...(stages ? [`in ${stages.join(', ')}`] : []),
        ...(exceptStages ? [`not in ${exceptStages.join(', ')}`] : []),
        ...(segments ? [`of ${segments.join(', ')}`] : []),
      ].join(' '),
    ),
    when: matters(conditionWords(one.when)),
    clear: matters(one.clear ? conditionWords(one.clear) : 'when it no longer holds'),
    holdForDays: matters(`${one.holdForDays} days`),
    cooldownDays: matters(`${one.cooldownDays} days`),
    suppressedBy: matters(list(one.suppressedBy)),
    absence: matters(
      one.absence ? `${one.absence.touchpoints.join(', ')} for ${operandWords(one.absence.days, 'days')}` : '',
    ),
    reason: matters([one.reason].flat().join(' / ')),
    cleared: matters([one.cleared ?? []].flat().join(' / ')),
    evidence: matters((one.evidence ?? []).map((each) => signalWords(each.signal, each.with)).join('; ')),
    about: told(one.about),
    clears: matters(one.clears),
    nextStep: matters(one.nextStep),
    playbook: matters(one.playbook ?? ''),
    version: matters(String(one.version)),
  };
}

/** The fields of a part, in words. */
export const playbookFields = (one: NonNullable<JourneyDefinition['playbooks']>[number]): Fields => ({
  title: told(one.title),
  steps: told(
    one.steps.map((step) => `${step.title} (${step.ownerRole ?? 'anyone'}, ${step.dueDays ?? 'any'} days)`).join('; '),
  ),
});

/** The fields of a part, in words. */
export const healthFields = (one: NonNullable<JourneyDefinition['health']>['parts'][number]): Fields => ({
  label: matters(one.label),
  weight: matters(String(one.weight)),
  bands: matters(one.bands.map((band) => `${band.score} when ${conditionWords(band.when)}`).join('; ')),
});
