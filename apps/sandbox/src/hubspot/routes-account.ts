import { z } from 'zod';
import type { EmulatorApp, HubSpotCore } from './core.ts';
import { HubSpotRefusal, invalid, notFound } from './errors.ts';
import { gated, type Answer, type Call, type ScopeRule } from './gate.ts';
import { OBJECT_FACTS, type ObjectType } from './object-type.ts';
import { propertyJson, type PropertyOption } from './property.ts';
import { associationTypes } from './association-type.ts';
import { ASSOCIATIONS_PER_PAGE } from './record-json.ts';
import type { Owner, Pipeline } from './state.ts';

const EPOCH = new Date(Date.UTC(2020, 0, 1)).toISOString();

const propertySchema = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/, 'Property names are lower case letters, digits and underscores'),
  label: z.string().min(1),
  type: z.enum(['string', 'number', 'date', 'datetime', 'enumeration', 'bool']),
  fieldType: z.string().min(1),
  groupName: z.string().min(1),
  description: z.string().default(''),
  options: z
    .array(
      z.object({
        label: z.string(),
        value: z.string(),
        displayOrder: z.number().int().optional(),
        hidden: z.boolean().optional(),
      }),
    )
    .default([]),
});

/** What is left out keeps its value; options that are given take the place of all that were there. */
const propertyUpdateSchema = z.object({
  label: z.string().min(1).optional(),
  groupName: z.string().min(1).optional(),
  description: z.string().optional(),
  options: propertySchema.shape.options.removeDefault().optional(),
});

const associationReadSchema = z.object({
  inputs: z.array(z.object({ id: z.coerce.string().min(1), after: z.coerce.string().optional() })).min(1),
});

const schemaScopes: ScopeRule = (objectType) => {
  const type = objectType('type');
  return [OBJECT_FACTS[type].readScopes, [`crm.schemas.${type}.read`]];
};
const schemaWrite: ScopeRule = (objectType) => [[`crm.schemas.${objectType('type')}.write`]];
const ownerScopes: ScopeRule = () => [['crm.objects.owners.read']];
const linkScopes: ScopeRule = (objectType) => [
  [...OBJECT_FACTS[objectType('from')].readScopes, ...OBJECT_FACTS[objectType('to')].readScopes],
];

/** Everything around the objects: properties, pipelines, owners, associations, the account. */
export function registerAccountRoutes(app: EmulatorApp, core: HubSpotCore): void {
  app.get('/crm/properties/2026-09/:type', gated(core, { scopes: schemaScopes }, listProperties));
  app.get('/crm/properties/2026-09/:type/:name', gated(core, { scopes: schemaScopes }, readProperty));
  app.post(
    '/crm/properties/2026-09/:type',
    gated(core, { scopes: schemaWrite }, (call) => createProperty(core, call)),
  );
  app.patch('/crm/properties/2026-09/:type/:name', gated(core, { scopes: schemaWrite }, updateProperty));
  app.get('/crm/pipelines/2026-09/:type', gated(core, { scopes: schemaScopes }, listPipelines));
  app.get('/crm/owners/2026-09', gated(core, { scopes: ownerScopes }, listOwners));
  app.get('/crm/owners/2026-09/', gated(core, { scopes: ownerScopes }, listOwners));
  app.get('/crm/owners/2026-09/:id', gated(core, { scopes: ownerScopes }, readOwner));
  app.post(
    '/crm/associations/2026-09/:from/:to/batch/read',
    gated(core, { scopes: linkScopes }, (call) => readAssociations(core, call)),
  );
  app.get(
    '/account-info/2026-09/details',
    gated(core, { scopes: () => [[]] }, (call) => accountDetails(core, call)),
  );
}

function listProperties(call: Call): Answer {
  const type = call.objectType('type');
  return { body: { results: Object.values(call.book.portal.properties[type]).map(propertyJson) } };
}

function readProperty(call: Call): Answer {
  const definition = call.book.definition(call.objectType('type'), call.param('name'));
  if (definition === undefined) throw notFound(`Property named "${call.param('name')}" does not exist`);
  return { body: propertyJson(definition) };
}

/** https://developers.hubspot.com/docs/api-reference/crm-properties-v3/core/post-crm-v3-properties-objectType */
async function createProperty(core: HubSpotCore, call: Call): Promise<Answer> {
  const type = call.objectType('type');
  const wanted = await call.body(propertySchema);
  if (call.book.definition(type, wanted.name) !== undefined) {
    throw new HubSpotRefusal(409, 'CONFLICT', `Property named "${wanted.name}" already exists.`, {
      subCategory: 'Properties.PROPERTY_EXISTS',
    });
  }
  if (wanted.type === 'enumeration' && wanted.options.length === 0)
    throw invalid('An enumeration property needs options');
  const values = wanted.options.map((option) => option.value);
  if (new Set(values).size < values.length) throw invalid('Option values must be unique');
  const definition = {
    ...wanted,
    options: listed(wanted.options),
    hubspotDefined: false,
    createdAt: core.now(),
  };
  call.book.portal.properties[type][wanted.name] = definition;
  return { status: 201, body: propertyJson(definition) };
}

/** https://developers.hubspot.com/docs/api-reference/latest/crm/properties/update-property */
async function updateProperty(call: Call): Promise<Answer> {
  const type = call.objectType('type');
  const definition = call.book.definition(type, call.param('name'));
  if (definition === undefined) throw notFound(`Property named "${call.param('name')}" does not exist`);
  const wanted = await call.body(propertyUpdateSchema);
  if (definition.hubspotDefined && !(definition.name === 'lifecyclestage' && wanted.options !== undefined))
    throw invalid(`Property "${definition.name}" is defined by HubSpot and cannot be changed`);
  const values = (wanted.options ?? definition.options).map((option) => option.value);
  if (new Set(values).size < values.length) throw invalid('Option values must be unique');
  const changed = {
    ...definition,
    label: wanted.label ?? definition.label,
    description: wanted.description ?? definition.description,
    groupName: wanted.groupName ?? definition.groupName,
    options: wanted.options === undefined ? definition.options : listed(wanted.options),
  };
  call.book.portal.properties[type][definition.name] = changed;
  return { body: propertyJson(changed) };
}

function listed(options: z.infer<typeof propertySchema>['options']): PropertyOption[] {
  return options.map((option, index) => ({
    label: option.label,
    value: option.value,
    displayOrder: option.displayOrder ?? index,
    hidden: option.hidden ?? false,
  }));
}

function pipelineJson(pipeline: Pipeline): Record<string, unknown> {
  const dates = { createdAt: EPOCH, updatedAt: EPOCH };
  return {
    id: pipeline.id,
    label: pipeline.label,
    displayOrder: pipeline.displayOrder,
    archived: false,
    ...dates,
    stages: pipeline.stages.map((stage) => ({
      archived: false,
      writePermissions: 'CRM_PERMISSIONS_ENFORCEMENT',
      ...stage,
      ...dates,
    })),
  };
}

/** https://developers.hubspot.com/docs/api-reference/crm-pipelines-v3/guide */
function listPipelines(call: Call): Answer {
  const type = call.objectType('type');
  const pipelines = type === 'deals' || type === 'tickets' ? call.book.portal.pipelines[type] : [];
  return { body: { results: pipelines.map(pipelineJson) } };
}

function ownerJson(owner: Owner): Record<string, unknown> {
  const archived = owner.archived ?? false;
  return {
    id: owner.id,
    email: owner.email,
    type: 'PERSON',
    firstName: owner.firstName,
    lastName: owner.lastName,
    ...(archived ? {} : { userId: owner.userId }),
    userIdIncludingInactive: owner.userId,
    createdAt: EPOCH,
    updatedAt: EPOCH,
    archived,
  };
}

/** https://developers.hubspot.com/docs/api-reference/crm-owners-v3/guide */
function listOwners(call: Call): Answer {
  const limit = Number(call.query('limit') ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > 500) throw invalid('limit must be between 1 and 500');
  const email = call.query('email')?.toLowerCase();
  const after = call.query('after');
  const archived = call.query('archived') === 'true';
  const owners = call.book.portal.owners
    .filter((owner) => (owner.archived ?? false) === archived)
    .filter((owner) => email === undefined || owner.email.toLowerCase() === email)
    .toSorted((a, b) => Number(a.id) - Number(b.id))
    .filter((owner) => after === undefined || Number(owner.id) > Number(after));
  const page = owners.slice(0, limit);
  const last = page.at(-1)?.id;
  const more = owners.length > limit && last !== undefined;
  return {
    body: {
      results: page.map(ownerJson),
      ...(more ? { paging: { next: { after: last, link: `${call.baseUrl}/crm/owners/2026-09?after=${last}` } } } : {}),
    },
  };
}

function readOwner(call: Call): Answer {
  const owner = call.book.portal.owners.find((candidate) => candidate.id === call.param('id'));
  if (owner === undefined) throw notFound();
  return { body: ownerJson(owner) };
}

/**
 * Associations of up to 100 records, each with pages of its own: `paging.next.after` goes back as the input's `after` (D6).
 * https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
 */
async function readAssociations(core: HubSpotCore, call: Call): Promise<Answer> {
  const from = call.objectType('from');
  const to = call.objectType('to');
  const { inputs } = await call.body(associationReadSchema);
  if (inputs.length > 100) throw invalid('The maximum number of inputs supported in a batch request is 100');
  const results: unknown[] = [];
  const errors: unknown[] = [];
  for (const input of inputs) {
    const record = call.book.find(from, input.id);
    const ids = record === undefined ? [] : call.book.associated(from, record.id, to);
    if (record === undefined || ids.length === 0) {
      errors.push({
        status: 'error',
        category: 'OBJECT_NOT_FOUND',
        subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
        message: `No ${OBJECT_FACTS[to].singular} is associated with ${OBJECT_FACTS[from].singular} ${input.id}.`,
        context: {
          fromObjectId: [input.id],
          fromObjectType: [OBJECT_FACTS[from].singular],
          toObjectType: [OBJECT_FACTS[to].singular],
        },
      });
      continue;
    }
    const rest = input.after === undefined ? ids : ids.filter((id) => Number(id) > Number(input.after));
    const page = rest.slice(0, ASSOCIATIONS_PER_PAGE);
    const last = page.at(-1);
    results.push({
      from: { id: record.id },
      to: page.map((id) => ({
        toObjectId: id,
        associationTypes: associationTypes(from, to, isPrimary(call, from, record.id, to, id)),
      })),
      ...(rest.length > page.length && last !== undefined
        ? {
            paging: {
              next: {
                after: last,
                link: `${call.baseUrl}/crm/objects/2026-09/${from}/${record.id}/associations/${to}?after=${last}`,
              },
            },
          }
        : {}),
    });
  }
  const at = new Date(core.now()).toISOString();
  return {
    status: errors.length > 0 ? 207 : 200,
    body: {
      status: 'COMPLETE',
      results,
      ...(errors.length > 0 ? { numErrors: errors.length, errors } : {}),
      startedAt: at,
      completedAt: at,
    },
  };
}

function isPrimary(call: Call, from: ObjectType, fromId: string, to: ObjectType, toId: string): boolean {
  if (to === 'companies') return call.book.primaryCompany(from, fromId) === toId;
  return from === 'companies' && call.book.primaryCompany(to, toId) === fromId;
}

/** https://developers.hubspot.com/docs/api-reference/account-information-v3/guide */
function accountDetails(core: HubSpotCore, call: Call): Answer {
  const { portal } = call.book;
  const offset = offsetMinutes(portal.timeZone, core.now());
  const sign = offset < 0 ? '-' : '+';
  return {
    body: {
      portalId: portal.id,
      accountType: 'STANDARD',
      timeZone: portal.timeZone,
      companyCurrency: portal.currency,
      additionalCurrencies: [],
      utcOffset: `${sign}${twoDigits(offset / 60)}:${twoDigits(offset % 60)}`,
      utcOffsetMilliseconds: offset * 60_000,
      uiDomain: 'app.hubspot.com',
      dataHostingLocation: 'eu1',
    },
  };
}

function twoDigits(value: number): string {
  return String(Math.floor(Math.abs(value))).padStart(2, '0');
}

function offsetMinutes(timeZone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at);
  const text = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const match = /GMT([+-])(\d{2}):(\d{2})/.exec(text);
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}
