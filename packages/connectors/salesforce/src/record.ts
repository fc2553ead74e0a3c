import { z } from 'zod';
import { parseTime } from './time.ts';

/** One value that a field has had, from the instant at which it began to hold. */
const pastValue = z.object({
  value: z.string(),
  at: z.number().int(),
  /** The user who wrote it. */
  by: z.string().optional(),
  /** No history tells of it: it is what holds now, taken to have held since the record was made. */
  assumed: z.boolean().optional(),
});
export type PastValue = z.infer<typeof pastValue>;

/** A stage of opportunities, or a status of cases, as it was called when the record was read. */
const stageSnapshot = z.object({
  label: z.string(),
  closed: z.boolean(),
  won: z.boolean(),
  /** The chance of the stage, from 0 to 1, where it says one. */
  probability: z.number().optional(),
});
export type StageSnapshot = z.infer<typeof stageSnapshot>;

const person = z.object({
  id: z.string(),
  kind: z.enum(['contact', 'lead', 'user']),
  address: z.string().optional(),
  name: z.string().optional(),
  response: z.enum(['accepted', 'declined', 'none']).optional(),
});
export type Person = z.infer<typeof person>;

/** The least that a page needs of a record before its mapper sees it. */
export const row = z.looseObject({ Id: z.string().min(1) });
export type Row = z.infer<typeof row>;

/** A record with all its fields as text, as JSON and CSV both give them, and what a pure mapper needs beside them. */
export const gatheredRecord = z.looseObject({
  id: z.string().min(1).max(100),
  fields: z.record(z.string(), z.string().nullable()),
  gathered: z.object({
    /** Where a person looks at it. */
    url: z.string(),
    /** Accounts that it belongs to, the main one first. */
    accounts: z.array(z.string()),
    /** Ids of records that were merged into this one. */
    merged: z.array(z.string()),
    /** Values of fields over time, oldest first. */
    past: z.record(z.string(), z.array(pastValue)),
    people: z.array(person),
    /** By stage or status. */
    stages: z.record(z.string(), stageSnapshot),
    /** Name and developer name of the record type. */
    recordType: z.object({ id: z.string(), name: z.string(), developerName: z.string() }).optional(),
    /** Older than what the installation wants to read. */
    tooOld: z.boolean(),
    /** A task that only stands for an EmailMessage, which is read itself. */
    toldByMail: z.boolean(),
  }),
});
export type GatheredRecord = z.infer<typeof gatheredRecord>;

/**
 * A row with every value as text: booleans and numbers differ between JSON and CSV, and the same record must map to the same events
 * whichever way it came (failure N4). Nested objects become dotted names.
 */
export function flatten(source: Readonly<Record<string, unknown>>, prefix = ''): Record<string, string | null> {
  const fields: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(source)) {
    if (name === 'attributes') continue;
    if (value === null || value === undefined || value === '') fields[prefix + name] = null;
    else if (isObject(value)) Object.assign(fields, flatten(value, `${prefix}${name}.`));
    else if (typeof value === 'string') fields[prefix + name] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') fields[prefix + name] = String(value);
  }
  return fields;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type WithFields = Pick<GatheredRecord, 'fields'>;

/** A field's value without blanks around it; undefined where it is empty or absent. */
export function value(record: WithFields, field: string | undefined): string | undefined {
  if (field === undefined) return undefined;
  const text = (Object.hasOwn(record.fields, field) ? record.fields[field] : undefined)?.trim();
  return text === undefined || text === '' ? undefined : text;
}

/** When a record was made, epoch milliseconds. Throws where Salesforce gives no time. */
export function createdAt(record: WithFields): number {
  const at = parseTime(value(record, 'CreatedDate'));
  if (at === undefined) throw new Error('The record has no time of creation');
  return at;
}

/** Whether a text is an id of Salesforce: 15 characters, or 18 with its check. */
export function isId(text: string | null | undefined): text is string {
  return typeof text === 'string' && /^[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?$/.test(text);
}

/** A percentage as a chance from 0 to 1; nothing where there is none. */
export function chance(percent: string | undefined): { readonly probability?: number } {
  const share = Number(percent || Number.NaN) / 100;
  return share >= 0 && share <= 1 ? { probability: share } : {};
}
