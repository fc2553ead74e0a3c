import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectorFault } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import type { SalesforceClient } from './client.ts';
import { row, type Row } from './record.ts';

/** Rows of one download. More at once would only be held in memory. */
const DOWNLOAD = 10_000;
const FIRST_POLL_MS = 500;
const LONGEST_POLL_MS = 15_000;
/** A job that takes longer is left: reading by pages needs no job. */
const PATIENCE_MS = 20 * 60_000;

const job = z.looseObject({ id: z.string().min(1), state: z.string() });
const csv = z.array(row);
/** A result without rows has no line of names either. */
const results = z.union([csv, z.literal('').transform((): Row[] => [])]);

/**
 * Rows of a query by Bulk API 2.0, a download at a time, in the order of the query, deleted ones left to its conditions. Ends early, in
 * silence, where the job is refused, fails or takes too long: the caller goes on by pages from the last id that it saw, as it does
 * after a kill. The query is sorted by id for that, which gives up Salesforce's own chunking.
 * https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
 */
export async function* bulkRows(client: SalesforceClient, soql: string): AsyncGenerator<readonly Row[]> {
  const made = await newJob(client, soql);
  if (made === undefined) return;
  try {
    if (!(await isComplete(client, made.id))) return;
    let locator: string | undefined;
    do {
      const { data, headers } = await client.call({
        method: 'GET',
        path: paths.bulkResults(made.id),
        query: { maxRecords: String(DOWNLOAD), ...(locator === undefined ? {} : { locator }) },
        accept: 'text/csv',
        idempotent: true,
        patient: true,
        doc: docs.bulkResults,
        answer: results,
      });
      if (data.length > 0) yield data;
      const next = headers['sforce-locator'];
      locator = next === undefined || next === 'null' || next === '' ? undefined : next;
    } while (locator !== undefined);
  } finally {
    await discard(client, made.id);
  }
}

async function newJob(client: SalesforceClient, soql: string): Promise<z.infer<typeof job> | undefined> {
  try {
    return await client.json({
      method: 'POST',
      path: paths.bulkQueries,
      body: { operation: 'queryAll', query: soql },
      // A second job of the same query costs time alone, but is a write to Salesforce: left to the fallback.
      idempotent: false,
      doc: docs.bulk,
      answer: job,
    });
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Whether the job came to its end within our patience. */
async function isComplete(client: SalesforceClient, id: string): Promise<boolean> {
  const { session } = client;
  const until = session.now() + PATIENCE_MS;
  let pause = FIRST_POLL_MS;
  while (session.now() < until) {
    const { state } = await client.json({
      method: 'GET',
      path: paths.bulkQuery(id),
      idempotent: true,
      doc: docs.bulk,
      answer: job,
    });
    if (state === 'JobComplete') return true;
    if (state === 'Failed' || state === 'Aborted') return false;
    await sleep(pause, undefined, { signal: session.signal });
    pause = Math.min(pause * 2, LONGEST_POLL_MS);
  }
  return false;
}

/** Jobs count towards a limit until they are deleted or a week old; one that will not go harms nobody. */
async function discard(client: SalesforceClient, id: string): Promise<void> {
  if (client.session.signal.aborted) return;
  await client
    .json({
      method: 'DELETE',
      path: paths.bulkQuery(id),
      idempotent: true,
      doc: docs.bulk,
      answer: z.unknown(),
    })
    .catch(() => undefined);
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof ConnectorFault)) return false;
  return ['rejected', 'scope-missing', 'record-gone', 'transient'].includes(error.fault.kind);
}
