const named = (...names: readonly string[]) => ({
  type: 'array',
  items: {
    type: 'object',
    properties: Object.fromEntries(
      names.map((name) => [name, name === 'time' ? { type: 'string', format: 'date-time' } : { type: 'string' }]),
    ),
    required: names,
  },
});

const types = {
  type: 'array',
  items: {
    type: 'object',
    properties: { name: { type: 'string' }, attributes: named('name', 'type') },
    required: ['name', 'attributes'],
  },
};

/** What https://www.ocel-standard.org/2.0/ocel20-schema-json.json asks of a log. */
export const ocelSchema = {
  type: 'object',
  properties: {
    eventTypes: types,
    objectTypes: types,
    events: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          type: { type: 'string' },
          time: { type: 'string', format: 'date-time' },
          attributes: named('name', 'value'),
          relationships: named('objectId', 'qualifier'),
        },
        required: ['id', 'type', 'time'],
      },
    },
    objects: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          type: { type: 'string' },
          relationships: named('objectId', 'qualifier'),
          attributes: named('name', 'value', 'time'),
        },
        required: ['id', 'type'],
      },
    },
  },
  required: ['eventTypes', 'objectTypes', 'events', 'objects'],
};
