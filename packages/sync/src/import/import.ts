import { setImmediate as breathe } from 'node:timers/promises';
import type { ExclusionRule, Exclusions } from '@waymark/identity';
import { contentUuid, type CloudEvent } from '@waymark/journey';
import {
  addImportedAccounts,
  copyEvents,
  endImportProgress,
  importProgress,
  keepImportProgress,
  lockMatching,
  projectAccounts,
  refreshStatistics,
  setAsideMany,
  sightingsOf,
  threadsWithoutAccount,
  wakeAccounts,
  type AccountChange,
  type Tx,
} from '@waymark/store';
import { matchThreads } from '../matching/attribution.ts';
import { keepSeason } from '../coverage/season.ts';
import { keepSourceOutages } from '../coverage/source-outages.ts';
import { loadExclusions } from '../matching/exclusions.ts';
import { ImportAccounts } from './accounts.ts';
import { emptyBatch, type Batch } from './batch.ts';
import { ExclusionsChanged, excludedLine } from './exclusion.ts';
import { ImportFold } from './fold.ts';
import { foldFresh } from './fresh.ts';
import type { ImportLine, NumberedLine } from './lines.ts';
import { linkSubjects } from './links.ts';
import { importedFact, ImportRows } from './row.ts';
import { prepareLine, rejectLine } from './prepare.ts';
import type { ImportDependencies, ImportOptions } from './options.ts';
import type { ImportResult } from './report.ts';
import { addToTally, emptyTally, readTally, sortedCounts, type ImportTally } from './tally.ts';

export type { ImportDependencies, ImportOptions };

type Line = ImportLine | NumberedLine;
type Lines = Iterable<Line | readonly Line[]>;
type AsyncLines = AsyncIterable<Line | readonly Line[]>;

/** Lines between two turns of the event loop, so that the transaction under way gets its turn. */
const linesATurn = 200;
const firstBatchRows = 2000;
const listedAccounts = 1000;
const mostCharacters = 24 * 1024 * 1024;
/** Stored lines from which on the database is asked to look at its tables; then again whenever they have doubled. */
const leastToRefresh = 1000;

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
  lines: Lines | AsyncLines,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const known = await deps.database.inWorkspace(workspaceId, async (tx) => ({
    accounts: await ImportAccounts.load(tx),
    fold: options.dryRun
      ? undefined
      : deps.afterFold && (await ImportFold.begin(tx, { mostFacts: options.foldEvery ?? 40_000 })),
    exclusions: await loadExclusions(tx),
    before: options.importId === undefined ? undefined : await importProgress(tx, options.importId),
  }));
  const tally = readTally(known.before?.counts);
  const resumedAt = tally === undefined || options.dryRun ? 0 : (known.before?.line ?? 0);
  const run = new ImportRun(deps, workspaceId, { ...known, tally: resumedAt > 0 ? tally : undefined }, options);
  const batchRows = options.batchRows ?? 15_000;
  // The first transactions are small, so that there soon is one to run beside.
  let rows = Math.min(batchRows, firstBatchRows);
  let batch = emptyBatch();
  let number = 0;
  try {
    for await (const block of lines) {
      for (const each of Array.isArray(block) ? block : [block]) {
        number += 1;
        const numbered = typeof each === 'string' || 'reason' in each ? { number, line: each } : each;
        if (number % linesATurn === 0) await breathe();
        if (numbered.number <= resumedAt) continue;
        const full = batch.rows.size + batch.rejected.length >= rows || batch.characters >= mostCharacters;
        // All that one row of a table makes is stored at once: an import goes on after a row.
        if (full && numbered.number !== batch.last) {
          await run.write(batch);
          batch = emptyBatch();
          rows = Math.min(batchRows, rows * 2);
        }
        run.take(batch, numbered);
        batch.last = numbered.number;
      }
    }
  } catch (error) {
    // What was read before the source failed is stored: it may be mended and imported again.
    await run.write(batch).then(
      () => run.idle(),
      () => undefined,
    );
    throw error;
  }
  await run.write(batch);
  return run.finish(resumedAt);
}

class ImportRun {
  readonly #deps: ImportDependencies;
  readonly #workspaceId: string;
  readonly #accounts: ImportAccounts;
  readonly #rows: ImportRows;
  readonly #exclusions: Exclusions;
  readonly #fold: ImportFold | undefined;
  readonly #options: ImportOptions;
  readonly #changed = new Set<string>();
  readonly #made: string[] = [];
  /** What a dry run has seen of the file, since it finds nothing of it in the log. */
  readonly #seen = new Set<number>();
  /** Lines that were stored when the database last looked at its tables. */
  #refreshed = 0;
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #tally: ImportTally;

  constructor(
    deps: ImportDependencies,
    workspaceId: string,
    known: {
      readonly accounts: ImportAccounts;
      readonly fold: ImportFold | undefined;
      readonly exclusions: Exclusions;
      readonly tally: ImportTally | undefined;
    },
    options: ImportOptions,
  ) {
    const { accounts, fold, exclusions } = known;
    this.#deps = deps;
    this.#fold = fold;
    this.#workspaceId = workspaceId;
    this.#accounts = accounts;
    this.#exclusions = exclusions;
    this.#rows = new ImportRows(workspaceId, accounts.assignments);
    this.#options = options;
    this.#tally = known.tally ?? emptyTally;
  }

  /** Adds a line to a batch. */
  take(batch: Batch, { line, number, row }: NumberedLine): void {
    const text = typeof line === 'string' && number === 1 ? line.replace(/^\ufeff/, '') : line;
    if (typeof text === 'string' && text.trim() === '') return;
    batch.characters += typeof text === 'string' ? text.length : text.raw.length;
    const prepared = prepareLine(text);
    if (!prepared.ok) {
      const named = this.#exclusions.mentionedIn(String(row ?? prepared.raw), null);
      const refused = row === undefined ? prepared : { ...prepared, raw: row };
      batch.rejected.push({ number, line: named ? excludedLine(named) : refused });
      return;
    }
    const rule = this.#excludes(prepared.event);
    if (rule) {
      batch.rejected.push({ number, line: excludedLine(rule) });
      return;
    }
    const made = this.#accounts.settle(prepared.event.subject);
    if (made === 'unknown') {
      const refused = rejectLine(String(text), 'unknown-account', 'subject: there is no such account');
      batch.rejected.push({ number, line: row === undefined ? refused : { ...refused, raw: row } });
      return;
    }
    if (made) batch.accounts.push(made);
    if (made?.create && this.#made.length < listedAccounts) this.#made.push(made.subject);
    this.#add(batch, prepared.event, number);
  }

  #excludes({ participants, subject, attributes }: CloudEvent): ExclusionRule | undefined {
    const title = attributes['subject'] ?? attributes['title'];
    return this.#exclusions.of({
      installationId: null,
      participants,
      subject,
      tags: [],
      title: typeof title === 'string' ? title : undefined,
    });
  }

  #add(batch: Batch, event: CloudEvent, number: number): void {
    const row = this.#rows.row(event, this.#deps.now());
    const pair = this.#exclusions.ofPair(event.participants, row.accountId);
    if (pair) {
      batch.rejected.push({ number, line: excludedLine(pair) });
      return;
    }
    batch.rows.add(row);
    batch.types.set(event.type, (batch.types.get(event.type) ?? 0) + 1);
    if (row.thread !== null) batch.threads.add(row.thread);
    if ((this.#fold || this.#options.dryRun) && row.accountId !== null)
      batch.facts.push({ accountId: row.accountId, fact: importedFact(event, row) });
  }

  /** Waits for the transaction under way. */
  idle(): Promise<void> {
    return this.#writing;
  }

  /** Begins to store a batch once the one before it is stored. */
  async write(batch: Batch): Promise<void> {
    // A transaction that is under way ends first, whatever happens: nothing of this import goes on after it was given up.
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
    this.#options.signal?.throwIfAborted();
    this.#writing = this.#store(batch).catch((error: unknown) => {
      this.#failure = { error };
    });
    await this.#fold?.foldSome(this.#deps.now());
  }

  /** What storing a batch would do. Reads only; accounts that would be made are in nobody's way. */
  async #rehearse(batch: Batch): Promise<void> {
    const ids = batch.rows.eventIds();
    const log = await this.#deps.database.inWorkspace(this.#workspaceId, (tx) => sightingsOf(tx, ids));
    const known = new Set(log.map(({ eventId }) => eventId));
    let fresh = 0;
    for (const id of ids) {
      const short = Number.parseInt(id.replaceAll('-', '').slice(-13), 16);
      if (!known.has(id) && !this.#seen.has(short)) fresh += 1;
      this.#seen.add(short);
    }
    for (const { accountId } of batch.facts) this.#changed.add(accountId);
    this.#settle(this.#counted(batch, fresh, batch.accounts.filter(({ create }) => create).length));
  }

  async #store(batch: Batch): Promise<void> {
    if (this.#options.dryRun) return this.#rehearse(batch);
    const { database, now } = this.#deps;
    const { rows } = batch;
    const doubles = rows.doubles();
    const setAside = await this.#seal(batch.rejected);
    const { known, changed, created, moved, tally } = await database.inWorkspace(
      this.#workspaceId,
      async (tx) => {
        const at = now();
        // Whoever excludes takes turns with us: nothing of it is stored after it was purged.
        await lockMatching(tx);
        if (!this.#exclusions.sameAs(await loadExclusions(tx))) throw new ExclusionsChanged();
        const created = await addImportedAccounts(tx, batch.accounts, at, 0);
        const copied = await copyEvents(tx, rows);
        const moved = await this.#attribute(tx, batch, doubles.several, copied);
        const changed = [...copied.accounts, ...moved];
        await wakeAccounts(tx, changed, at);
        await setAsideMany(tx, setAside, at);
        const tally = this.#counted(batch, rows.eventIds().length - copied.known.size, created.length);
        const { importId } = this.#options;
        if (importId !== undefined && batch.last > 0)
          await keepImportProgress(tx, importId, { line: batch.last, counts: tally }, at);
        return { known: copied.known, changed, created, moved, tally };
      },
      { retry: true },
    );
    for (const { accountId } of changed) this.#changed.add(accountId);
    if (this.#fold) this.#feed(this.#fold, batch, { ...doubles, known, changed, created, moved });
    this.#settle(tally);
    if (tally.stored >= Math.max(leastToRefresh, this.#refreshed * 2)) await this.#refresh();
  }

  /** What follows reads account by account: by the plans of an empty table it would read the whole log each time. */
  async #refresh(): Promise<void> {
    this.#refreshed = this.#tally.stored;
    await this.#deps.database.global(refreshStatistics);
  }

  /** The tally once this batch is stored. */
  #counted({ rows, rejected, types }: Batch, fresh: number, created: number): ImportTally {
    const rejections = rejected.map(({ number, line }) => ({ line: number, reason: line.reason, detail: line.detail }));
    const counts = { lines: rows.size + rejected.length, stored: fresh, merged: rows.size - fresh };
    const batch = { ...counts, rejected: rejected.length, created, types, rejections };
    return addToTally(this.#tally, batch, this.#options.listed ?? 1000);
  }

  #settle(tally: ImportTally): void {
    this.#tally = tally;
    const { lines, stored, merged, rejected } = tally;
    this.#options.onProgress?.({ lines, stored, merged, rejected });
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
      rejected
        .filter(({ line }) => line.raw !== '')
        .map(async ({ number, line }) => {
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

  /** Stores the answers that were folded along the way, and folds the other accounts that are new. */
  async #foldRest(fold: ImportFold, afterFold: NonNullable<ImportDependencies['afterFold']>): Promise<number> {
    const { database, now } = this.#deps;
    const along = await fold.finish(database, this.#workspaceId, now, afterFold);
    const rest = await foldFresh(this.#deps, this.#workspaceId, [...this.#changed].sort(), afterFold, (accounts) =>
      this.#options.onFolded?.(along + accounts),
    );
    return along + rest;
  }

  async finish(resumedAt: number): Promise<ImportResult> {
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
    const { database, now, afterFold } = this.#deps;
    if (!this.#options.dryRun) {
      if (this.#tally.stored >= Math.max(leastToRefresh, this.#refreshed + 1)) await this.#refresh();
      for (const accountId of await linkSubjects(this.#deps, this.#workspaceId, this.#accounts.subjects)) {
        this.#changed.add(accountId);
        this.#fold?.leave(accountId);
      }
      if (this.#changed.size > 0)
        await database.inWorkspace(
          this.#workspaceId,
          async (tx) => {
            // A silent source is no quiet season: which sources are silent is found first.
            await keepSourceOutages(tx, now(), { again: true });
            await keepSeason(tx, now(), { again: true });
          },
          { retry: true },
        );
    }
    const folded = afterFold && this.#fold ? await this.#foldRest(this.#fold, afterFold) : 0;
    if (this.#changed.size > 0 && !this.#options.dryRun) this.#deps.onCommitted?.(this.#workspaceId);
    const { importId } = this.#options;
    if (importId !== undefined && !this.#options.dryRun)
      await database.inWorkspace(this.#workspaceId, (tx) => endImportProgress(tx, importId));
    const { lines, stored, merged, rejected, created, rejections } = this.#tally;
    return {
      lines,
      stored,
      merged,
      rejected,
      accounts: { created, changed: this.#changed.size, folded, made: this.#made },
      types: sortedCounts(this.#tally.types),
      reasons: sortedCounts(this.#tally.reasons),
      rejections,
      resumedAt,
    };
  }
}
