import {
  ConnectorFault,
  type Fault,
  type StageValue,
  type StageWrite,
  type StageWriteResult,
  type StageWriter,
} from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import { classify } from './classify.ts';
import type { HubSpotClient } from './client.ts';
import { versions } from './history.ts';
import { readObjects } from './object-reader.ts';
import { crmObject, value } from './record.ts';

const BATCH = 100;

/** Stands in the description of what we made: only there are options added. */
const MADE_BY_US = 'Written by Waymark';

const propertyAnswer = z.looseObject({
  description: z.string().nullish(),
  hubspotDefined: z.boolean().nullish(),
  options: z
    .array(
      z.looseObject({
        value: z.string(),
        label: z.string(),
        displayOrder: z.number().default(-1),
        hidden: z.boolean().default(false),
        description: z.string().nullish(),
      }),
    )
    .default([]),
});

const updateAnswer = z.looseObject({
  results: z.array(z.looseObject({ id: z.string(), objectWriteTraceId: z.string().optional() })),
  errors: z
    .array(
      z.looseObject({
        category: z.string().optional(),
        context: z.record(z.string(), z.unknown()).optional(),
        errors: z.array(z.looseObject({ code: z.string().optional() })).optional(),
      }),
    )
    .default([]),
});

/** Writes a stage to a property of companies: a custom one, or `lifecyclestage` itself. */
export const stageWriter: StageWriter<HubSpotClient> = {
  scopes: ['crm.objects.companies.write', 'crm.schemas.companies.write'],
  batchSize: BATCH,

  async describe(client, property) {
    const found = await readProperty(client, property);
    if (found === undefined) return null;
    const ordered = found.options.toSorted((a, b) => a.displayOrder - b.displayOrder);
    return {
      options: ordered.map((option) => ({ value: option.value, label: option.label })),
      ...(isOurs(found) ? { extensible: true } : {}),
    };
  },

  async createProperty(client, property, label, options) {
    await client.jsonOrRefusal(
      {
        bucket: 'portal',
        method: 'POST',
        path: paths.properties('companies'),
        body: {
          name: property,
          label,
          groupName: 'companyinformation',
          description: `${MADE_BY_US}: the stage of the account in its journey.`,
          ...(options.length === 0
            ? { type: 'string', fieldType: 'text' }
            : {
                type: 'enumeration',
                fieldType: 'select',
                options: options.map((option, displayOrder) => ({ ...option, displayOrder, hidden: false })),
              }),
        },
        // A second attempt meets the property of the first, which is what was wanted.
        idempotent: true,
        doc: docs.properties,
        answer: propertyAnswer,
      },
      [409],
    );
  },

  async addOptions(client, property, options) {
    const found = await readProperty(client, property);
    const missing = options.filter(({ value: wanted }) => !found?.options.some((each) => each.value === wanted));
    if (found === undefined || missing.length === 0) return;
    if (!isOurs(found)) {
      const message = `"${property}" was not made by Waymark: add the options ${missing.map((each) => each.value).join(', ')} to it in HubSpot.`;
      throw new ConnectorFault({ kind: 'rejected', message });
    }
    const last = Math.max(-1, ...found.options.map((option) => option.displayOrder));
    await client.json({
      bucket: 'portal',
      method: 'PATCH',
      path: paths.property('companies', property),
      // HubSpot puts the given list in the place of the old one, so that what is there is sent along.
      body: {
        options: [
          ...found.options.map((option) => ({
            value: option.value,
            label: option.label,
            displayOrder: option.displayOrder,
            hidden: option.hidden,
            ...(option.description ? { description: option.description } : {}),
          })),
          ...missing.map((option, index) => ({ ...option, displayOrder: last + 1 + index, hidden: false })),
        ],
      },
      idempotent: true,
      doc: docs.updateProperty,
      answer: propertyAnswer,
    });
  },

  async read(client, property, externalIds) {
    const selection = { properties: [property], withHistory: [property] };
    const found = await readObjects(client, 'companies', selection, externalIds);
    const known = new Map<string, StageValue>();
    for (const record of found.records) {
      const company = crmObject.parse(record);
      const latest = versions(company, property).at(-1);
      const source = [latest?.source, latest?.sourceId].filter((part) => part !== undefined).join(':');
      known.set(company.id, {
        value: value(company, property) ?? '',
        ...(latest === undefined ? {} : { changedAt: latest.at }),
        ...(source === '' ? {} : { source }),
      });
    }
    return known;
  },

  write: (client, writes) => (writes.length === 0 ? Promise.resolve([]) : writeBatch(client, writes)),

  /** An earlier lifecycle stage is accepted and ignored; the stage must be cleared in a request of its own first (H2). */
  backwardNeedsClear: (property) => property === 'lifecyclestage',
};

function readProperty(client: HubSpotClient, property: string): Promise<z.infer<typeof propertyAnswer> | undefined> {
  return client.jsonOrNone({
    bucket: 'portal',
    method: 'GET',
    path: paths.property('companies', property),
    idempotent: true,
    doc: docs.properties,
    answer: propertyAnswer,
  });
}

/** Free text has no options to add to. */
function isOurs(property: z.infer<typeof propertyAnswer>): boolean {
  return (
    property.hubspotDefined !== true &&
    property.options.length > 0 &&
    property.description?.startsWith(MADE_BY_US) === true
  );
}

/**
 * Updates up to 100 companies. HubSpot answers 200, 200 without some of them, 207 with errors, or 400 for the whole batch because
 * of one record; the last is halved until the record stands alone. Never repeated by itself: a person may have written since.
 * https://developers.hubspot.com/docs/api-reference/crm-companies-v3/guide
 */
async function writeBatch(client: HubSpotClient, writes: readonly StageWrite[]): Promise<StageWriteResult[]> {
  const { answer, refusal } = await client.jsonOrRefusal(
    {
      bucket: 'portal',
      method: 'POST',
      path: paths.batchUpdate('companies'),
      body: {
        inputs: writes.map((write) => ({
          id: write.externalId,
          properties: { [write.property]: write.value },
          objectWriteTraceId: write.traceId,
        })),
      },
      idempotent: false,
      doc: docs.companies,
      answer: updateAnswer,
    },
    [400, 404, 409],
  );
  if (answer !== undefined) return writes.map((write) => resultOf(write, answer));
  const fault = classify(refusal);
  // The property itself is wrong, whatever the record: halving would only repeat it.
  if (refusal.codes.includes('PROPERTY_DOESNT_EXIST')) throw new ConnectorFault(fault);
  const [only] = writes;
  if (only !== undefined && writes.length === 1) {
    const gone: Fault = { kind: 'record-gone', message: fault.message, id: only.externalId };
    return [{ traceId: only.traceId, outcome: 'failed', fault: refusal.status === 404 ? gone : fault }];
  }
  const half = Math.ceil(writes.length / 2);
  const first = await writeBatch(client, writes.slice(0, half));
  return [...first, ...(await writeBatch(client, writes.slice(half)))];
}

function resultOf(write: StageWrite, answer: z.infer<typeof updateAnswer>): StageWriteResult {
  const { traceId, externalId } = write;
  const written = answer.results.some((result) => result.objectWriteTraceId === traceId || result.id === externalId);
  if (written) return { traceId, outcome: 'written' };
  const error = answer.errors.find(
    (each) =>
      names(each.context?.['objectWriteTraceId']).includes(traceId) ||
      names(each.context?.['ids']).includes(externalId),
  );
  return { traceId, outcome: 'failed', fault: faultOf(error, externalId) };
}

function faultOf(error: z.infer<typeof updateAnswer>['errors'][number] | undefined, id: string): Fault {
  if (error === undefined) {
    return { kind: 'rejected', message: 'HubSpot left this record out of its answer: read it back' };
  }
  if (error.category === 'OBJECT_NOT_FOUND') {
    return { kind: 'record-gone', message: 'HubSpot has no such company any more', id };
  }
  const codes = (error.errors ?? []).flatMap((each) => each.code ?? []).join(', ');
  const message = `HubSpot refused the value: ${error.category ?? 'no category'}${codes === '' ? '' : ` (${codes})`}`;
  return error.category === 'RATE_LIMITS' ? { kind: 'rate-limited', message } : { kind: 'rejected', message };
}

function names(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : [];
}
