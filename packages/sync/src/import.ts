import { setImmediate as breathe } from 'node:timers/promises';
import type { Fact } from '@waymark/lifecycle';
import { contentUuid, type CloudEvent } from '@waymark/journey';
import {
  addImportedAccounts,
  CopyBatch,
  copyEvents,
  projectAccounts,
  setAsideMany,
  threadsWithoutAccount,
  wakeAccounts,
  type AccountChange,
  type Database,
  type ImportedAccount,
  type Sealer,
  type Tx,
} from '@waymark/store';
import { matchThreads } from './attribution.ts';
import type { Folded } from './fold.ts';
import { ImportAccounts } from './import-accounts.ts';
import { ImportFold } from './import-fold.ts';
import type { ImportLine } from './import-lines.ts';
import { importedFact, ImportRows } from './import-row.ts';
import { prepareLine, rejectLine, type RejectedLine } from './import-prepare.ts';

export interface ImportDependencies {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly now: () => number;
  /**
   * Where given, accounts that the import makes are folded along the way, and this is called in the transaction that stores their
   * answers, as `foldDue` calls it. All other accounts, and all of them where it is not given, wait for `foldDue`.
   */
  readonly afterFold?: (tx: Tx, folded: readonly Folded[]) => Promise<void>;
  /** Told once at the end where accounts changed: somebody should fold them soon. */
  readonly onCommitted?: (workspaceId: string) => void;
}

export interface ImportOptions {
  /** Rows of a transaction; 15,000 by default. */
  readonly batchRows?: number;
  /** Facts to hold in memory until the accounts that the import makes are folded on; 40,000 by default. */
  readonly foldEvery?: number;
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
  readonly accounts: { readonly created: number; readonly changed: number; readonly folded: number };
  readonly reasons: Readonly<Record<string, number>>;
  /** The first rejected lines, by number in the file, counted from 1. */
  readonly rejections: readonly { readonly line: number; readonly reason: string; readonly detail: string }[];
}

/** One transaction's worth of lines. */
interface Batch {
  readonly rows: CopyBatch;
  /** Where the import folds along the way. */
  readonly facts: { readonly accountId: string; readonly fact: Fact }[];
  readonly threads: Set<string>;
  readonly accounts: ImportedAccount[];
  readonly rejected: { readonly number: number; readonly line: RejectedLine }[];
  characters: number;
}

const emptyBatch = (): Batch => ({
  rows: new CopyBatch(),
  facts: [],
  threads: new Set(),
  accounts: [],
  rejected: [],
  characters: 0,
});

/** Lines between two turns of the event loop, so that the transaction under way gets its turn. */
const linesATurn = 200;
const firstBatchRows = 2000;
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
  const [accounts, fold] = await deps.database.inWorkspace(workspaceId, async (tx) => [
    await ImportAccounts.load(tx),
    deps.afterFold && (await ImportFold.begin(tx, { mostFacts: options.foldEvery ?? 40_000 })),
  ]);
  const run = new ImportRun(deps, workspaceId, accounts, fold, options);
  const batchRows = options.batchRows ?? 15_000;
  // The first transactions are small, so that there soon is one to run beside.
  let rows = Math.min(batchRows, firstBatchRows);
  let batch = emptyBatch();
  let number = 0;
  for await (const block of lines) {
    for (const line of typeof block === 'string' || 'reason' in block ? [block] : block) {
      number += 1;
      run.take(batch, line, number);
      if (number % linesATurn === 0) await breathe();
      if (batch.rows.size + batch.rejected.length < rows && batch.characters < mostCharacters) continue;
      options.signal?.throwIfAborted();
      await run.write(batch);
      batch = emptyBatch();
      rows = Math.min(batchRows, rows * 2);
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
  readonly #rows: ImportRows;
  readonly #fold: ImportFold | undefined;
  readonly #options: ImportOptions;
  readonly #reasons = new Map<string, number>();
  readonly #rejections: ImportResult['rejections'][number][] = [];
  readonly #changed = new Set<string>();
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #counts = { lines: 0, stored: 0, merged: 0, rejected: 0 };
  #created = 0;

  constructor(
    deps: ImportDependencies,
    workspaceId: string,
    accounts: ImportAccounts,
    fold: ImportFold | undefined,
    options: ImportOptions,
  ) {
    this.#deps = deps;
    this.#fold = fold;
    this.#workspaceId = workspaceId;
    this.#accounts = accounts;
    this.#rows = new ImportRows(workspaceId, accounts.assignments);
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
    this.#add(batch, prepared.event);
  }

  #add(batch: Batch, event: CloudEvent): void {
    const row = this.#rows.row(event, this.#deps.now());
    batch.rows.add(row);
    if (row.thread !== null) batch.threads.add(row.thread);
    if (this.#fold && row.accountId !== null)
      batch.facts.push({ accountId: row.accountId, fact: importedFact(event, row) });
  }

  /** Begins to store a batch once the one before it is stored. */
  async write(batch: Batch): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
    this.#writing = this.#store(batch).catch((error: unknown) => {
      this.#failure = { error };
    });
    await this.#fold?.foldSome(this.#deps.now());
  }

  async #store(batch: Batch): Promise<void> {
    const { database, now } = this.#deps;
    const { rows } = batch;
    const doubles = rows.doubles();
    const setAside = await this.#seal(batch.rejected);
    const { known, changed, created, moved } = await database.inWorkspace(
      this.#workspaceId,
      async (tx) => {
        const at = now();
        const created = await addImportedAccounts(tx, batch.accounts, at, 0);
        const copied = await copyEvents(tx, rows);
        const moved = await this.#attribute(tx, batch, doubles.several, copied);
        const changed = [...copied.accounts, ...moved];
        await wakeAccounts(tx, changed, at);
        await setAsideMany(tx, setAside, at);
        return { known: copied.known, changed, created, moved };
      },
      { retry: true },
    );
    const fresh = rows.eventIds().length - known.size;
    this.#counts = {
      lines: this.#counts.lines + rows.size + batch.rejected.length,
      stored: this.#counts.stored + fresh,
      merged: this.#counts.merged + rows.size - fresh,
      rejected: this.#counts.rejected + batch.rejected.length,
    };
    this.#created += created.length;
    for (const { accountId } of changed) this.#changed.add(accountId);
    if (this.#fold) this.#feed(this.#fold, batch, { ...doubles, known, changed, created, moved });
    for (const { number, line } of batch.rejected) {
      this.#reasons.set(line.reason, (this.#reasons.get(line.reason) ?? 0) + 1);
      if (this.#rejections.length < (this.#options.listed ?? 1000))
        this.#rejections.push({ line: number, reason: line.reason, detail: line.detail });
    }
    this.#options.onProgress?.(this.#counts);
  }

  /** Hands over what was stored to be folded along the way; whatever is not plainly new goes the ordinary way. */
  #feed(
    fold: ImportFold,
    batch: Batch,
    stored: {
      readonly several: ReadonlySet<string>;
      readonly repeated: ReadonlySet<string>;
      readonly known: ReadonlySet<string>;
      readonly changed: readonly AccountChange[];
      readonly created: readonly string[];
      readonly moved: readonly AccountChange[];
    },
  ): void {
    for (const accountId of stored.created) fold.open(accountId);
    const once = new Set<string>();
    for (const { accountId, fact } of batch.facts) {
      if (stored.known.has(fact.id) || stored.several.has(fact.id)) fold.leave(accountId);
      else if (!stored.repeated.has(fact.id) || !once.has(fact.id)) fold.add(accountId, fact);
      if (stored.repeated.has(fact.id)) once.add(fact.id);
    }
    for (const { accountId } of stored.moved) fold.leave(accountId);
    fold.woken(new Set(stored.changed.map(({ accountId }) => accountId)));
  }

  /** Gives events with several sightings the account of the one that ranks first, and mails the account of their thread. */
  async #attribute(
    tx: Tx,
    batch: Batch,
    several: ReadonlySet<string>,
    copied: { readonly sightings: number; readonly known: ReadonlySet<string> },
  ): Promise<readonly AccountChange[]> {
    if (copied.sightings === 0) return [];
    const moved = await projectAccounts(tx, [...new Set([...copied.known, ...several])]);
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
    const { database, now, afterFold } = this.#deps;
    const folded = (afterFold && (await this.#fold?.finish(database, this.#workspaceId, now, afterFold))) ?? 0;
    if (this.#changed.size > 0) this.#deps.onCommitted?.(this.#workspaceId);
    return {
      ...this.#counts,
      accounts: { created: this.#created, changed: this.#changed.size, folded },
      reasons: Object.fromEntries([...this.#reasons].sort(([a], [b]) => (a < b ? -1 : 1))),
      rejections: this.#rejections,
    };
  }
}
