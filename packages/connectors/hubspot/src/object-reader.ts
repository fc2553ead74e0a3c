import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import type { HubSpotClient } from './client.ts';
import { HubSpotAnswerError } from './http-error.ts';
import { identified, type Identified } from './record.ts';

/** The CRM objects that Waymark reads, by the plural name that stands in the paths. */
export type ObjectType =
  | 'companies'
  | 'contacts'
  | 'deals'
  | 'tickets'
  | 'meetings'
  | 'emails'
  | 'feedback_submissions';

/** What to ask of each record. */
export interface Selection {
  readonly properties: readonly string[];
  /** Asking for the past of values halves what one call may read. */
  readonly withHistory: readonly string[];
}

const BATCH = 100;
const BATCH_WITH_HISTORY = 50;
const SEARCH_PAGE = 200;

const paging = z.looseObject({ next: z.looseObject({ after: z.coerce.string() }).optional() }).optional();
const listAnswer = z.looseObject({ results: z.array(identified), paging });
/** One fault inside the answer of a batch. */
export const batchError = z.looseObject({
  category: z.string().optional(),
  subCategory: z.unknown().optional(),
  context: z.record(z.string(), z.unknown()).optional(),
});
const batchAnswer = z.looseObject({ results: z.array(identified), errors: z.array(batchError).default([]) });
const searchAnswer = z.looseObject({ total: z.number(), results: z.array(identified) });

export interface ListPage {
  readonly records: readonly Identified[];
  readonly next: string | undefined;
}

/** One page of the list of all objects, in the order of their ids. */
export async function listObjects(
  client: HubSpotClient,
  type: ObjectType,
  selection: Selection,
  options: { readonly after?: string | undefined; readonly archived?: boolean },
): Promise<ListPage> {
  const page = await client.json({
    bucket: 'portal',
    method: 'GET',
    path: paths.objects(type),
    query: {
      limit: String(batchSize(selection)),
      after: options.after,
      archived: options.archived === true ? 'true' : undefined,
      properties: joined(selection.properties),
      propertiesWithHistory: joined(selection.withHistory),
    },
    idempotent: true,
    doc: docs.objects,
    answer: listAnswer,
  });
  return { records: page.results, next: page.paging?.next?.after };
}

export interface Found {
  readonly records: readonly Identified[];
  /** Asked for, and not there any more: deleted or merged into another. */
  readonly gone: readonly string[];
}

/**
 * Reads records by id. Every id asked for is accounted for: what a batch does not answer is asked for alone, because HubSpot
 * answers a merged id with the record that survived (failures B6, D6).
 */
export async function readObjects(
  client: HubSpotClient,
  type: ObjectType,
  selection: Selection,
  ids: readonly string[],
): Promise<Found> {
  const records = new Map<string, Identified>();
  const gone = new Set<string>();
  for (const chunk of chunks([...new Set(ids)], batchSize(selection))) {
    const answer = await client.json({
      bucket: 'portal',
      method: 'POST',
      path: paths.batchRead(type),
      body: {
        inputs: chunk.map((id) => ({ id })),
        properties: selection.properties,
        propertiesWithHistory: selection.withHistory,
      },
      idempotent: true,
      doc: docs.objects,
      answer: batchAnswer,
      check: ({ errors }) => refusePartialFailure(errors, type),
    });
    for (const record of answer.results) records.set(record.id, record);
    for (const id of chunk.filter((each) => !records.has(each))) {
      const survivor = await readObject(client, type, selection, id);
      if (survivor !== undefined) records.set(survivor.id, survivor);
      if (survivor?.id !== id) gone.add(id);
    }
  }
  return { records: [...records.values()], gone: [...gone] };
}

/** One record by id; undefined where HubSpot has none. The id of the answer differs after a merge. */
async function readObject(
  client: HubSpotClient,
  type: ObjectType,
  selection: Selection,
  id: string,
): Promise<Identified | undefined> {
  return client.jsonOrNone({
    bucket: 'portal',
    method: 'GET',
    path: paths.object(type, id),
    query: { properties: joined(selection.properties), propertiesWithHistory: joined(selection.withHistory) },
    idempotent: true,
    doc: docs.objects,
    answer: identified,
  });
}

/**
 * Ids of records that changed within [from, to], 200 a page in the order of ids. The key is the id, not the time: HubSpot's search
 * ends at 10,000 results, and a bulk update gives any number of records one time (failures D1, D2). `to` bounds the run: what
 * changes later belongs to the next.
 */
export async function searchChanged(
  client: HubSpotClient,
  type: ObjectType,
  window: { readonly property: string; readonly from: number; readonly to: number; readonly afterId: string },
): Promise<{ readonly ids: readonly string[]; readonly total: number; readonly more: boolean }> {
  const answer = await client.json({
    bucket: 'search',
    method: 'POST',
    path: paths.search(type),
    body: {
      filterGroups: [
        {
          filters: [
            { propertyName: window.property, operator: 'GTE', value: String(window.from) },
            { propertyName: window.property, operator: 'LTE', value: String(window.to) },
            { propertyName: 'hs_object_id', operator: 'GT', value: window.afterId },
          ],
        },
      ],
      sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
      properties: ['hs_object_id'],
      limit: SEARCH_PAGE,
    },
    idempotent: true,
    doc: docs.search,
    answer: searchAnswer,
  });
  const ids = answer.results.map((record) => record.id);
  return { ids, total: answer.total, more: ids.length === SEARCH_PAGE };
}

/** A batch answer is as many answers as it has inputs: only "there is no such record" may be left out of the results (failure F2). */
export function refusePartialFailure(errors: readonly z.infer<typeof batchError>[], what: string): void {
  const failed = errors.find((error) => error.category !== 'OBJECT_NOT_FOUND');
  if (failed === undefined) return;
  throw new HubSpotAnswerError(`HubSpot failed on a part of a batch of ${what}: ${failed.category ?? 'no category'}`);
}

function batchSize(selection: Selection): number {
  return selection.withHistory.length > 0 ? BATCH_WITH_HISTORY : BATCH;
}

function joined(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.join(',');
}

/** A list in parts of at most `size`. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}
