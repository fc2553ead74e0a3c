import { setImmediate as breathe } from 'node:timers/promises';
import type { Fact } from '@waymark/lifecycle';
import { registrableDomain, type ExclusionRule, type Exclusions } from '@waymark/identity';
import { contentUuid, type CloudEvent } from '@waymark/journey';
import {
  addImportedAccounts,
  CopyBatch,
  copyEvents,
  installations,
  lockMatching,
  projectAccounts,
  setAsideMany,
  sightingsOf,
  threadsWithoutAccount,
  wakeAccounts,
  wantRematch,
  type AccountChange,
  type ImportedAccount,
  type Tx,
} from '@waymark/store';
import { linkAccounts } from './account-links.ts';
import { matchThreads, settleRematch } from './attribution.ts';
import { loadExclusions } from './exclusions.ts';
import { ImportAccounts } from './import-accounts.ts';
import { ImportFold } from './import-fold.ts';
import type { ImportLine, NumberedLine } from './import-lines.ts';
import { importedFact, ImportRows } from './import-row.ts';
import { prepareLine, rejectLine, type RejectedLine } from './import-prepare.ts';
import type { ImportDependencies, ImportOptions } from './import-options.ts';
import type { ImportResult } from './import-report.ts';

export type { ImportDependencies, ImportOptions };

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

/** A line that is excluded: counted, and nothing of it is kept. */
const excludedLine = (rule: ExclusionRule): RejectedLine => ({
  ok: false,
  reason: `excluded_${rule.kind}`,
  detail: 'The line is excluded: waymark exclude list shows by what.',
  raw: '',
  digest: '',
});

/** What is excluded changed while the file was being read. */
class ExclusionsChanged extends Error {
  readonly code = 'EXCLUSIONS_CHANGED';

  constructor() {
    super('What is excluded changed meanwhile: run the import again; what is stored already stays stored once.');
    this.name = 'ExclusionsChanged';
  }
}

const emptyBatch = (): Batch => ({
  rows: new CopyBatch(),
  facts: [],
  threads: new Set(),
  accounts: [],
  rejected: [],
  characters: 0,
});

type Line = ImportLine | NumberedLine;
type Lines = Iterable<Line | readonly Line[]>;
type AsyncLines = AsyncIterable<Line | readonly Line[]>;

/** Lines between two turns of the event loop, so that the transaction under way gets its turn. */
const linesATurn = 200;
const firstBatchRows = 2000;
const listedAccounts = 1000;
const linkedATransaction = 500;
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
  lines: Lines | AsyncLines,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const known = await deps.database.inWorkspace(workspaceId, async (tx) => ({
    accounts: await ImportAccounts.load(tx),
    fold: options.dryRun
      ? undefined
      : deps.afterFold && (await ImportFold.begin(tx, { mostFacts: options.foldEvery ?? 40_000 })),
    exclusions: await loadExclusions(tx),
  }));
  const run = new ImportRun(deps, workspaceId, known, options);
  const batchRows = options.batchRows ?? 15_000;
  // The first transactions are small, so that there soon is one to run beside.
  let rows = Math.min(batchRows, firstBatchRows);
  let batch = emptyBatch();
  let number = 0;
  for await (const block of lines) {
    for (const each of Array.isArray(block) ? block : [block]) {
      number += 1;
      const numbered = typeof each === 'string' || 'reason' in each ? { number, line: each } : each;
      run.take(batch, numbered);
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
  readonly #exclusions: Exclusions;
  readonly #fold: ImportFold | undefined;
  readonly #options: ImportOptions;
  readonly #reasons = new Map<string, number>();
  readonly #rejections: ImportResult['rejections'][number][] = [];
  readonly #changed = new Set<string>();
  readonly #types = new Map<string, number>();
  readonly #made: string[] = [];
  /** What a dry run has seen of the file, since it finds nothing of it in the log. */
  readonly #seen = new Set<number>();
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #counts = { lines: 0, stored: 0, merged: 0, rejected: 0 };
  #created = 0;

  constructor(
    deps: ImportDependencies,
    workspaceId: string,
    known: {
      readonly accounts: ImportAccounts;
      readonly fold: ImportFold | undefined;
      readonly exclusions: Exclusions;
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
    this.#types.set(event.type, (this.#types.get(event.type) ?? 0) + 1);
    if (row.thread !== null) batch.threads.add(row.thread);
    if ((this.#fold || this.#options.dryRun) && row.accountId !== null)
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
    this.#created += batch.accounts.filter(({ create }) => create).length;
    for (const { accountId } of batch.facts) this.#changed.add(accountId);
    this.#count(batch, fresh);
  }

  async #store(batch: Batch): Promise<void> {
    if (this.#options.dryRun) return this.#rehearse(batch);
    const { database, now } = this.#deps;
    const { rows } = batch;
    const doubles = rows.doubles();
    const setAside = await this.#seal(batch.rejected);
    const { known, changed, created, moved } = await database.inWorkspace(
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
        return { known: copied.known, changed, created, moved };
      },
      { retry: true },
    );
    this.#created += created.length;
    for (const { accountId } of changed) this.#changed.add(accountId);
    if (this.#fold) this.#feed(this.#fold, batch, { ...doubles, known, changed, created, moved });
    this.#count(batch, rows.eventIds().length - known.size);
  }

  #count({ rows, rejected }: Batch, fresh: number): void {
    this.#counts = {
      lines: this.#counts.lines + rows.size + rejected.length,
      stored: this.#counts.stored + fresh,
      merged: this.#counts.merged + rows.size - fresh,
      rejected: this.#counts.rejected + rejected.length,
    };
    for (const { number, line } of rejected) {
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

  /** A CRM may have come while the file was read: the accounts that it names go on as its own, with all that is theirs. */
  async #linkAccounts(): Promise<void> {
    const { database, now } = this.#deps;
    const keys = this.#accounts.subjects.flatMap((subject) =>
      subject.startsWith('account:') ? [] : [subject.startsWith('record:') ? subject.slice(7) : subject],
    );
    for (let at = 0; at < keys.length; at += linkedATransaction) {
      const some = keys.slice(at, at + linkedATransaction);
      const moved = await database.inWorkspace(
        this.#workspaceId,
        async (tx) => {
          if ((await installations(tx)).length === 0) return [];
          await lockMatching(tx);
          const domains = some.filter((key) => key.includes('.')).map((key) => registrableDomain(key));
          const links = await linkAccounts(tx, { records: [], domains, externalIds: some }, now());
          await wantRematch(tx, links.subjects, now());
          const changes = await settleRematch(tx);
          await wakeAccounts(tx, changes, now());
          return [...links.accounts, ...changes.map((one) => one.accountId)];
        },
        { retry: true },
      );
      for (const accountId of moved) {
        this.#changed.add(accountId);
        this.#fold?.leave(accountId);
      }
    }
  }

  async finish(): Promise<ImportResult> {
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
    const { database, now, afterFold } = this.#deps;
    if (!this.#options.dryRun) await this.#linkAccounts();
    const folded = (afterFold && (await this.#fold?.finish(database, this.#workspaceId, now, afterFold))) ?? 0;
    if (this.#changed.size > 0 && !this.#options.dryRun) this.#deps.onCommitted?.(this.#workspaceId);
    return {
      ...this.#counts,
      accounts: { created: this.#created, changed: this.#changed.size, folded, made: this.#made },
      types: Object.fromEntries([...this.#types].sort(([a], [b]) => (a < b ? -1 : 1))),
      reasons: Object.fromEntries([...this.#reasons].sort(([a], [b]) => (a < b ? -1 : 1))),
      rejections: this.#rejections,
    };
  }
}
