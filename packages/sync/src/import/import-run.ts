import type { Exclusions } from '@waymark/identity';
import { endImportProgress, refreshStatistics, type CopyBatch } from '@waymark/store';
import { keepPeers } from '../coverage/peers.ts';
import { keepSeason } from '../coverage/season.ts';
import { keepSourceOutages } from '../coverage/source-outages.ts';
import { refreshQueue } from '../matching/attribution.ts';
import type { ImportAccounts } from './accounts.ts';
import { BatchStore, Rehearsal } from './batch-store.ts';
import { emptyBatch, type Batch } from './batch.ts';
import { foldFresh } from './fresh.ts';
import { ImportIntake } from './intake.ts';
import type { NumberedLine } from './lines.ts';
import { linkSubjects } from './links.ts';
import type { ImportDependencies, ImportOptions } from './options.ts';
import type { ImportResult } from './report.ts';
import { fieldsReadAs, unreadFields } from './unread-field.ts';
import { addToTally, emptyTally, sortedCounts, type ImportTally } from './tally.ts';

/** Stored lines from which on the database is asked to look at its tables; then again whenever they have doubled. */
const leastToRefresh = 1000;

/** What an import knows when it begins. */
export interface ImportGround {
  readonly accounts: ImportAccounts;
  readonly exclusions: Exclusions;
  /** Of a run before, where this one goes on. */
  readonly tally: ImportTally | undefined;
}

/** One import under way: the batch before is being stored while lines are taken into the next. */
export class ImportRun {
  readonly #deps: ImportDependencies;
  readonly #workspaceId: string;
  readonly #accounts: ImportAccounts;
  readonly #intake: ImportIntake;
  readonly #store: BatchStore;
  readonly #rehearsal: Rehearsal | undefined;
  readonly #options: ImportOptions;
  /** Accounts that lines changed, with how many sightings they got. */
  readonly #changed = new Map<string, number>();
  /** Of batches that are stored. */
  readonly #spare: CopyBatch[] = [];
  /** Lines that were stored when the database last looked at its tables. */
  #refreshed = 0;
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #tally: ImportTally;

  constructor(deps: ImportDependencies, workspaceId: string, known: ImportGround, options: ImportOptions) {
    this.#deps = deps;
    this.#workspaceId = workspaceId;
    this.#accounts = known.accounts;
    this.#options = options;
    this.#tally = known.tally ?? emptyTally;
    this.#rehearsal = options.dryRun ? new Rehearsal(deps, workspaceId) : undefined;
    this.#intake = new ImportIntake(workspaceId, known, deps.now, options.dryRun === true);
    this.#store = new BatchStore(deps, workspaceId, known, options.importId);
  }

  /** A batch to fill, where another may still be under way. */
  nextBatch(): Batch {
    return emptyBatch(this.#spare.pop());
  }

  /** Adds a line to a batch. */
  take(batch: Batch, line: NumberedLine): void {
    this.#intake.take(batch, line);
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
    this.#writing = this.#keep(batch).then(
      () => {
        batch.rows.clear();
        this.#spare.push(batch.rows);
      },
      (error: unknown) => {
        this.#failure = { error };
      },
    );
  }

  async #keep(batch: Batch): Promise<void> {
    if (this.#rehearsal) {
      const fresh = await this.#rehearsal.fresh(batch);
      for (const accountId of batch.touched) this.#change(accountId);
      this.#settle(this.#counted(batch, fresh, batch.accounts.filter(({ create }) => create).length));
      return;
    }
    const stored = await this.#store.store(batch, (fresh, created) => this.#counted(batch, fresh, created));
    for (const { accountId } of stored.changed) this.#change(accountId, stored.sightings.get(accountId));
    this.#settle(stored.tally);
    if (stored.tally.stored >= Math.max(leastToRefresh, this.#refreshed * 2)) await this.#refresh();
  }

  #change(accountId: string, sightings = 0): void {
    this.#changed.set(accountId, (this.#changed.get(accountId) ?? 0) + sightings);
  }

  /** What follows reads account by account: by the plans of an empty table it would read the whole log each time. */
  async #refresh(): Promise<void> {
    this.#refreshed = this.#tally.stored;
    await this.#deps.database.global(refreshStatistics);
  }

  /** The tally once this batch is stored. */
  #counted({ rows, rejected, types, unread }: Batch, fresh: number, created: number): ImportTally {
    const rejections = rejected.map(({ number, line }) => ({ line: number, reason: line.reason, detail: line.detail }));
    const counts = { lines: rows.size + rejected.length, stored: fresh, merged: rows.size - fresh };
    const batch = { ...counts, rejected: rejected.length, created, types, unread, rejections };
    return addToTally(this.#tally, batch, this.#options.listed ?? 1000);
  }

  #settle(tally: ImportTally): void {
    this.#tally = tally;
    const { lines, stored, merged, rejected } = tally;
    this.#options.onProgress?.({ lines, stored, merged, rejected });
  }

  /** What concerns the whole log once all lines are stored: who is whom, which sources are silent, who waits for a decision. */
  async #conclude(resumed: boolean): Promise<void> {
    const { database, now } = this.#deps;
    if (this.#tally.stored >= Math.max(leastToRefresh, this.#refreshed + 1)) await this.#refresh();
    const subjects = resumed ? 'all' : this.#accounts.subjects;
    for (const accountId of await linkSubjects(this.#deps, this.#workspaceId, subjects)) this.#change(accountId);
    await database.inWorkspace(
      this.#workspaceId,
      async (tx) => {
        if (this.#changed.size > 0) {
          // A silent source is no quiet season: which sources are silent is found first.
          await keepSourceOutages(tx, now(), { again: true });
          await keepSeason(tx, now(), { again: true });
          await keepPeers(tx, now(), { again: true });
        }
        if (this.#tally.stored > 0 || this.#changed.size > 0) await refreshQueue(tx);
      },
      { retry: true },
    );
  }

  /** @param resumedAt the last line that a run before had stored; 0 where there was none */
  async finish(resumedAt: number): Promise<ImportResult> {
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
    const { database, afterFold } = this.#deps;
    const { dryRun, importId } = this.#options;
    if (!dryRun) await this.#conclude(resumedAt > 0);
    const folded =
      afterFold && !dryRun
        ? await foldFresh(this.#deps, this.#workspaceId, this.#changed, afterFold, this.#options)
        : 0;
    if (this.#changed.size > 0 && !dryRun) this.#deps.onCommitted?.(this.#workspaceId);
    if (importId !== undefined && !dryRun)
      await database.inWorkspace(this.#workspaceId, (tx) => endImportProgress(tx, importId));
    const { lines, stored, merged, rejected, created, rejections } = this.#tally;
    return {
      lines,
      stored,
      merged,
      rejected,
      accounts: { created, changed: this.#changed.size, folded, made: this.#intake.made },
      types: sortedCounts(this.#tally.types),
      readAs: fieldsReadAs(this.#tally.unread),
      unread: unreadFields(this.#tally.unread),
      reasons: sortedCounts(this.#tally.reasons),
      rejections,
      resumedAt,
    };
  }
}
