import { setImmediate as breathe } from 'node:timers/promises';
import { contentUuid, eventId, importKey, stableJson, type CloudEvent } from '@waymark/journey';
import {
  addImportedAccounts,
  copyEvents,
  copyRow,
  projectAccounts,
  setAsideMany,
  threadsWithoutAccount,
  wakeAccounts,
  type CopyRow,
  type Database,
  type EventRow,
  type ImportedAccount,
  type Sealer,
  type Tx,
} from '@waymark/store';
import { matchSighting, matchThreads } from './attribution.ts';
import { ImportAccounts } from './import-accounts.ts';
import type { ImportLine } from './import-lines.ts';
import { prepareLine, rejectLine, type RejectedLine } from './import-prepare.ts';

export interface ImportDependencies {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly now: () => number;
  /** Told once at the end where accounts changed: somebody should fold them soon. */
  readonly onCommitted?: (workspaceId: string) => void;
}

export interface ImportOptions {
  /** Rows of a transaction; 15,000 by default. */
  readonly batchRows?: number;
  /** Rejected lines to list in the result; 1,000 by default. All are counted and kept. */
  readonly listed?: number;
  readonly signal?: AbortSignal;
  /** Told after each transaction. */
  readonly onProgress?: (counts: ImportCounts) => void;
}

/** How the lines ended so far; blank ones count as nothing. `lines` = `stored` + `merged` + `rejected`. */
export interface ImportCounts {
  readonly lines: number;
  /** Events that the log did not have. */
  readonly stored: number;
  /** Lines that say what the log has, again or as another sighting of the same fact. */
  readonly merged: number;
  readonly rejected: number;
}

export interface ImportResult extends ImportCounts {
  readonly accounts: { readonly created: number; readonly changed: number };
  readonly reasons: Readonly<Record<string, number>>;
  /** The first rejected lines, by number in the file, counted from 1. */
  readonly rejections: readonly { readonly line: number; readonly reason: string; readonly detail: string }[];
}

/** One transaction's worth of lines. */
interface Batch {
  readonly rows: CopyRow[];
  readonly sources: Map<string, string>;
  /** Events of which this batch alone holds several sightings. */
  readonly several: Set<string>;
  readonly threads: Set<string>;
  readonly accounts: ImportedAccount[];
  readonly rejected: { readonly number: number; readonly line: RejectedLine }[];
  characters: number;
}

const emptyBatch = (): Batch => ({
  rows: [],
  sources: new Map(),
  several: new Set(),
  threads: new Set(),
  accounts: [],
  rejected: [],
  characters: 0,
});

/** Lines between two turns of the event loop, so that the transaction under way gets its turn. */
const linesATurn = 200;
const mostCharacters = 24 * 1024 * 1024;

/**
 * Imports CloudEvents 1.0, one JSON object a line, in bounded memory: lines are read, checked and matched while the batch before them
 * is being stored. Every line ends stored, merged, or rejected with its reason; rejected ones are set aside sealed. Safe to repeat and
 * to cut off at any time: what is stored is stored once, and a second run stores nothing new. Throws what the database throws.
 *
 * @param lines lines without their line feed, one by one or in blocks as `linesOf` gives them
 */
export async function importFile(
  deps: ImportDependencies,
  workspaceId: string,
  lines: AsyncIterable<ImportLine | readonly ImportLine[]> | Iterable<ImportLine | readonly ImportLine[]>,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const accounts = await deps.database.inWorkspace(workspaceId, (tx) => ImportAccounts.load(tx));
  const run = new ImportRun(deps, workspaceId, accounts, options);
  const batchRows = options.batchRows ?? 15_000;
  let batch = emptyBatch();
  let number = 0;
  for await (const block of lines) {
    for (const line of typeof block === 'string' || 'reason' in block ? [block] : block) {
      number += 1;
      run.take(batch, line, number);
      if (number % linesATurn === 0) await breathe();
      if (batch.rows.length + batch.rejected.length < batchRows && batch.characters < mostCharacters) continue;
      options.signal?.throwIfAborted();
      await run.write(batch);
      batch = emptyBatch();
    }
  }
  options.signal?.throwIfAborted();
  await run.write(batch);
  return run.finish();
}

class ImportRun {
  readonly #deps: ImportDependencies;
  readonly #workspaceId: string;
  readonly #accounts: ImportAccounts;
  readonly #options: ImportOptions;
  readonly #reasons = new Map<string, number>();
  readonly #rejections: ImportResult['rejections'][number][] = [];
  readonly #changed = new Set<string>();
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #counts = { lines: 0, stored: 0, merged: 0, rejected: 0 };
  #created = 0;

  constructor(deps: ImportDependencies, workspaceId: string, accounts: ImportAccounts, options: ImportOptions) {
    this.#deps = deps;
    this.#workspaceId = workspaceId;
    this.#accounts = accounts;
    this.#options = options;
  }

  /** Adds a line to a batch. */
  take(batch: Batch, line: ImportLine, number: number): void {
    const text = typeof line === 'string' && number === 1 ? line.replace(/^\ufeff/, '') : line;
    if (typeof text === 'string' && text.trim() === '') return;
    batch.characters += typeof text === 'string' ? text.length : text.raw.length;
    const prepared = prepareLine(text);
    if (!prepared.ok) {
      batch.rejected.push({ number, line: prepared });
      return;
    }
    const made = this.#accounts.settle(prepared.event.subject);
    if (made === 'unknown') {
      const line = rejectLine(String(text), 'unknown-account', 'subject: there is no such account');
      batch.rejected.push({ number, line });
      return;
    }
    if (made) batch.accounts.push(made);
    this.#add(batch, this.#row(prepared.event));
  }

  #add(batch: Batch, row: EventRow): void {
    batch.rows.push(copyRow(row));
    const other = batch.sources.get(row.eventId);
    if (other === undefined) batch.sources.set(row.eventId, row.sourceId);
    else if (other !== row.sourceId) batch.several.add(row.eventId);
    if (row.thread !== null) batch.threads.add(row.thread);
  }

  #row(event: CloudEvent): EventRow {
    const workspaceId = this.#workspaceId;
    const id = eventId(workspaceId, event.identity, event.type);
    const key = importKey(event.source, event.id);
    const { type, subject, time, recordedtime, participants, attributes } = event;
    // A line that says something else under the same source and id is another sighting: which speaks does not depend on the order.
    const source = contentUuid(
      'source',
      workspaceId,
      'import',
      key,
      stableJson([type, subject, time, recordedtime ?? null, participants, attributes]),
    );
    const found = matchSighting(
      { eventId: id, direction: event.direction, participants, subject, installationId: null },
      this.#accounts.assignments,
    );
    return {
      eventId: id,
      sourceId: source,
      generation: 1,
      content: source,
      type,
      occurredAt: time,
      recordedAt: recordedtime ?? Math.min(time, this.#deps.now()),
      knownAssumed: recordedtime === undefined,
      rank: 5,
      origin: 'import',
      touchpoint: event.touchpoint,
      direction: event.direction,
      automated: event.automated,
      subject,
      participants,
      attributes,
      connector: 'import',
      installationId: null,
      object: 'event',
      externalId: key,
      url: null,
      thread: threadOf(event),
      accountId: found.accountId,
      match: { ...found },
    };
  }

  /** Begins to store a batch once the one before it is stored. */
  async write(batch: Batch): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
    this.#writing = this.#store(batch).catch((error: unknown) => {
      this.#failure = { error };
    });
  }

  async #store(batch: Batch): Promise<void> {
    const { database, now } = this.#deps;
    const rows = batch.rows.sort((a, b) => (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0));
    const setAside = await this.#seal(batch.rejected);
    const { known, changed } = await database.inWorkspace(
      this.#workspaceId,
      async (tx) => {
        const at = now();
        await addImportedAccounts(tx, batch.accounts, at, 0);
        const copied = await copyEvents(tx, rows);
        const accounts = [...copied.accounts, ...(await this.#attribute(tx, batch, copied))];
        await wakeAccounts(tx, accounts, at);
        await setAsideMany(tx, setAside, at);
        return { known: copied.known, changed: accounts };
      },
      { retry: true },
    );
    const fresh = batch.sources.size - known.size;
    this.#counts = {
      lines: this.#counts.lines + rows.length + batch.rejected.length,
      stored: this.#counts.stored + fresh,
      merged: this.#counts.merged + rows.length - fresh,
      rejected: this.#counts.rejected + batch.rejected.length,
    };
    this.#created += batch.accounts.filter((one) => one.create).length;
    for (const { accountId } of changed) this.#changed.add(accountId);
    for (const { number, line } of batch.rejected) {
      this.#reasons.set(line.reason, (this.#reasons.get(line.reason) ?? 0) + 1);
      if (this.#rejections.length < (this.#options.listed ?? 1000))
        this.#rejections.push({ line: number, reason: line.reason, detail: line.detail });
    }
    this.#options.onProgress?.(this.#counts);
  }

  /** Gives events with several sightings the account of the one that ranks first, and mails the account of their thread. */
  async #attribute(tx: Tx, batch: Batch, copied: { readonly sightings: number; readonly known: ReadonlySet<string> }) {
    if (copied.sightings === 0) return [];
    const moved = await projectAccounts(tx, [...new Set([...copied.known, ...batch.several])]);
    const threads = await threadsWithoutAccount(tx, [...batch.threads]);
    return threads.length === 0 ? moved : [...moved, ...(await matchThreads(tx, this.#accounts.assignments, threads))];
  }

  #seal(rejected: Batch['rejected']) {
    const { sealer } = this.#deps;
    return Promise.all(
      rejected.map(async ({ number, line }) => {
        const sourceId = contentUuid('source', this.#workspaceId, 'import', 'rejected', line.digest);
        const raw = typeof line.raw === 'string' ? line.raw : Buffer.from(line.raw);
        return {
          sourceId,
          installationId: null,
          stream: 'import',
          externalId: `line ${number}`,
          reason: line.reason,
          detail: line.detail,
          raw: await sealer.seal(this.#workspaceId, '', `set_aside:${sourceId}`, raw),
        };
      }),
    );
  }

  async finish(): Promise<ImportResult> {
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
    if (this.#changed.size > 0) this.#deps.onCommitted?.(this.#workspaceId);
    return {
      ...this.#counts,
      accounts: { created: this.#created, changed: this.#changed.size },
      reasons: Object.fromEntries([...this.#reasons].sort(([a], [b]) => (a < b ? -1 : 1))),
      rejections: this.#rejections,
    };
  }
}

/** Longest thread root that the index takes, in bytes. */
const longestThread = 2000;

/** The root of a mail's thread by its References, else by its own Message-ID; null for all else. */
function threadOf(event: CloudEvent): string | null {
  if (event.touchpoint !== 'email') return null;
  const references: unknown = event.attributes['references'];
  const first: unknown = Array.isArray(references) ? references[0] : undefined;
  const own = event.identity.startsWith('mail:') ? event.identity.slice(5, event.identity.lastIndexOf('|')) : null;
  const root = typeof first === 'string' && first !== '' ? first : own;
  return root !== null && Buffer.byteLength(root) <= longestThread ? root : null;
}
