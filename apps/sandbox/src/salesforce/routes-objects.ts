import { z } from 'zod';
import type { EmulatorApp, SalesforceCore } from './core.ts';
import { notFound, SalesforceRefusal, type Problem } from './errors.ts';
import { fieldJson } from './field.ts';
import { gated, type Answer, type Call } from './gate.ts';
import { applyWrite, checkFields, checkUpdate } from './record-write.ts';
import { deletedIds, updatedIds } from './replication.ts';
import { attributes } from './soql-run.ts';
import type { ObjectSchema, SObject } from './state.ts';
import { jsonValue } from './value.ts';

const recordSchema = z.record(z.string(), z.unknown());
const ROOT = '/services/data/:version/sobjects';

/** Describes, and single records by their address. */
export function registerObjectRoutes(app: EmulatorApp, core: SalesforceCore): void {
  for (const path of [ROOT, `${ROOT}/`]) app.get(path, gated(core, describeGlobal));
  app.get(
    `${ROOT}/:object`,
    gated(core, (call) => ({ body: { objectDescribe: objectJson(call, schemaOf(call)), recentItems: [] } })),
  );
  app.post(
    `${ROOT}/:object`,
    gated(core, (call) => create(core, call)),
  );
  for (const end of ['', '/']) {
    app.get(
      `${ROOT}/:object/:key${end}`,
      gated(core, (call) => read(core, call)),
    );
  }
  app.patch(
    `${ROOT}/:object/:key`,
    gated(core, (call) => patch(core, call)),
  );
  app.delete(
    `${ROOT}/:object/:key`,
    gated(core, (call) => remove(core, call)),
  );
}

function schemaOf(call: Call): ObjectSchema {
  const schema = call.access.object(call.param('object'));
  if (schema === undefined) throw notFound();
  return schema;
}

function objectJson(call: Call, schema: ObjectSchema): Record<string, unknown> {
  const writable = !schema.system && !call.access.profile.readOnlyObjects.includes(schema.name);
  const url = `${call.root}/sobjects/${schema.name}`;
  return {
    activateable: false,
    associateEntityType: schema.name.endsWith('History') ? 'History' : null,
    createable: writable,
    custom: schema.name.endsWith('__c'),
    customSetting: false,
    deletable: writable,
    deprecatedAndHidden: false,
    feedEnabled: false,
    hasSubtypes: false,
    isInterface: false,
    isSubtype: false,
    keyPrefix: schema.prefix,
    label: schema.label,
    labelPlural: schema.labelPlural,
    layoutable: writable,
    mergeable: ['Account', 'Contact', 'Case'].includes(schema.name) && writable,
    mruEnabled: writable,
    name: schema.name,
    queryable: true,
    replicateable: writable,
    retrieveable: true,
    searchable: writable,
    triggerable: writable,
    undeletable: writable,
    updateable: writable,
    urls: { sobject: url, describe: `${url}/describe`, rowTemplate: `${url}/{ID}` },
  };
}

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_describeGlobal.htm */
function describeGlobal(call: Call): Answer {
  const sobjects = call.access.objects().map((schema) => objectJson(call, schema));
  return { body: { encoding: 'UTF-8', maxBatchSize: 200, sobjects } };
}

/** As the connected user sees the object: hidden fields are not there, read-only ones are not updateable (D12). */
function describe(call: Call, schema: ObjectSchema): Answer {
  const fields = [...call.access.fields(schema.name).values()].map((each) =>
    fieldJson(each, { editable: !schema.system && call.access.mayEdit(schema.name, each.name) }),
  );
  const recordTypes = call.book.rows('RecordType').filter((row) => row['SobjectType'] === schema.name);
  const info = (name: unknown, developerName: unknown, id: unknown, master: boolean): Record<string, unknown> => ({
    active: true,
    available: true,
    defaultRecordTypeMapping: master === (recordTypes.length === 0),
    developerName,
    master,
    name,
    recordTypeId: id,
    urls: { layout: `${call.root}/sobjects/${schema.name}/describe/layouts/${String(id)}` },
  });
  return {
    body: {
      ...objectJson(call, schema),
      actionOverrides: [],
      childRelationships: childRelationships(call, schema),
      fields,
      namedLayoutInfos: [],
      recordTypeInfos: [
        ...recordTypes.map((row) => info(row['Name'], row['DeveloperName'], row['Id'], false)),
        info('Master', 'Master', '012000000000000AAA', true),
      ],
      supportedScopes: [],
    },
  };
}

function childRelationships(call: Call, schema: ObjectSchema): Record<string, unknown>[] {
  return call.access.objects().flatMap((child) =>
    [...call.access.fields(child.name).values()]
      .filter((each) => each.referenceTo.includes(schema.name))
      .map((each) => ({
        cascadeDelete: false,
        childSObject: child.name,
        deprecatedAndHidden: false,
        field: each.name,
        junctionIdListNames: [],
        junctionReferenceTo: [],
        relationshipName: null,
        restrictedDelete: false,
      })),
  );
}

function read(core: SalesforceCore, call: Call): Answer {
  const schema = schemaOf(call);
  const key = call.param('key');
  if (key === 'describe') return describe(call, schema);
  if (key === 'updated' || key === 'deleted') {
    const span = { start: call.query('start'), end: call.query('end'), now: core.now() };
    return { body: (key === 'updated' ? updatedIds : deletedIds)(call.access, schema, span) };
  }
  const record = call.book.find(schema.name, key);
  if (record === undefined || record['IsDeleted'] === true || !call.access.seesRecord(record)) throw notFound();
  const wanted = call.query('fields')?.split(',');
  return { body: wholeRecord(call, schema, record, wanted) };
}

/** A record with the fields that are asked for, or all of them. @throws SalesforceRefusal INVALID_FIELD. */
export function wholeRecord(
  call: Call,
  schema: ObjectSchema,
  record: SObject,
  wanted: readonly string[] | undefined,
): Record<string, unknown> {
  const visible = call.access.fields(schema.name);
  const json: Record<string, unknown> = { attributes: attributes(schema.name, record['Id'], call.root) };
  for (const name of wanted ?? visible.keys()) {
    const definition = visible.get(name.trim().toLowerCase());
    if (definition === undefined) {
      throw new SalesforceRefusal(400, 'INVALID_FIELD', `No such column '${name}' on sobject of type ${schema.name}`);
    }
    json[definition.name] = jsonValue(definition, record[definition.name] ?? null);
  }
  return json;
}

/** A single record that cannot be written is a 400, and a 404 if it is not there. */
function refusalOf(problem: Problem): SalesforceRefusal {
  const { code, message, fields } = problem;
  if (code === 'INVALID_CROSS_REFERENCE_KEY') return notFound();
  if (code === 'ENTITY_IS_DELETED') return new SalesforceRefusal(404, code, message);
  const status = code === 'INSUFFICIENT_ACCESS_OR_READONLY' ? 403 : 400;
  return new SalesforceRefusal(status, code, message, fields ?? []);
}

async function create(core: SalesforceCore, call: Call): Promise<Answer> {
  const schema = schemaOf(call);
  const sent = await call.body(recordSchema);
  const checked = checkFields(call, schema, sent, true);
  if (!checked.ok) throw refusalOf(checked.problem);
  const id = applyWrite(core, call, { object: schema.name, values: checked.values, sent, via: 'create' });
  return { status: 201, body: { id, success: true, errors: [] } };
}

async function patch(core: SalesforceCore, call: Call): Promise<Answer> {
  const schema = schemaOf(call);
  const id = call.param('key');
  const sent = await call.body(recordSchema);
  const checked = checkUpdate(core, call, schema, id, sent);
  if (!checked.ok) throw refusalOf(checked.problem);
  applyWrite(core, call, { object: schema.name, id, values: checked.values, sent, via: 'patch' });
  return {};
}

function remove(core: SalesforceCore, call: Call): Answer {
  const schema = schemaOf(call);
  const id = call.param('key');
  const checked = checkUpdate(core, call, schema, id, {});
  if (!checked.ok) throw refusalOf(checked.problem);
  call.book.remove(schema.name, id, { userId: call.access.userId, at: core.now() });
  return {};
}
