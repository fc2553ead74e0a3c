import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { from as copyFrom } from 'pg-copy-streams';
import { printTime } from '@waymark/journey';
import type { AccountChange } from './event-accounts.ts';
import type { SetAside } from './sources.ts';
import type { Transaction, Tx } from '../tenancy.ts';

/** A sighting that an import brings. Times are epoch milliseconds, the JSON columns are texts. */
export interface ImportedSighting {
  readonly eventId: string;
  readonly sourceId: string;
  readonly type: string;
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly knownAssumed: boolean;
  readonly touchpoint: string;
  readonly direction: string;
  readonly automated: boolean;
  readonly subject: string;
  readonly participants: string;
  readonly attributes: string;
  readonly externalId: string;
  readonly thread: string | null;
  readonly accountId: string | null;
  readonly match: string;
}

const copied =
  'event_id, source_id, type, occurred_at, recorded_at, known_assumed, touchpoint, direction, automated, subject, participants, ' +
  'attributes, external_id, thread, account_id, match';
const copiedTypes =
  'event_id uuid, source_id uuid, type text, occurred_at timestamptz, recorded_at timestamptz, known_assumed boolean, touchpoint text, ' +
  'direction text, automated boolean, subject text, participants jsonb, attributes jsonb, external_id text, thread text, account_id uuid, match jsonb';

/** Behind every source that read the fact itself: they say more of it than a copy. */
const importRank = 5;

const special = /[\\\n\r\t]/;
/** Escapes a text for COPY. PostgreSQL's text cannot hold U+0000: the caller sees to it that there is none. */
function escape(text: string): string {
  if (!special.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
}
/** JSON has no line feed, return or tab outside its own escapes. */
const escapeJson = (json: string): string => (json.includes('\\') ? json.replaceAll('\\', '\\\\') : json);

interface Entry {
  /** The first 32 bits of the event's id: nearly all that sorting needs to compare. */
  readonly head: number;
  readonly eventId: string;
  readonly sourceId: string;
  readonly from: number;
  readonly to: number;
}

const bytesOfChunk = 256 * 1024;
/** The largest buffer that is kept for other rows. */
const mostKept = 32 * 1024 * 1024;

/**
 * Sightings in the text form of COPY (https://www.postgresql.org/docs/current/sql-copy.html), written into one buffer as they come, so
 * that what is kept of a row until its transaction is bytes and two ids.
 */
export class CopyBatch {
  #entries: Entry[] = [];
  #buffer = Buffer.allocUnsafe(1024 * 1024);
  #length = 0;
  #sorted = false;

  get size(): number {
    return this.#entries.length;
  }

  add(row: ImportedSighting): void {
    const line =
      `${row.eventId}\t${row.sourceId}\t${row.type}\t${printTime(row.occurredAt)}\t` +
      `${row.recordedAt === row.occurredAt ? '\\N' : printTime(row.recordedAt)}\t${row.knownAssumed ? 't' : 'f'}\t` +
      `${row.touchpoint}\t${row.direction}\t${row.automated ? 't' : 'f'}\t${escape(row.subject)}\t` +
      `${escapeJson(row.participants)}\t${escapeJson(row.attributes)}\t${escape(row.externalId)}\t` +
      `${row.thread === null ? '\\N' : escape(row.thread)}\t${row.accountId ?? '\\N'}\t${escapeJson(row.match)}\n`;
    const most = this.#length + line.length * 3;
    if (most > this.#buffer.length) this.#grow(most);
    const from = this.#length;
    this.#length += this.#buffer.write(line, from);
    const head = Number.parseInt(row.eventId.slice(0, 8), 16);
    this.#entries.push({ head, eventId: row.eventId, sourceId: row.sourceId, from, to: this.#length });
    this.#sorted = false;
  }

  /** Makes room for other rows where these were: a buffer of many megabytes is not made anew for each transaction. */
  clear(): void {
    this.#entries = [];
    this.#length = 0;
    if (this.#buffer.length > mostKept) this.#buffer = Buffer.allocUnsafe(mostKept);
  }

  #grow(least: number): void {
    const larger = Buffer.allocUnsafe(Math.max(least, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  /** The rows by event and source, so that the index is written in its own order. */
  #inOrder(): readonly Entry[] {
    if (!this.#sorted) {
      this.#entries.sort((a, b) => {
        if (a.head !== b.head) return a.head - b.head;
        if (a.eventId !== b.eventId) return a.eventId < b.eventId ? -1 : 1;
        return a.sourceId < b.sourceId ? -1 : a.sourceId > b.sourceId ? 1 : 0;
      });
    }
    this.#sorted = true;
    return this.#entries;
  }

  /** The events, each once. */
  eventIds(): readonly string[] {
    const rows = this.#inOrder();
    return rows.filter((row, at) => row.eventId !== rows[at - 1]?.eventId).map((row) => row.eventId);
  }

  /** Events that came by different sightings. */
  several(): ReadonlySet<string> {
    const several = new Set<string>();
    const rows = this.#inOrder();
    for (const [at, row] of rows.entries()) {
      const before = rows[at - 1];
      if (before?.eventId === row.eventId && before.sourceId !== row.sourceId) several.add(row.eventId);
    }
    return several;
  }

  /** The rows as COPY takes them. */
  *chunks(): Iterable<Buffer> {
    let parts: Buffer[] = [];
    let bytes = 0;
    for (const { from, to } of this.#inOrder()) {
      parts.push(this.#buffer.subarray(from, to));
      bytes += to - from;
      if (bytes < bytesOfChunk) continue;
      yield Buffer.concat(parts, bytes);
      [parts, bytes] = [[], 0];
    }
    if (bytes > 0) yield Buffer.concat(parts, bytes);
  }
}

/** What a copied batch changed. */
export interface CopyOutcome {
  /** Sightings that were new. */
  readonly sightings: number;
  /** Of the batch's events, those that the log had before. */
  readonly known: ReadonlySet<string>;
  /** Accounts that got new sightings: the earliest, and how many. */
  readonly accounts: readonly (AccountChange & { readonly sightings: number })[];
}

/**
 * Appends imported sightings by COPY into a temporary table and INSERT … SELECT from it; a row that is there already stays as it is.
 * Keep to 10,000 to 20,000 rows a call.
 */
export async function copyEvents(tx: Tx, batch: CopyBatch): Promise<CopyOutcome> {
  if (batch.size === 0) return { sightings: 0, known: new Set(), accounts: [] };
  const known = await loggedEvents(tx, batch.eventIds());
  await tx.query(`CREATE TEMPORARY TABLE event_batch (${copiedTypes}) ON COMMIT DROP`);
  await pipeline(
    Readable.from(batch.chunks()),
    tx.client.query(copyFrom(`COPY event_batch (${copied}) FROM STDIN`, { highWaterMark: bytesOfChunk * 2 })),
  );
  const { rows: changed } = await tx.query<{ account_id: string | null; earliest: Date; sightings: number }>(
    `WITH added AS (
       INSERT INTO journey_event (workspace_id, event_id, source_id, generation, content, type, occurred_at, recorded_at, known_assumed, rank,
         origin, touchpoint, direction, automated, subject, participants, attributes, connector, object, external_id, thread, account_id, match)
       SELECT $1::uuid, event_id, source_id, 1, source_id, type, occurred_at, coalesce(recorded_at, occurred_at), known_assumed, $2::smallint,
         'import', touchpoint, direction, automated, subject, participants, attributes, 'import', 'event', external_id, thread, account_id, match
         FROM event_batch
       ON CONFLICT (workspace_id, event_id, source_id, generation) DO NOTHING
       RETURNING account_id, occurred_at)
     SELECT account_id, min(occurred_at) AS earliest, count(*) AS sightings FROM added GROUP BY account_id`,
    [tx.workspaceId, importRank],
  );
  await tx.query('DROP TABLE event_batch');
  return {
    sightings: changed.reduce((sum, one) => sum + one.sightings, 0),
    known,
    accounts: changed.flatMap((one) =>
      one.account_id === null
        ? []
        : [{ accountId: one.account_id, earliest: one.earliest.getTime(), sightings: one.sightings }],
    ),
  };
}

/** Which of these events the log has, ended ones included. */
async function loggedEvents(tx: Tx, eventIds: readonly string[]): Promise<ReadonlySet<string>> {
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

/**
 * Has the server look at the tables by which accounts are worked out, so that it plans by what they hold now and not by what they held
 * before a bulk load. Takes no lock that readers or writers notice; a table that another looks at is left out.
 */
export async function refreshStatistics(transaction: Transaction): Promise<void> {
  await transaction.query('SELECT waymark_refresh_statistics()');
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
