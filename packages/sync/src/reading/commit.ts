import type { Page, Stream } from '@waymark/connector-kit';
import type { Exclusions } from '@waymark/identity';
import {
  commitCursor,
  dropSetAside,
  knownSources,
  liveRows,
  lockMatching,
  setAside,
  supersededRows,
  touchSources,
  wakeAccounts,
  wakeAllAccounts,
  wantRematch,
  writeSources,
  type AccountChange,
  type Installation,
  type KnownSource,
  type SourceObject,
  type StreamState,
  type Tx,
} from '@waymark/store';
import { lookupFor, type Lookup } from '../matching/assignments-in-force.ts';
import { markEchoes } from './echo.ts';
import { applyEntities, endEntities } from '../matching/entities.ts';
import { withoutPairs } from '../matching/excluded-pairs.ts';
import { purgeRows } from '../matching/exclusion-purge.ts';
import { foldFrom, isFirstRun } from './fold-pace.ts';
import { endSources, goneHere, unseen } from './gone-records.ts';
import { isOlder, type PreparedRecord } from './prepare.ts';
import { exchange, keyOfRow, saidBy } from './sighting-rows.ts';
import type { Sealer } from '../installation/tokens.ts';

/** The lease was lost to another worker, or the cursor moved under us: nothing of the page was stored. */
export class LeaseLost extends Error {
  readonly code = 'LEASE_LOST';

  constructor() {
    super('Another worker has taken over this installation: this run ends without storing its page.');
    this.name = 'LeaseLost';
  }
}

export interface PageCommit {
  readonly installation: Installation;
  readonly stream: Stream<unknown, unknown, unknown>;
  readonly state: StreamState;
  readonly page: Page<unknown>;
  readonly records: readonly PreparedRecord[];
  readonly mode: 'backfill' | 'live' | 'resync';
  readonly leaseFence: number;
  readonly at: number;
  readonly since: number;
  /** The raw forms of rejected records by source id, sealed before the transaction: the sealer may need a connection of its own. */
  readonly sealed: ReadonlyMap<string, Buffer>;
  /** A person said that what an enumeration does not see was really deleted. */
  readonly deletionsConfirmed: boolean;
  /** What the page was read without: a change of it since makes the page unfit, by the cursor's version. */
  readonly exclusions: Exclusions;
}

/** What a committed page did. */
export interface PageOutcome {
  readonly cursorVersion: number;
  readonly changedRecords: number;
  readonly accounts: readonly AccountChange[];
  /** Whether it asked for sightings to be matched again. */
  readonly rematch: boolean;
  /** Whether more of the same history is to come: accounts are folded a while later. */
  readonly isMoreToCome: boolean;
}

/**
 * Stores a page and its cursor in this transaction (I2): records in their latest form, the events that a newer form changes,
 * entities, matches, and the accounts to fold. Whom to match again is noted: `settleRematch` follows in a transaction of its own.
 * Throws LeaseLost where the lease or the cursor is no longer ours.
 */
export async function commitPage(tx: Tx, commit: PageCommit): Promise<PageOutcome> {
  const { stream, state, page, at } = commit;
  await lockMatching(tx);
  const latest = latestForms(commit.records);
  const known = await knownSources(tx, [...latest.keys()]);
  const changed: PreparedRecord[] = [];
  const unchanged: { sourceId: string; version: string }[] = [];
  for (const [id, record] of latest) {
    const former = known.get(id);
    if (!former || replaces(record, former)) changed.push(record);
    else
      unchanged.push({
        sourceId: id,
        version: isOlder(record.version, former.version) ? former.version : record.version,
      });
  }
  const enumeration = page.enumeration?.id ?? null;
  const said = changed.flatMap(({ sourceId: id, entities }) => entities.map((fact) => ({ sourceId: id, fact })));
  const entities = await applyEntities(tx, commit.installation.installationId, said, at);
  const lookup = await lookupFor(tx);
  changed.splice(0, changed.length, ...(await withoutPairs(tx, commit, changed, lookup)));
  const changes: AccountChange[] = [...(await replaceEvents(tx, commit, changed, known, lookup))];
  await purgeExcluded(tx, commit, changed, changes);
  await writeSources(
    tx,
    changed.map((record) => sourceOf(commit, record, known.get(record.sourceId))),
    at,
  );
  await touchSources(tx, unchanged, state.partition, enumeration, at);
  await keepRejected(tx, commit, changed, known);
  // A record that no longer says who it is about ends what it said, as if it were gone.
  const silent = changed.filter((record) => record.entities.length === 0 && record.outcome !== 'rejected');
  const silenced = await endEntities(
    tx,
    silent.flatMap((record) => (known.has(record.sourceId) ? [record.sourceId] : [])),
    at,
  );
  const { gone, heldBack } = await unseen(tx, commit);
  // What was said no more assigns nothing any more.
  const left = silenced.subjects.length === 0 ? lookup : await lookupFor(tx);
  const ended = await endSources(tx, commit, [...(await goneHere(tx, commit)), ...gone], left);
  changes.push(...ended.changes);
  const touched = [entities, silenced, ended.entities];
  const subjects = touched.flatMap((one) => one.subjects);
  await wantRematch(tx, subjects, at);
  for (const one of touched) for (const accountId of one.accounts) changes.push({ accountId, earliest: at });
  const isMoreToCome = commit.mode === 'backfill' && (!page.done || isFirstRun(commit.installation));
  const from = foldFrom(at, isMoreToCome);
  await wakeAccounts(tx, changes, from);
  // From now on absence in this stream means something, for every account.
  if (page.done && state.backfillDoneAt === null && (stream.sees ?? []).length > 0) await wakeAllAccounts(tx, at, from);
  const moved = await commitCursor(tx, {
    ...keyOf(commit),
    cursor: page.cursor,
    cursorKind: stream.cursor.kind,
    cursorFormat: stream.cursor.version,
    seenVersion: state.cursorVersion,
    leaseFence: commit.leaseFence,
    records: page.records.length,
    expected: page.expected ?? null,
    enumeration,
    at,
    done: page.done,
    backfilledFrom: page.done ? commit.since : null,
    ...(heldBack !== undefined && { heldBack }),
  });
  if (!moved) throw new LeaseLost();
  return {
    cursorVersion: state.cursorVersion + 1,
    changedRecords: changed.length,
    accounts: changes,
    rematch: subjects.length > 0,
    isMoreToCome,
  };
}

/** Within one page the last form of a record counts. */
function latestForms(records: readonly PreparedRecord[]): ReadonlyMap<string, PreparedRecord> {
  const latest = new Map<string, PreparedRecord>();
  for (const record of records) {
    const earlier = latest.get(record.sourceId);
    if (!earlier || !isOlder(record.version, earlier.version)) latest.set(record.sourceId, record);
  }
  return latest;
}

/** Whether a record replaces the form that is known: never an older one, unless no form of it could be read so far. */
function replaces(record: PreparedRecord, former: KnownSource): boolean {
  if (former.gone) return true;
  if (former.contentDigest === record.contentDigest) return false;
  return !isOlder(record.version, former.version) || (!former.readable && record.outcome !== 'rejected');
}

const sourceOf = (commit: PageCommit, record: PreparedRecord, former: KnownSource | undefined): SourceObject => ({
  sourceId: record.sourceId,
  installationId: commit.installation.installationId,
  stream: commit.stream.name,
  partition: commit.state.partition,
  object: commit.stream.object,
  externalId: record.externalId,
  version: record.version,
  contentDigest: record.contentDigest,
  generation: (former?.generation ?? 0) + 1,
  outcome: record.outcome,
  reason: record.reason,
  // The last form that could be read speaks on.
  events: record.outcome === 'rejected' ? (former?.events ?? 0) : record.drafts.length,
  occurredAt: record.outcome === 'rejected' ? (former?.occurredAt ?? null) : record.occurredAt,
  seenEnumeration: commit.page.enumeration?.id ?? null,
  tags: record.tags,
});

const keyOf = ({ installation, stream, state }: PageCommit) => ({
  installationId: installation.installationId,
  stream: stream.name,
  partition: state.partition,
});

/** Ends the rows that a newer form no longer says and appends those it newly says; rows that stay as they are stay untouched. */
async function replaceEvents(
  tx: Tx,
  commit: PageCommit,
  changed: readonly PreparedRecord[],
  known: ReadonlyMap<string, KnownSource>,
  lookup: Lookup,
): Promise<readonly AccountChange[]> {
  // What cannot be read says nothing: the events of the last form that could stay in force.
  const readable = await markEchoes(
    tx,
    commit.installation.installationId,
    changed.filter((record) => record.outcome !== 'rejected'),
  );
  const live = await liveRows(
    tx,
    readable.filter((record) => known.has(record.sourceId)).map((record) => record.sourceId),
  );
  const liveKeys = new Set(live.map(keyOfRow));
  const said = readable.flatMap((record) =>
    saidBy(tx.workspaceId, commit, record, (known.get(record.sourceId)?.generation ?? 0) + 1),
  );
  const wantedKeys = new Set(said.map(keyOfRow));
  const fresh = said.filter((row) => !liveKeys.has(keyOfRow(row)));
  const ended = live.filter((row) => !wantedKeys.has(keyOfRow(row)));
  return exchange(tx, commit.at, ended, fresh, lookup);
}

/** Of records that are excluded now, what they said before is not kept either. */
async function purgeExcluded(
  tx: Tx,
  commit: PageCommit,
  changed: readonly PreparedRecord[],
  changes: readonly AccountChange[],
): Promise<void> {
  for (const rule of commit.exclusions.rules) {
    const ids = changed.filter((record) => record.excludedBy === rule.exclusionId).map((record) => record.sourceId);
    if (ids.length === 0) continue;
    await purgeRows(tx, await supersededRows(tx, ids), changes, { rule, by: 'reading', at: commit.at });
  }
}

async function keepRejected(
  tx: Tx,
  commit: PageCommit,
  changed: readonly PreparedRecord[],
  known: ReadonlyMap<string, KnownSource>,
): Promise<void> {
  const kept = changed.flatMap((record) => {
    const raw = record.outcome === 'rejected' ? commit.sealed.get(record.sourceId) : undefined;
    return raw ? [{ record, raw }] : [];
  });
  await setAside(
    tx,
    kept.map(({ record, raw }) => ({
      sourceId: record.sourceId,
      installationId: commit.installation.installationId,
      stream: commit.stream.name,
      externalId: record.externalId,
      reason: record.reason ?? 'unknown',
      detail: record.detail ?? '',
      raw,
    })),
    commit.at,
  );
  // What is new was never set aside.
  const mended = changed.filter(({ outcome, sourceId }) => outcome !== 'rejected' && known.has(sourceId));
  await dropSetAside(
    tx,
    mended.map((record) => record.sourceId),
  );
}

/** Seals what is kept of rejected records, bound to their rows. */
export async function sealRejected(
  sealer: Sealer,
  workspaceId: string,
  installationId: string,
  records: readonly PreparedRecord[],
): Promise<ReadonlyMap<string, Buffer>> {
  const sealed = new Map<string, Buffer>();
  for (const { outcome, sourceId, raw } of records) {
    if (outcome === 'rejected')
      sealed.set(sourceId, await sealer.seal(workspaceId, installationId, `set_aside:${sourceId}`, raw));
  }
  return sealed;
}
