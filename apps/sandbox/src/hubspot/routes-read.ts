import { z } from 'zod';
import type { EmulatorApp, HubSpotCore } from './core.ts';
import { gated, type Answer, type Call, type ScopeRule } from './gate.ts';
import { invalid, notFound } from './errors.ts';
import { OBJECT_FACTS, type ObjectType } from './object-type.ts';
import { parseAssociations, recordJson } from './record-json.ts';
import { search, searchSchema } from './search.ts';
import type { CrmRecord } from './state.ts';

const LIST_LIMIT = 100;
/** Asking for history halves what one call may read. */
const HISTORY_LIMIT = 50;

const batchReadSchema = z.object({
  inputs: z.array(z.object({ id: z.coerce.string().min(1) })).min(1),
  properties: z.array(z.string()).default([]),
  propertiesWithHistory: z.array(z.string()).default([]),
  idProperty: z.string().optional(),
});

const scopes: ScopeRule = (objectType) => [OBJECT_FACTS[objectType('type')].readScopes];

/**
 * Reading objects on the dated paths: list, one, batch, search.
 * https://developers.hubspot.com/docs/api-reference/crm-companies-v3/guide, https://developers.hubspot.com/docs/api-reference/search/guide
 */
export function registerReadRoutes(app: EmulatorApp, core: HubSpotCore): void {
  app.get('/crm/objects/2026-09/:type', gated(core, { scopes }, list));
  app.get('/crm/objects/2026-09/:type/:id', gated(core, { scopes }, readOne));
  app.post(
    '/crm/objects/2026-09/:type/batch/read',
    gated(core, { scopes }, (call) => readBatch(core, call)),
  );
  app.post(
    '/crm/objects/2026-09/:type/search',
    gated(core, { scopes, search: true }, (call) => runSearch(core, call)),
  );
}

function viewOf(call: Call): { properties?: string[]; withHistory: string[]; associations: ObjectType[] } {
  const properties = call.list('properties');
  return {
    ...(properties.length > 0 ? { properties } : {}),
    withHistory: call.list('propertiesWithHistory'),
    associations: parseAssociations(call.list('associations')),
  };
}

function list(call: Call): Answer {
  const type = call.objectType('type');
  const view = viewOf(call);
  const limit = Number(call.query('limit') ?? 10);
  const highest = view.withHistory.length > 0 ? HISTORY_LIMIT : LIST_LIMIT;
  if (!Number.isInteger(limit) || limit < 1 || limit > highest) {
    throw invalid(
      `limit must be between 1 and ${highest}${highest === HISTORY_LIMIT ? ' when propertiesWithHistory is asked for' : ''}`,
    );
  }
  const archived = call.query('archived') === 'true';
  const after = Number(call.query('after') ?? 0);
  if (Number.isNaN(after)) throw invalid('after is not a cursor of this API');
  const ids = call.book.ids(type);
  const page: CrmRecord[] = [];
  let more = false;
  for (let index = firstAbove(ids, after); index < ids.length; index += 1) {
    const record = call.book.portal.objects[type][ids[index] ?? ''];
    if (record === undefined || (record.archivedAt !== undefined) !== archived) continue;
    if (page.length === limit) {
      more = true;
      break;
    }
    page.push(record);
  }
  const last = page.at(-1)?.id;
  const link = `${call.baseUrl}/crm/objects/2026-09/${type}?limit=${limit}&after=${last ?? ''}${archived ? '&archived=true' : ''}`;
  return {
    body: {
      results: page.map((record) => recordJson(call.book, type, record, view, call.baseUrl)),
      ...(more && last !== undefined ? { paging: { next: { after: last, link } } } : {}),
    },
  };
}

/** Index of the first id above a cursor: the cursor of a list is the last id seen, so that a change while paging shifts nothing. */
function firstAbove(ids: readonly string[], after: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Number(ids[middle]) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readOne(call: Call): Answer {
  const type = call.objectType('type');
  const idProperty = call.query('idProperty');
  const archived = call.query('archived') === 'true';
  const id = call.param('id');
  const found =
    idProperty === undefined
      ? call.book.get(type, id, archived)
      : byProperty(call, type, idProperty).get(id.toLowerCase());
  if (found === undefined) throw notFound('resource not found');
  return { body: recordJson(call.book, type, found, viewOf(call), call.baseUrl) };
}

function byProperty(call: Call, type: ObjectType, name: string): Map<string, CrmRecord> {
  const records = call.book.ids(type).map((id) => call.book.portal.objects[type][id]);
  const live = records.filter((record) => record !== undefined && record.archivedAt === undefined);
  return new Map(
    live.flatMap((record) => {
      const value = record === undefined ? null : call.book.value(type, record, name);
      return record === undefined || value === null ? [] : [[value.toLowerCase(), record] as const];
    }),
  );
}

async function readBatch(core: HubSpotCore, call: Call): Promise<Answer> {
  const type = call.objectType('type');
  const request = await call.body(batchReadSchema);
  const highest = request.propertiesWithHistory.length > 0 ? HISTORY_LIMIT : LIST_LIMIT;
  if (request.inputs.length > highest)
    throw invalid(`The maximum number of inputs supported in a batch request is ${highest}`);
  const archived = call.query('archived') === 'true';
  const index = request.idProperty === undefined ? undefined : byProperty(call, type, request.idProperty);
  const found = new Map<string, CrmRecord>();
  const missing: string[] = [];
  for (const { id } of request.inputs) {
    const record = index === undefined ? call.book.find(type, id) : index.get(id.toLowerCase());
    if (record === undefined || (record.archivedAt !== undefined) !== archived) missing.push(id);
    else found.set(record.id, record);
  }
  const view = {
    ...(request.properties.length > 0 ? { properties: request.properties } : {}),
    withHistory: request.propertiesWithHistory,
  };
  const at = new Date(core.now()).toISOString();
  const singular = OBJECT_FACTS[type].singular.toUpperCase();
  return {
    status: missing.length > 0 ? 207 : 200,
    body: {
      status: 'COMPLETE',
      results: [...found.values()].map((record) => recordJson(call.book, type, record, view, call.baseUrl)),
      ...(missing.length > 0
        ? {
            numErrors: 1,
            errors: [
              {
                status: 'error',
                category: 'OBJECT_NOT_FOUND',
                message: `Could not get some ${singular} objects, they may be deleted or not exist. Check that ids are valid.`,
                context: { ids: missing },
              },
            ],
          }
        : {}),
      startedAt: at,
      completedAt: at,
    },
  };
}

async function runSearch(core: HubSpotCore, call: Call): Promise<Answer> {
  const type = call.objectType('type');
  const request = await call.body(searchSchema);
  const result = search(call.book, type, request, core.now() - core.settings.searchLagMs);
  const view = request.properties === undefined ? {} : { properties: request.properties };
  return {
    body: {
      total: result.total,
      results: result.records.map((record) => recordJson(call.book, type, record, view, call.baseUrl)),
      ...(result.next === undefined
        ? {}
        : { paging: { next: { after: String(result.next), link: '?after=' + result.next } } }),
    },
  };
}
