import {
  ConnectorFault,
  type StageValue,
  type StageWrite,
  type StageWriteResult,
  type StageWriter,
} from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import { classifyCode } from './classify.ts';
import type { SalesforceClient } from './client.ts';
import { rowsFor } from './keyset.ts';
import { flatten, value } from './record.ts';
import { parseTime } from './time.ts';

/** Collections take at most 200 records a request; jsforce would send more in one and have them refused. */
const BATCH = 200;

const saved = z.array(
  z.looseObject({
    id: z.string().nullish(),
    success: z.boolean(),
    errors: z
      .array(z.looseObject({ statusCode: z.string().optional(), fields: z.array(z.string()).nullish() }))
      .default([]),
  }),
);
const created = z.looseObject({ id: z.string().optional(), success: z.boolean().optional() });

/** What a person has to do about a refusal of one record. */
const FIXES: Readonly<Record<string, string>> = {
  INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:
    'the field takes listed values alone: add this one to the picklist, or map the stage to one that is there',
  FIELD_CUSTOM_VALIDATION_EXCEPTION: 'a validation rule of the org refuses it: let the rule pass the integration user',
  INSUFFICIENT_ACCESS_OR_READONLY:
    'the connected user may not edit this account: give its permission set Edit on Account and access to the record',
  INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY:
    'the connected user may not edit this account: give its permission set Edit on Account and access to the record',
  INVALID_FIELD_FOR_INSERT_UPDATE: 'the connected user may not edit the field: give its permission set Edit on it',
  CANNOT_EXECUTE_FLOW_TRIGGER: 'a flow of the org failed on it: look at the flow’s error mail',
  CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: 'a trigger of the org failed on it: look at the debug log',
  DUPLICATES_DETECTED: 'a duplicate rule of the org refuses it: let the rule pass the integration user',
  STRING_TOO_LONG: 'the field is too short for the name of the stage',
  UNABLE_TO_LOCK_ROW: 'the record is being changed by another: it is tried again',
};

/** Writes a stage to a field of accounts, a custom one or a standard picklist. */
export const stageWriter: StageWriter<SalesforceClient> = {
  // Editing is a matter of the user's permissions: Salesforce has no scope of its own for it.
  scopes: [],
  batchSize: BATCH,

  async describe(client, property) {
    await client.schema.refresh();
    const field = (await client.schema.fields('Account'))?.get(property);
    if (field === undefined) return null;
    const active = field.picklistValues.filter((option) => option.active);
    return { options: active.map((option) => ({ value: option.value, label: option.label ?? option.value })) };
  },

  createProperty,

  async read(client, property, externalIds) {
    const [rows, writers] = await Promise.all([
      rowsFor(client, {
        object: 'Account',
        select: [property, 'LastModifiedById'],
        field: 'Id',
        ids: externalIds,
        urgent: true,
      }),
      lastWriters(client, property, externalIds),
    ]);
    const { userId } = await client.identity();
    const known = new Map<string, StageValue>();
    for (const row of rows) {
      const account = { fields: flatten(row) };
      const told = writers.get(row.Id);
      const by = told?.by ?? value(account, 'LastModifiedById');
      known.set(row.Id, {
        value: value(account, property) ?? '',
        ...(told === undefined ? {} : { changedAt: told.at }),
        ...(by === undefined ? {} : { source: sameId(by, userId) ? 'waymark' : `user:${by}` }),
      });
    }
    return known;
  },

  write: (client, writes) => (writes.length === 0 ? Promise.resolve([]) : writeBatch(client, writes)),

  /** Salesforce takes any value in any order. */
  backwardNeedsClear: () => false,
};

/**
 * Creates the custom field by the Tooling API, which wants "Customize Application". A new field is hidden from everybody until somebody
 * gives the right to see it, which is not ours to give: then a `rejected` fault says what to do.
 */
async function createProperty(
  client: SalesforceClient,
  property: string,
  label: string,
  options: readonly { readonly value: string; readonly label: string }[],
): Promise<void> {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,39}__c$/.test(property) || property.includes('___')) {
    throw rejected(`"${property}" is no name for a custom field: it must end with __c, such as Waymark_Stage__c.`);
  }
  if ((await client.schema.fields('Account'))?.has(property) === true) return;
  try {
    await client.json({
      method: 'POST',
      path: paths.customFields,
      body: { FullName: `Account.${property}`, Metadata: metadata(label, options) },
      idempotent: false,
      urgent: true,
      doc: docs.customField,
      answer: created,
    });
  } catch (error) {
    if (!(error instanceof ConnectorFault) || !['scope-missing', 'rejected', 'record-gone'].includes(error.fault.kind))
      throw error;
    if (error.message.includes('DUPLICATE_DEVELOPER_NAME')) throw rejected(hidden(property), error);
    throw rejected(
      `Salesforce did not let the connected user create Account.${property} (${error.message}). An admin makes it in Setup, Object Manager, Account, Fields & Relationships, and gives the integration user's permission set Read and Edit on it.`,
      error,
    );
  }
  await client.schema.refresh();
  if ((await client.schema.fields('Account'))?.has(property) === true) return;
  throw rejected(hidden(property));
}

const hidden = (property: string): string =>
  `Account.${property} is there and hidden from the connected user: give its permission set Read and Edit on the field, then run this again.`;

function metadata(label: string, options: readonly { readonly value: string; readonly label: string }[]) {
  const common = {
    label: label.slice(0, 40),
    description: 'Written by Waymark: the stage of the account in its journey.',
  };
  if (options.length === 0) return { ...common, type: 'Text', length: 255 };
  return {
    ...common,
    type: 'Picklist',
    valueSet: {
      restricted: true,
      valueSetDefinition: {
        sorted: false,
        value: options.map((option) => ({ fullName: option.value, label: option.label, default: false })),
      },
    },
  };
}

/** Who wrote the field last and when, where the org tracks its history: the record's own last change may be of another field. */
async function lastWriters(
  client: SalesforceClient,
  property: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, { readonly at: number; readonly by: string | undefined }>> {
  if ((await client.schema.fields('AccountHistory')) === null || !/^\w+$/.test(property)) return new Map();
  const rows = await rowsFor(client, {
    object: 'AccountHistory',
    select: ['AccountId', 'CreatedDate', 'CreatedById'],
    field: 'AccountId',
    ids,
    and: `Field = '${property}'`,
    urgent: true,
  });
  const last = new Map<string, { at: number; by: string | undefined }>();
  for (const row of rows) {
    const change = { fields: flatten(row) };
    const account = value(change, 'AccountId') ?? '';
    const at = parseTime(value(change, 'CreatedDate')) ?? 0;
    if (at >= (last.get(account)?.at ?? 0)) last.set(account, { at, by: value(change, 'CreatedById') });
  }
  return last;
}

/**
 * Updates up to 200 accounts. The answer is 200 even where records failed: each has its own word, in the order of the request.
 * Never repeated by itself: a person may have written since.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_update.htm
 */
async function writeBatch(client: SalesforceClient, writes: readonly StageWrite[]): Promise<StageWriteResult[]> {
  if (writes.length > BATCH) throw rejected(`At most ${BATCH} accounts can be written at once.`);
  const answer = await client.json({
    method: 'PATCH',
    path: paths.collections,
    body: {
      allOrNone: false,
      records: writes.map((write) => ({
        attributes: { type: 'Account' },
        id: write.externalId,
        [write.property]: write.value === '' ? null : write.value,
      })),
    },
    idempotent: false,
    urgent: true,
    doc: docs.collections,
    answer: saved,
  });
  return writes.map((write, index) => resultOf(write, answer[index]));
}

function resultOf(write: StageWrite, result: z.infer<typeof saved>[number] | undefined): StageWriteResult {
  const { traceId, externalId } = write;
  if (result === undefined) {
    const message = 'Salesforce left this record out of its answer: read it back';
    return { traceId, outcome: 'failed', fault: { kind: 'rejected', message } };
  }
  if (result.success) return { traceId, outcome: 'written' };
  const code = result.errors[0]?.statusCode;
  const known = code !== undefined && /^[A-Z][A-Z_]{0,80}$/.test(code) ? code : 'no code';
  const fix = FIXES[known];
  const message = `Salesforce refused the value: ${known}${fix === undefined ? '' : `; ${fix}`}`;
  return { traceId, outcome: 'failed', fault: classifyCode(code, message, externalId) };
}

/** Ids of 15 and of 18 characters name the same record. */
function sameId(a: string, b: string): boolean {
  return a.slice(0, 15) === b.slice(0, 15);
}

function rejected(message: string, cause?: unknown): ConnectorFault {
  return new ConnectorFault({ kind: 'rejected', message }, cause === undefined ? undefined : { cause });
}
