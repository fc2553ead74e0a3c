import { journeyDefinition, type EventType } from '@waymark/journey';
import { compileJourney, type CompiledJourney } from '@waymark/lifecycle';
import { attributeValues, type Tx } from '@waymark/store';

/** Events that say a stage, with the attribute that does. */
const stageAttributes = {
  'crm.stage_changed': 'to',
  'crm.property_changed': 'to',
  'deal.stage_changed': 'stage',
  'ticket.status_changed': 'status',
} as const satisfies Partial<Record<EventType, string>>;

type StageType = keyof typeof stageAttributes;

/** Types from which stages can be taken. */
const stageTypes: readonly string[] = Object.keys(stageAttributes);

const isStageType = (type: string): type is StageType => Object.hasOwn(stageAttributes, type);

const mostStages = 1000;

/** A log from which no stages can be taken. The message tells why. */
class StagesUnknown extends Error {
  readonly code = 'STAGES_UNKNOWN';

  constructor(message: string) {
    super(message);
    this.name = 'StagesUnknown';
  }
}

/**
 * A journey whose stages are the values that events of a type name, in the order in which they first happened; every move is allowed.
 * Of a log that somebody brings it tells the stages without a definition. Throws StagesUnknown.
 */
export async function journeyFromStages(tx: Tx, type: string): Promise<CompiledJourney> {
  if (!isStageType(type)) throw new StagesUnknown(`Stages can be taken from ${stageTypes.join(', ')}.`);
  const attribute = stageAttributes[type];
  const values = await attributeValues(tx, type, attribute, mostStages + 1);
  if (values.length === 0) throw new StagesUnknown(`The log has no ${type}: there is nothing to take stages from.`);
  if (values.length > mostStages)
    throw new StagesUnknown(`${type} has more than ${mostStages} values: they are hardly stages.`);
  const ids = new Set<string>();
  const base = journeyDefinition.parse({
    id: 'stages_found',
    version: 1,
    title: `Stages found in ${type}`,
    type: 'cyclical',
    stages: [{ id: 'found', title: 'Found' }],
    moves: [{ from: '*', to: '*', as: 'allowed' }],
  });
  return compileJourney({
    ...base,
    stages: values.map((value) => ({
      id: stageId(value, ids),
      title: value,
      enter: [{ on: { type, where: { [attribute]: value } } }],
    })),
  });
}

/** An id as definitions have them, made from a value; told apart by number where two values give the same. */
function stageId(value: string, taken: Set<string>): string {
  const plain = value
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 50);
  const base = /^[a-z]/.test(plain) ? plain : `stage_${plain}`;
  let id = base;
  for (let number = 2; taken.has(id); number += 1) id = `${base}_${number}`;
  taken.add(id);
  return id;
}
