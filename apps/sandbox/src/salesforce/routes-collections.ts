import { z } from 'zod';
import type { EmulatorApp, SalesforceCore } from './core.ts';
import { notFound, SalesforceRefusal, type Problem } from './errors.ts';
import { gated, type Answer, type Call } from './gate.ts';
import { applyWrite, checkFields, checkUpdate } from './record-write.ts';
import { wholeRecord } from './routes-objects.ts';
import type { ObjectSchema, SObject, WriteLogEntry } from './state.ts';

const MOST_RECORDS = 200;
const MOST_CHUNKS = 10;
const MOST_IDS = 2000;
const PATH = '/services/data/:version/composite/sobjects';

const collectionSchema = z.object({
  allOrNone: z.boolean().default(false),
  records: z.array(z.looseObject({ attributes: z.looseObject({ type: z.string() }) })),
});
const retrieveSchema = z.object({ ids: z.array(z.string()), fields: z.array(z.string()) });

type Sent = z.infer<typeof collectionSchema>['records'][number];

interface Outcome {
  readonly id?: string;
  readonly problem?: Problem;
}

/**
 * Up to 200 records in a call. The status is 200 even if single records fail: each has its own `success` and `errors`.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
 */
export function registerCollectionRoutes(app: EmulatorApp, core: SalesforceCore): void {
  app.patch(
    PATH,
    gated(core, (call) => write(core, call, false)),
  );
  app.post(
    PATH,
    gated(core, (call) => write(core, call, true)),
  );
  app.delete(
    PATH,
    gated(core, (call) => remove(core, call)),
  );
  app.get(
    `${PATH}/:object`,
    gated(core, (call) => retrieve(call, list(call.query('ids')), list(call.query('fields')))),
  );
  app.post(
    `${PATH}/:object`,
    gated(core, async (call) => {
      const { ids, fields } = await call.body(retrieveSchema);
      return retrieve(call, ids, fields);
    }),
  );
}

const list = (text: string | undefined): string[] => (text ?? '').split(',').filter((part) => part !== '');

function idOf(record: Sent): string {
  const id = record['id'] ?? record['Id'];
  return typeof id === 'string' ? id : '';
}

function checkSize(records: readonly Sent[]): void {
  if (records.length > MOST_RECORDS) {
    throw new SalesforceRefusal(
      400,
      'EXCEEDED_ID_LIMIT',
      `record limit reached. cannot submit more than ${MOST_RECORDS} records into this call`,
    );
  }
  const chunks = records.filter((each, index) => each.attributes.type !== records[index - 1]?.attributes.type).length;
  // The limit is documented, the code of its refusal is not.
  if (chunks > MOST_CHUNKS) {
    throw new SalesforceRefusal(
      400,
      'EXCEEDED_MAX_TYPES',
      `Cannot have more than ${MOST_CHUNKS} chunks in a single operation.`,
    );
  }
}

async function write(core: SalesforceCore, call: Call, creating: boolean): Promise<Answer> {
  const { allOrNone, records } = await call.body(collectionSchema);
  checkSize(records);
  const checked = records.map((record) => check(core, call, record, creating));
  const rollback = allOrNone && checked.some((each) => 'problem' in each);
  const outcomes = checked.map((each): Outcome => {
    if ('problem' in each) return each;
    if (rollback) return { problem: ROLLED_BACK };
    const via: WriteLogEntry['via'] = creating ? 'create' : 'collection';
    const { id, values, sent } = each;
    const object = each.schema.name;
    return { id: applyWrite(core, call, { object, values, sent, via, ...(id === undefined ? {} : { id }) }) };
  });
  return { body: outcomes.map(outcomeJson) };
}

const ROLLED_BACK: Problem = {
  code: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
  message: 'Record rolled back because not all records were valid and the request was using AllOrNone header',
};

function check(
  core: SalesforceCore,
  call: Call,
  record: Sent,
  creating: boolean,
): { schema: ObjectSchema; id?: string; values: SObject; sent: Sent } | { problem: Problem } {
  const { type } = record.attributes;
  const schema = call.access.object(type);
  if (schema === undefined)
    return { problem: { code: 'INVALID_TYPE', message: `sObject type '${type}' is not supported.` } };
  const id = idOf(record);
  if (!creating && id === '')
    return { problem: { code: 'MISSING_ARGUMENT', message: 'Id not specified in an update call' } };
  const checked = creating ? checkFields(call, schema, record, true) : checkUpdate(core, call, schema, id, record);
  if (!checked.ok) return { problem: checked.problem };
  return { schema, values: checked.values, sent: record, ...(creating ? {} : { id }) };
}

function outcomeJson({ id, problem }: Outcome): Record<string, unknown> {
  if (problem === undefined) return { id, success: true, errors: [] };
  const { code, message, fields } = problem;
  return { success: false, errors: [{ statusCode: code, message, fields: fields ?? [] }] };
}

function remove(core: SalesforceCore, call: Call): Answer {
  const ids = list(call.query('ids'));
  if (ids.length > MOST_RECORDS) {
    throw new SalesforceRefusal(
      400,
      'EXCEEDED_ID_LIMIT',
      `record limit reached. cannot submit more than ${MOST_RECORDS} records into this call`,
    );
  }
  const outcomes = ids.map((id): Outcome => {
    const object = call.book.objectOf(id);
    const schema = object === undefined ? undefined : call.access.object(object);
    if (schema === undefined)
      return { problem: { code: 'INVALID_CROSS_REFERENCE_KEY', message: 'invalid cross reference id' } };
    const checked = checkUpdate(core, call, schema, id, {});
    if (!checked.ok) return { problem: checked.problem };
    call.book.remove(schema.name, id, { userId: call.access.userId, at: core.now() });
    return { id };
  });
  return { body: outcomes.map(outcomeJson) };
}

/** Records by id, in the order of the ids; null for those that are not there, deleted or out of sight. */
function retrieve(call: Call, ids: readonly string[], fields: readonly string[]): Answer {
  const schema = call.access.object(call.param('object'));
  if (schema === undefined) throw notFound();
  if (ids.length > MOST_IDS)
    throw new SalesforceRefusal(
      400,
      'EXCEEDED_ID_LIMIT',
      `record limit reached. cannot submit more than ${MOST_IDS} records into this call`,
    );
  return {
    body: ids.map((id) => {
      const record = call.book.find(schema.name, id);
      const gone = record === undefined || record['IsDeleted'] === true || !call.access.seesRecord(record);
      return gone ? null : wholeRecord(call, schema, record, ['Id', ...fields]);
    }),
  };
}
