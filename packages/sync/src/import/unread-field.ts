import { dealTypeFields, vocabulary, type CloudEvent, type EventType } from '@waymark/journey';

/** A field that lines give and that no rule, signal or match reads: it is kept. Or one that is missing and without which they say little. */
export interface UnreadField {
  readonly type: string;
  readonly field: string;
  readonly lines: number;
  /** What the field may be meant for, or what its lack costs; null where nothing is like it. */
  readonly note: string | null;
}

/** What is read beyond the vocabulary, of any type. */
const readAnyway =
  'cloudevent direction automated actor messageId inReplyTo domain website crmId role echo sightings plan limit probability stageLabel threadId references'.split(
    ' ',
  );

const reads = new Map<EventType, ReadonlySet<string>>();

function readOf(type: EventType): ReadonlySet<string> {
  let names = reads.get(type);
  if (!names) reads.set(type, (names = new Set([...Object.keys(vocabulary[type].shape), ...readAnyway])));
  return names;
}

/** Names that other tools write for what the vocabulary has, and that were not read: the value is of another form, or stands there twice. */
const meant: Readonly<Record<string, string>> = {
  start: 'startsAt',
  starttime: 'startsAt',
  startat: 'startsAt',
  end: 'endsAt',
  endtime: 'endsAt',
  closedate: 'closeAt',
  expectedclosedate: 'closeAt',
  closesat: 'closeAt',
  severity: 'priority',
  field: 'property',
  name: 'property',
  pipelinename: 'pipeline',
  type: 'kind',
  dealtype: 'kind',
  renewaldate: 'until',
  contractend: 'until',
  renewsat: 'until',
  max: 'scale',
};

/** The most names that are counted: a file whose fields are names of their own has more, and nobody reads them. */
const mostNames = 400;
const mostListed = 30;
const lacks = '-';
/** Before and behind a field that is read by another name: no field's own name begins so. */
const otherwise = '\u0001';

/** Counts what one event says that is not read, and what it leaves out. */
export function countUnread({ type, attributes, readAs }: CloudEvent, counts: Map<string, number>): void {
  const read = readOf(type);
  for (const [field, name] of readAs ?? []) count(`${type} ${otherwise}${field}${otherwise}${name}`, counts);
  const tellsKind = type.startsWith('deal.') && attributes['kind'] !== undefined;
  for (const field in attributes)
    if (!read.has(field) && !(tellsKind && dealTypeFields.includes(field))) count(`${type} ${field}`, counts);
  for (const { on, field, where } of wanted)
    if (attributes[field] === undefined && type.startsWith(on) && (where?.(attributes) ?? true))
      count(`${type} ${lacks}${field}`, counts);
}

function count(name: string, counts: Map<string, number>): void {
  const before = counts.get(name);
  if (before !== undefined) counts.set(name, before + 1);
  else if (counts.size < mostNames) counts.set(name, 1);
}

interface Wanted {
  /** How the types begin that are meant. */
  readonly on: string;
  readonly field: string;
  readonly costs: string;
  /** Where the lack costs something; wherever it is without it. */
  readonly where?: (said: CloudEvent['attributes']) => boolean;
}

/** Fields that nobody has to give and without which an event says little. */
const wanted: readonly Wanted[] = [
  {
    on: 'deal.',
    field: 'dealId',
    costs: 'what happened to one deal cannot be brought together: not how often it slipped, nor that it is closed',
  },
  {
    on: 'deal.created',
    field: 'kind',
    costs: 'rules about renewals and first sales do not see it: say new, renewal or expansion',
  },
  { on: 'meeting.scheduled', field: 'startsAt', costs: 'nobody knows when it will be' },
  { on: 'crm.property_changed', field: 'property', costs: 'nobody knows which property it was' },
  {
    on: 'survey.responded',
    field: 'kind',
    costs: 'the score is taken for one of 0 to 10: say csat or ces where it is of 5, or give its scale',
    where: ({ score, scale }) => scale === undefined && typeof score === 'number' && score <= 5,
  },
];

/** A field that is called otherwise than in the vocabulary, and as what it was read. */
export interface ReadAs {
  readonly type: string;
  readonly field: string;
  readonly as: string;
  readonly lines: number;
}

/** The fields that were read by another name, those of most lines first. */
export function fieldsReadAs(counts: Readonly<Record<string, number>>): readonly ReadAs[] {
  return Object.entries(counts)
    .flatMap(([name, lines]): ReadAs[] => {
      const [type = '', field, as] = name.split(otherwise);
      return field === undefined || as === undefined ? [] : [{ type: type.trim(), field, as, lines }];
    })
    .sort((a, b) => b.lines - a.lines || (`${a.type} ${a.field}` < `${b.type} ${b.field}` ? -1 : 1))
    .slice(0, mostListed);
}

/** The counts for a person, those of most lines first. */
export function unreadFields(counts: Readonly<Record<string, number>>): readonly UnreadField[] {
  return Object.entries(counts)
    .filter(([name]) => !name.includes(otherwise))
    .map(([name, lines]): UnreadField => {
      const gap = name.indexOf(' ');
      const [type, field] = [name.slice(0, gap), name.slice(gap + 1)];
      if (!field.startsWith(lacks)) return { type, field, lines, note: noteOn(type, field) };
      const lacking = field.slice(lacks.length);
      const costs = wanted.find((one) => one.field === lacking && type.startsWith(one.on))?.costs ?? '';
      return { type, field: lacking, lines, note: `missing: ${costs}` };
    })
    .sort(
      (a, b) => rank(a) - rank(b) || b.lines - a.lines || (`${a.type} ${a.field}` < `${b.type} ${b.field}` ? -1 : 1),
    )
    .slice(0, mostListed);
}

/** What is missing first, then what may be meant otherwise, then the rest. */
const rank = ({ note }: UnreadField): number => (note === null ? 2 : note.startsWith('missing') ? 0 : 1);

const alike = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

function noteOn(type: string, field: string): string | null {
  const names = Object.entries(vocabulary).find(([name]) => name === type)?.[1].shape ?? {};
  const known = Object.keys(names);
  const like = known.find((name) => alike(name) === alike(field)) ?? known.find((name) => name === meant[alike(field)]);
  return like === undefined ? null : `is ${like} meant?`;
}
