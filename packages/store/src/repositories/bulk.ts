import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { from as copyFrom } from 'pg-copy-streams';
import { eventColumns, type AccountChange, type EventRow } from './log.ts';
import type { SetAside } from './sources.ts';
import type { Tx } from '../tenancy.ts';

const columnTypes =
  'event_id uuid, source_id uuid, generation int, content uuid, type text, occurred_at timestamptz, recorded_at timestamptz, ' +
  'known_assumed boolean, rank smallint, origin text, touchpoint text, direction text, automated boolean, subject text, ' +
  'participants jsonb, attributes jsonb, connector text, installation_id uuid, object text, external_id text, url text, thread text, ' +
  'account_id uuid, match jsonb';

/** Rows in the text form of COPY (https://www.postgresql.org/docs/current/sql-copy.html), one line each, in the order of `eventColumns`. */
export interface CopyRow {
  readonly eventId: string;
  readonly line: string;
}

/** What a copied batch changed. */
export interface CopyOutcome {
  /** Sightings that were new. */
  readonly sightings: number;
  /** Of the events asked about, those that the log had before. */
  readonly known: ReadonlySet<string>;
  /** Accounts that got a new sighting, with the earliest. */
  readonly accounts: readonly AccountChange[];
}

const special = /[\\\n\r\t]/;
/** Escapes a text for COPY. PostgreSQL's text cannot hold U+0000: the caller sees to it that there is none. */
function escape(text: string): string {
  if (!special.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
}
const nullable = (text: string | null): string => (text === null ? '\\N' : escape(text));

/** A sighting as a line of COPY's text form, its line feed included. */
export function copyRow(row: EventRow): CopyRow {
  const line =
    `${row.eventId}\t${row.sourceId}\t${row.generation}\t${row.content}\t${row.type}\t${copyTime(row.occurredAt)}\t` +
    `${row.recordedAt === row.occurredAt ? copyTime(row.occurredAt) : copyTime(row.recordedAt)}\t${row.knownAssumed ? 't' : 'f'}\t` +
    `${row.rank}\t${row.origin}\t${row.touchpoint}\t${row.direction}\t${row.automated ? 't' : 'f'}\t${nullable(row.subject)}\t` +
    `${escape(JSON.stringify(row.participants))}\t${escape(JSON.stringify(row.attributes))}\t${escape(row.connector)}\t` +
    `${row.installationId ?? '\\N'}\t${escape(row.object)}\t${escape(row.externalId)}\t${nullable(row.url)}\t${nullable(row.thread)}\t` +
    `${row.accountId ?? '\\N'}\t${row.match === null ? '\\N' : escape(JSON.stringify(row.match))}\n`;
  return { eventId: row.eventId, line };
}

const copyTime = (at: number): string => new Date(at).toISOString();

const chunkChars = 128 * 1024;

/**
 * Appends any number of sightings by COPY into a temporary table and INSERT … SELECT from it; a row that is there already stays as it
 * is. Rows should be sorted by event id, so that the index is written in its own order. Keep to 10,000 to 20,000 rows a call.
 */
export async function copyEvents(tx: Tx, rows: readonly CopyRow[]): Promise<CopyOutcome> {
  if (rows.length === 0) return { sightings: 0, known: new Set(), accounts: [] };
  const known = await knownEvents(tx, [...new Set(rows.map((row) => row.eventId))]);
  await tx.query(`CREATE TEMPORARY TABLE event_batch (${columnTypes}) ON COMMIT DROP`);
  await pipeline(
    Readable.from(chunks(rows)),
    tx.client.query(copyFrom(`COPY event_batch (${eventColumns}) FROM STDIN`)),
  );
  const { rows: changed } = await tx.query<{ account_id: string | null; earliest: Date; sightings: number }>(
    `WITH added AS (
       INSERT INTO journey_event (workspace_id, ${eventColumns})
       SELECT $1::uuid, ${eventColumns} FROM event_batch
       ON CONFLICT (workspace_id, event_id, source_id, generation) DO NOTHING
       RETURNING account_id, occurred_at)
     SELECT account_id, min(occurred_at) AS earliest, count(*) AS sightings FROM added GROUP BY account_id`,
    [tx.workspaceId],
  );
  await tx.query('DROP TABLE event_batch');
  return {
    sightings: changed.reduce((sum, one) => sum + one.sightings, 0),
    known,
    accounts: changed.flatMap((one) =>
      one.account_id === null ? [] : [{ accountId: one.account_id, earliest: one.earliest.getTime() }],
    ),
  };
}

function* chunks(rows: readonly CopyRow[]): Iterable<string> {
  let chunk = '';
  for (const row of rows) {
    chunk += row.line;
    if (chunk.length < chunkChars) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

/** Which of these events the log has, ended ones included. */
async function knownEvents(tx: Tx, eventIds: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ event_id: string }>(
    'SELECT DISTINCT event_id FROM journey_event WHERE workspace_id = $1 AND event_id = ANY($2::uuid[])',
    [tx.workspaceId, `{${eventIds.join(',')}}`],
  );
  return new Set(rows.map((row) => row.event_id));
}

/** Of these threads, those with a mail that has no account yet. */
export async function threadsWithoutAccount(tx: Tx, threads: readonly string[]): Promise<readonly string[]> {
  if (threads.length === 0) return [];
  const { rows } = await tx.query<{ thread: string }>(
    `SELECT DISTINCT thread FROM journey_event
      WHERE workspace_id = $1 AND thread = ANY($2::text[]) AND account_id IS NULL AND superseded_at IS NULL`,
    [tx.workspaceId, threads],
  );
  return rows.map((row) => row.thread);
}

/** A key by which an import names an account, and the account. */
export interface ImportedAccount {
  readonly accountId: string;
  readonly assignmentId: string;
  readonly subject: string;
  readonly domain: string | null;
  /** False where the account is another source's and only the key is new. */
  readonly create: boolean;
}

/**
 * Makes the accounts that an import names and assigns their keys to them. What is there stays as it is, so that it is safe to repeat
 * and to run beside another. `knownFrom`: from when on the assignment counts as known. Returns the accounts that are new.
 */
export async function addImportedAccounts(
  tx: Tx,
  added: readonly ImportedAccount[],
  at: number,
  knownFrom: number,
): Promise<readonly string[]> {
  if (added.length === 0) return [];
  const json = JSON.stringify(
    [...added]
      .sort((a, b) => (a.accountId < b.accountId ? -1 : 1))
      .map((one) => ({
        account_id: one.accountId,
        assignment_id: one.assignmentId,
        subject: one.subject,
        domain: one.domain,
        made: one.create,
      })),
  );
  const { rows } = await tx.query<{ account_id: string }>(
    `INSERT INTO account (workspace_id, account_id, name, domain, is_customer, attributes, created_at, updated_at)
     SELECT $1::uuid, account_id, subject, domain, true, '{}'::jsonb, $3::timestamptz, $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS r(account_id uuid, subject text, domain text, made boolean) WHERE made
     ON CONFLICT (workspace_id, account_id) DO NOTHING RETURNING account_id`,
    [tx.workspaceId, json, new Date(at)],
  );
  await tx.query(
    `INSERT INTO assignment (workspace_id, assignment_id, subject_kind, subject, account_id, basis, detail, known_from)
     SELECT $1::uuid, assignment_id, 'record', subject, account_id, 'import', 'import', $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS r(account_id uuid, assignment_id uuid, subject text)
     ON CONFLICT (workspace_id, assignment_id) DO NOTHING`,
    [tx.workspaceId, json, new Date(knownFrom)],
  );
  return rows.map((row) => row.account_id);
}

/** Sets many records aside in one statement. */
export async function setAsideMany(tx: Tx, records: readonly SetAside[], at: number): Promise<void> {
  if (records.length === 0) return;
  const byId = new Map(records.map((one) => [one.sourceId, one]));
  await tx.query(
    `INSERT INTO set_aside (workspace_id, source_id, installation_id, stream, external_id, reason, detail, raw, first_seen_at, last_seen_at)
     SELECT $1::uuid, source_id, installation_id, stream, external_id, reason, detail, decode(raw, 'base64'), $3::timestamptz, $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS r(source_id uuid, installation_id uuid, stream text, external_id text, reason text, detail text, raw text)
     ON CONFLICT (workspace_id, source_id) DO UPDATE SET
       reason = excluded.reason, detail = excluded.detail, raw = excluded.raw, last_seen_at = excluded.last_seen_at`,
    [
      tx.workspaceId,
      JSON.stringify(
        [...byId.values()].map((one) => ({
          source_id: one.sourceId,
          installation_id: one.installationId,
          stream: one.stream,
          external_id: one.externalId,
          reason: one.reason,
          detail: one.detail.slice(0, 2000),
          raw: one.raw.toString('base64'),
        })),
      ),
      new Date(at),
    ],
  );
}
