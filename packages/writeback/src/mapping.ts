import type { JourneyDefinition } from '@waymark/journey';

/** The property of our own that is written unless another is chosen. */
export const ownProperty = 'waymark_stage';

/** What a mapping starts with, for a person to change. */
export interface MappingDefaults {
  readonly property: string;
  /** Our stage to the CRM's value; null: not written. A stage that is missing has to be decided. */
  readonly values: Readonly<Record<string, string | null>>;
  readonly allowBackward: boolean;
}

type Described = {
  readonly options: readonly { readonly value: string; readonly label: string }[];
  /** We made it, and add what is missing before the next write. */
  readonly extensible?: boolean;
} | null;
type Stages = Pick<JourneyDefinition, 'stages' | 'crmStageMap'>;

/**
 * What the stages of the common nine-stage journey are among a CRM's usual lifecycle stages, the best first. Only options that the
 * CRM really has are proposed; stage names are the customer's (failure H3).
 */
const usual: Readonly<Record<string, readonly string[]>> = {
  awareness: ['lead', 'subscriber'],
  acquisition: ['opportunity', 'salesqualifiedlead'],
  onboarding: ['customer'],
  engagement: ['customer'],
  adoption: ['customer'],
  expansion: ['customer'],
  renewal: ['customer'],
  retention: ['customer'],
  loyalty: ['customer', 'evangelist'],
  advocacy: ['evangelist', 'customer'],
};

/**
 * Proposes a mapping. A property that is missing, or has no options, takes our stage ids as they are, and may go back: it is ours
 * and a loop is a normal move. One with options takes, for each stage, the option of its id or title, else the CRM value that the
 * journey itself reads as this stage, else the usual one, else our stage id where we made the property; it does not go back unless a
 * person says so.
 */
export function mappingDefaults(definition: Stages, described: Described, property = ownProperty): MappingDefaults {
  const ids = definition.stages.map((stage) => stage.id);
  if (described === null || described.options.length === 0) {
    return { property, values: Object.fromEntries(ids.map((id) => [id, id])), allowBackward: true };
  }
  const values: Record<string, string | null> = {};
  for (const stage of definition.stages) {
    const value = optionFor(stage, definition, described.options) ?? (described.extensible ? stage.id : undefined);
    if (value !== undefined) values[stage.id] = value;
  }
  const complete = ids.every((id) => values[id] === id);
  return { property, values, allowBackward: complete };
}

function optionFor(
  stage: { readonly id: string; readonly title: string },
  definition: Stages,
  options: readonly { readonly value: string; readonly label: string }[],
): string | undefined {
  const same = options.find(({ value, label }) =>
    [value, label].some((text) => isSame(text, stage.id) || isSame(text, stage.title)),
  );
  if (same) return same.value;
  const read = Object.entries(definition.crmStageMap ?? {}).filter(([, to]) => to === stage.id);
  const known = options.find(({ value }) => read.some(([from]) => from === value));
  if (known) return known.value;
  return usual[stage.id]?.find((wanted) => options.some(({ value }) => value === wanted));
}

const isSame = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** What is wrong with a mapping, for doctor: stages without a decision, and values that the CRM does not have. */
export function mappingFaults(
  stages: readonly { readonly id: string }[],
  values: Readonly<Record<string, string | null>>,
  described: Described,
): { readonly unmapped: readonly string[]; readonly missingOptions: readonly string[] } {
  const options = described?.options.map((option) => option.value) ?? [];
  const wanted = [...new Set(stages.flatMap((stage) => values[stage.id] ?? []))];
  return {
    unmapped: stages.filter((stage) => !Object.hasOwn(values, stage.id)).map((stage) => stage.id),
    missingOptions:
      options.length === 0 || described?.extensible === true ? [] : wanted.filter((value) => !options.includes(value)),
  };
}
