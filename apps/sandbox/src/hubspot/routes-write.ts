import { z } from 'zod';
import type { EmulatorApp, HubSpotCore } from './core.ts';
import { HubSpotRefusal, invalid, type ErrorDetail } from './errors.ts';
import { gated, type Answer, type Call, type ScopeRule } from './gate.ts';
import { OBJECT_FACTS, type ObjectType } from './object-type.ts';
import { recordJson } from './record-json.ts';
import type { CrmRecord, Source, WriteLogEntry } from './state.ts';

const BATCH_LIMIT = 100;

const propertiesSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const patchSchema = z.object({ properties: propertiesSchema });
const batchSchema = z.object({
  inputs: z
    .array(z.object({ id: z.string().min(1), properties: propertiesSchema, objectWriteTraceId: z.string().optional() }))
    .min(1),
});

const scopes: ScopeRule = (objectType) => [OBJECT_FACTS[objectType('type')].writeScopes];

/** Writing objects on the dated paths. https://developers.hubspot.com/docs/api-reference/crm-companies-v3/guide */
export function registerWriteRoutes(app: EmulatorApp, core: HubSpotCore): void {
  app.post(
    '/crm/objects/2026-09/:type',
    gated(core, { scopes }, (call) => create(core, call)),
  );
  app.patch(
    '/crm/objects/2026-09/:type/:id',
    gated(core, { scopes }, (call) => patch(core, call)),
  );
  app.delete(
    '/crm/objects/2026-09/:type/:id',
    gated(core, { scopes }, (call) => remove(core, call)),
  );
  app.post(
    '/crm/objects/2026-09/:type/batch/update',
    gated(core, { scopes }, (call) => updateBatch(core, call)),
  );
}

/** How a write of this app stands in a value's history. */
function sourceOf(call: Call): Source {
  return { type: 'INTEGRATION', id: String(call.app.appId) };
}

function validation(errors: readonly ErrorDetail[]): HubSpotRefusal {
  return invalid(`Property values were not valid: ${JSON.stringify(errors)}`, errors);
}

interface Write {
  readonly type: ObjectType;
  readonly record: CrmRecord;
  readonly values: Readonly<Record<string, string>>;
  readonly via: WriteLogEntry['via'];
  readonly traceId?: string | undefined;
}

function apply(core: HubSpotCore, call: Call, write: Write): void {
  const now = core.now();
  const applied = call.book.write(write.type, write.record, write.values, { source: sourceOf(call), now });
  core.state.writes.push({
    at: now,
    portalId: call.book.portal.id,
    type: write.type,
    id: write.record.id,
    sent: write.values,
    applied,
    appId: call.app.appId,
    via: write.via,
    ...(write.traceId === undefined ? {} : { traceId: write.traceId }),
  });
}

function writtenJson(call: Call, write: Write): Record<string, unknown> {
  const view = { properties: [...OBJECT_FACTS[write.type].defaults, ...Object.keys(write.values)] };
  const json = recordJson(call.book, write.type, write.record, view, call.baseUrl);
  return write.traceId === undefined ? json : { ...json, objectWriteTraceId: write.traceId };
}

async function create(core: HubSpotCore, call: Call): Promise<Answer> {
  const type = call.objectType('type');
  const { properties } = await call.body(patchSchema);
  const { stored, errors } = call.book.check(type, properties, true);
  if (errors.length > 0) throw validation(errors);
  const now = core.now();
  const record = call.book.create(type, stored, { source: sourceOf(call), now });
  const entry = { at: now, portalId: call.book.portal.id, type, id: record.id, appId: call.app.appId };
  core.state.writes.push({ ...entry, sent: stored, applied: stored, via: 'create' });
  return { status: 201, body: writtenJson(call, { type, record, values: stored, via: 'create' }) };
}

async function patch(core: HubSpotCore, call: Call): Promise<Answer> {
  const type = call.objectType('type');
  const { properties } = await call.body(patchSchema);
  const record = call.book.get(type, call.param('id'));
  const { stored, errors } = call.book.check(type, properties, true);
  if (errors.length > 0) throw validation(errors);
  const refused = core.settings.refusedWrites.get(`${call.book.portal.id}:${type}:${record.id}`);
  if (refused !== undefined) throw invalid(refused);
  const write: Write = { type, record, values: stored, via: 'patch' };
  apply(core, call, write);
  return { body: writtenJson(call, write) };
}

function remove(core: HubSpotCore, call: Call): Answer {
  const type = call.objectType('type');
  const record = call.book.find(type, call.param('id'));
  // Deleting what is gone already succeeds.
  if (record !== undefined && record.archivedAt === undefined) {
    call.book.archive(type, record.id, { source: sourceOf(call), now: core.now() });
  }
  return { status: 204, body: null };
}

interface BatchError {
  readonly status: 'error';
  readonly category: string;
  readonly message: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly errors?: readonly ErrorDetail[];
}

async function updateBatch(core: HubSpotCore, call: Call): Promise<Answer> {
  const type = call.objectType('type');
  const { inputs } = await call.body(batchSchema);
  if (inputs.length > BATCH_LIMIT)
    throw invalid(`The maximum number of inputs supported in a batch request for property updates is ${BATCH_LIMIT}`);
  const repeated = inputs.map((input) => input.id).filter((id, index, all) => all.indexOf(id) !== index);
  if (repeated.length > 0)
    throw invalid(`Duplicate IDs found in batch input: [${[...new Set(repeated)].join(', ')}]. IDs must be unique`);

  const checked = inputs.map((input) => ({ input, ...call.book.check(type, input.properties, true) }));
  const unknown = checked.filter((each) => each.unknown.length > 0);
  // A property that does not exist spoils the whole batch, whatever the record.
  if (unknown.length > 0) throw validation(unknown.flatMap((each) => each.errors));

  const writes: Write[] = [];
  const failures: BatchError[] = [];
  for (const { input, stored, errors } of checked) {
    const record = call.book.find(type, input.id);
    const refused = core.settings.refusedWrites.get(`${call.book.portal.id}:${type}:${input.id}`);
    const context = {
      ids: [input.id],
      ...(input.objectWriteTraceId === undefined ? {} : { objectWriteTraceId: [input.objectWriteTraceId] }),
    };
    if (record === undefined || record.archivedAt !== undefined) {
      failures.push({
        status: 'error',
        category: 'OBJECT_NOT_FOUND',
        message: `Could not update ${input.id}: the object does not exist or is deleted`,
        context,
      });
    } else if (errors.length > 0 || refused !== undefined) {
      const message = refused ?? 'Property values were not valid';
      failures.push({ status: 'error', category: 'VALIDATION_ERROR', message, context, errors });
    } else {
      writes.push({ type, record, values: stored, via: 'batch', traceId: input.objectWriteTraceId });
    }
  }
  if (failures.length > 0 && core.settings.batchErrors === 'reject') {
    throw invalid(
      failures[0]?.message ?? 'The batch is not valid',
      failures.map(({ message, context }) => ({ message, context })),
    );
  }
  // The vendor promises no order of execution nor of results.
  writes.reverse();
  for (const write of writes) apply(core, call, write);
  const at = new Date(core.now()).toISOString();
  const tell = failures.length > 0 && core.settings.batchErrors === 'multi-status';
  return {
    status: tell ? 207 : 200,
    body: {
      status: 'COMPLETE',
      results: writes.map((write) => writtenJson(call, write)),
      ...(tell ? { numErrors: failures.length, errors: failures } : {}),
      startedAt: at,
      completedAt: at,
    },
  };
}
