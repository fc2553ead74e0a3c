import type { Exclusions } from '@waymark/identity';
import {
  addImportedAccounts,
  copyEvents,
  keepImportProgress,
  lockMatching,
  projectAccounts,
  setAsideMany,
  sightingsOf,
  threadsWithoutAccount,
  wakeAccounts,
  type AccountChange,
  type Tx,
} from '@waymark/store';
import { matchThreads } from '../matching/attribution.ts';
import { loadExclusions } from '../matching/exclusions.ts';
import { addImportedClaims } from '../matching/imported-claims.ts';
import type { ImportAccounts } from './accounts.ts';
import type { Batch } from './batch.ts';
import { ExclusionsChanged } from './exclusion.ts';
import type { ImportDependencies } from './options.ts';
import { sealRejected } from './rejected.ts';
import type { ImportTally } from './tally.ts';

/** What storing a batch came to. */
export interface StoredBatch {
  readonly changed: readonly AccountChange[];
  /** Of accounts that got new sightings, how many. */
  readonly sightings: ReadonlyMap<string, number>;
  readonly tally: ImportTally;
}

/** Stores batches, each in one transaction with all that follows from it. */
export class BatchStore {
  readonly #deps: ImportDependencies;
  readonly #workspaceId: string;
  readonly #accounts: ImportAccounts;
  readonly #exclusions: Exclusions;
  readonly #importId: string | undefined;

  constructor(
    deps: ImportDependencies,
    workspaceId: string,
    known: { readonly accounts: ImportAccounts; readonly exclusions: Exclusions },
    importId: string | undefined,
  ) {
    this.#deps = deps;
    this.#workspaceId = workspaceId;
    this.#accounts = known.accounts;
    this.#exclusions = known.exclusions;
    this.#importId = importId;
  }

  /** @param tallied the counts once this batch is stored, by how many of its events and accounts were new */
  async store(batch: Batch, tallied: (fresh: number, created: number) => ImportTally): Promise<StoredBatch> {
    const { database, now, sealer } = this.#deps;
    const { rows } = batch;
    const several = rows.several();
    const setAside = await sealRejected(sealer, this.#workspaceId, batch.rejected);
    return database.inWorkspace(
      this.#workspaceId,
      async (tx) => {
        const at = now();
        // Whoever excludes takes turns with us: nothing of it is stored after it was purged.
        await lockMatching(tx);
        if (!this.#exclusions.sameAs(await loadExclusions(tx))) throw new ExclusionsChanged();
        const created = await addImportedAccounts(tx, batch.accounts, at, 0);
        await addImportedClaims(tx, batch.claims);
        const copied = await copyEvents(tx, rows);
        const moved = await this.#attribute(tx, batch, several, copied);
        const changed = [...copied.accounts, ...moved];
        await wakeAccounts(tx, changed, at);
        await setAsideMany(tx, setAside, at);
        const tally = tallied(rows.eventIds().length - copied.known.size, created.length);
        if (this.#importId !== undefined && batch.last > 0)
          await keepImportProgress(tx, this.#importId, { line: batch.last, counts: tally }, at);
        const sightings = new Map(copied.accounts.map((one) => [one.accountId, one.sightings]));
        return { changed, sightings, tally };
      },
      { retry: true },
    );
  }

  /** Gives events with several sightings the account of the one that ranks first, and mails the account of their thread. */
  async #attribute(
    tx: Tx,
    batch: Batch,
    several: ReadonlySet<string>,
    copied: { readonly sightings: number; readonly known: ReadonlySet<string> },
  ): Promise<readonly AccountChange[]> {
    if (copied.sightings === 0) return [];
    const moved = await projectAccounts(tx, [...new Set([...copied.known, ...several])], undefined);
    const threads = await threadsWithoutAccount(tx, [...batch.threads]);
    return threads.length === 0
      ? moved
      : [...moved, ...(await matchThreads(tx, this.#accounts.assignments, threads, undefined))];
  }
}

/** Tells, without storing anything, how many of a batch's events would be new to the log and to the batches before. */
export class Rehearsal {
  readonly #deps: Pick<ImportDependencies, 'database'>;
  readonly #workspaceId: string;
  /** What was seen of the file, since the log has nothing of it: 52 bits of each event's id. */
  readonly #seen = new Set<number>();

  constructor(deps: Pick<ImportDependencies, 'database'>, workspaceId: string) {
    this.#deps = deps;
    this.#workspaceId = workspaceId;
  }

  /** How many of the batch's events would be new. Reads only; accounts that would be made are in nobody's way. */
  async fresh(batch: Batch): Promise<number> {
    const ids = batch.rows.eventIds();
    const log = await this.#deps.database.inWorkspace(this.#workspaceId, (tx) => sightingsOf(tx, ids));
    const known = new Set(log.map(({ eventId }) => eventId));
    let fresh = 0;
    for (const id of ids) {
      const short = Number.parseInt(id.replaceAll('-', '').slice(-13), 16);
      if (!known.has(id) && !this.#seen.has(short)) fresh += 1;
      this.#seen.add(short);
    }
    return fresh;
  }
}
