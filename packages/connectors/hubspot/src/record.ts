import { z } from 'zod';
import { parseTime } from './time.ts';

/** One value that a property has had. Lists of these come newest first. */
const historyEntry = z.looseObject({
  value: z.string().nullish(),
  timestamp: z.union([z.string(), z.number()]),
  sourceType: z.string().optional(),
  sourceId: z.string().optional(),
  updatedByUserId: z.number().optional(),
});
export type HistoryEntry = z.infer<typeof historyEntry>;

/** The least that a page needs of a record before its mapper sees it: a record that is odd otherwise is set aside, not the page. */
export const identified = z.looseObject({ id: z.string().min(1) });
export type Identified = z.infer<typeof identified>;

/** A CRM object as HubSpot answers it. https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide */
export const crmObject = z.looseObject({
  id: z.string().min(1),
  properties: z.record(z.string(), z.string().nullish()),
  propertiesWithHistory: z.record(z.string(), z.array(historyEntry)).default({}),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type CrmObject = z.infer<typeof crmObject>;

/** A stage of a pipeline as it was called when the record was read. */
const stageSnapshot = z.object({
  pipelineLabel: z.string(),
  label: z.string(),
  /** Deals: 0 to 1. */
  probability: z.number().optional(),
  closed: z.boolean(),
});
export type StageSnapshot = z.infer<typeof stageSnapshot>;

/** A CRM object with what a pure mapper needs beside it, gathered while its page was read. */
export const gatheredRecord = crmObject.extend({
  gathered: z.object({
    /** Where a person looks at it. */
    url: z.string(),
    /** Ids of associated companies, the primary one first. */
    companies: z.array(z.string()),
    /** Associated people with their main address. */
    contacts: z.array(z.object({ id: z.string(), address: z.string().optional(), name: z.string().optional() })),
    /** Addresses of the vendor's own people by owner id. */
    owners: z.record(z.string(), z.object({ email: z.string().optional(), name: z.string().optional() })),
    /** By `pipeline/stage`. */
    stages: z.record(z.string(), stageSnapshot),
    /** Older than what the installation wants to read. */
    tooOld: z.boolean(),
  }),
});
export type GatheredRecord = z.infer<typeof gatheredRecord>;

/** When a record was made, epoch milliseconds. Throws where HubSpot gives no time. */
export function createdAt(record: CrmObject): number {
  const at =
    parseTime(record.properties['createdate'] ?? record.properties['hs_createdate']) ?? parseTime(record.createdAt);
  if (at === undefined) throw new Error('The record has no time of creation');
  return at;
}

/** A property's value without blanks around it; undefined where it is empty or absent. */
export function value(record: CrmObject, property: string | undefined): string | undefined {
  if (property === undefined) return undefined;
  const text = record.properties[property]?.trim();
  return text === undefined || text === '' ? undefined : text;
}

/** HubSpot's lists within a property, separated by `;`. */
export function values(record: CrmObject, property: string | undefined): string[] {
  return (value(record, property) ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Ids of records that were merged into this one (failure B6). */
export function mergedIds(record: CrmObject): string[] {
  return values(record, 'hs_merged_object_ids').filter((id) => id !== record.id);
}
