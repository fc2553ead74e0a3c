import { z } from 'zod';
import { dateFields, instantFields, peopleOf, requiredPeople, touchpointOf } from './cloud-event-data.ts';
import { eventTypes, journeyEvent, vocabulary, type EventType } from './event.ts';

type Schema = Record<string, unknown>;
const draft = 'https://json-schema.org/draft/2020-12/schema';
const base = 'https://waymark.dev/schema/';

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

/** The JSON Schema of an event as Waymark holds it. */
export function journeyEventSchema(): Schema {
  return {
    ...z.toJSONSchema(journeyEvent, { target: 'draft-2020-12', reused: 'ref' }),
    $id: `${base}journey-event.schema.json`,
    title: 'Waymark journey event',
  };
}

const person: Schema = {
  description: 'An e-mail address, with or without a name before it in angle-bracket form, or an object.',
  anyOf: [
    { type: 'string', minLength: 1, maxLength: 1000 },
    {
      type: 'object',
      properties: {
        address: { type: 'string', maxLength: 320 },
        name: { type: 'string', maxLength: 500 },
        response: { enum: ['accepted', 'declined', 'tentative', 'none'] },
      },
      anyOf: [{ required: ['address'] }, { required: ['name'] }],
    },
  ],
};

/** The JSON Schema of an event on the wire: CloudEvents 1.0, its `data` by its `type`. For editors and for other programs. */
export function cloudEventSchema(): Schema {
  const text = (maxLength: number): Schema => ({ type: 'string', minLength: 1, maxLength });
  const time: Schema = { type: 'string', format: 'date-time' };
  return {
    $schema: draft,
    $id: `${base}cloud-event.schema.json`,
    title: 'A journey event as a CloudEvents 1.0 object',
    type: 'object',
    required: ['specversion', 'id', 'source', 'type', 'time', 'subject'],
    properties: {
      specversion: { const: '1.0' },
      id: { ...text(400), description: 'Unique within the source.' },
      source: { ...text(400), description: 'Where the fact comes from.' },
      type: { enum: [...eventTypes] },
      time: { ...time, description: 'When it was true.' },
      recordedtime: { ...time, description: 'When it became known; the time itself where it is missing.' },
      subject: { ...text(500), description: "The account's key: its domain, or its id in the CRM." },
      datacontenttype: { type: 'string', pattern: 'json' },
      data: { type: 'object' },
      data_base64: {
        type: 'string',
        contentEncoding: 'base64',
        contentMediaType: 'application/json',
        description: 'In the place of `data`: the same JSON object in UTF-8, packed by base64.',
      },
    },
    oneOf: [
      ...eventTypes.map((type) => {
        const data = dataSchema(type);
        const required = textsOf(data['required']).length > 0 ? ['type', 'data'] : ['type'];
        return { type: 'object', properties: { type: { const: type }, data, data_base64: { type: 'null' } }, required };
      }),
      // What is packed cannot be looked into.
      {
        type: 'object',
        properties: { data: { type: 'null' }, data_base64: { type: 'string' } },
        required: ['data_base64'],
      },
    ],
    $defs: { person },
  };
}

/** The fields of `data` that the vocabulary has for a type, and those of them without which an event of it is refused. */
export function dataFields(type: EventType): { readonly all: readonly string[]; readonly required: readonly string[] } {
  const { properties, required } = dataSchema(type);
  return { all: isSchema(properties) ? Object.keys(properties) : [], required: textsOf(required) };
}

/** `data` of a type on the wire. */
function dataSchema(type: EventType): Schema {
  const inside = z.toJSONSchema(vocabulary[type], { target: 'draft-2020-12' });
  const properties: Record<string, unknown> = {};
  const ticket = type.startsWith('ticket.');
  const wire = (name: string): string => (ticket && name === 'ticketId' ? 'ticket' : name);
  for (const [name, schema] of Object.entries(inside.properties ?? {})) {
    const instant = { type: 'string', format: 'date-time' };
    const dated = dateFields.has(name) ? { anyOf: [instant, { type: 'string', format: 'date' }] } : instant;
    properties[wire(name)] = instantFields.has(name) ? dated : withoutDraft(schema);
  }
  for (const [name, { many }] of Object.entries(peopleOf(touchpointOf(type)))) {
    const one = { $ref: '#/$defs/person' };
    properties[name] = many ? { anyOf: [{ type: 'array', items: one, minItems: 1 }, one] } : one;
  }
  const people = requiredPeople[type];
  const required = [...textsOf(inside.required).map(wire), ...(people === undefined ? [] : [people])];
  properties['direction'] = { enum: ['inbound', 'outbound', 'internal', 'none'] };
  properties['automated'] = { type: 'boolean' };
  if (type.startsWith('email.'))
    properties['messageId'] = { type: 'string', description: 'RFC 5322 Message-ID: merges with the mailbox.' };
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

function withoutDraft(schema: unknown): unknown {
  if (!isSchema(schema)) return schema;
  const { $schema: _draft, ...rest } = schema;
  return rest;
}
