import { contentUuid, eventId, sourceId, type EventDraft } from '@waymark/journey';
import type { Gone, Page, Stream } from '@waymark/connector-kit';
import type { Assignments } from '@waymark/identity';
import {
  appendEvents,
  commitCursor,
  dropSetAside,
  knownSources,
  liveRows,
  markGone,
  projectAccounts,
  setAside,
  supersede,
  touchSources,
  unseenSources,
  wakeAccounts,
  writeSources,
  type AccountChange,
  type EventRow,
  type Installation,
  type StreamState,
  type Tx,
} from '@waymark/store';
import { loadAssignments, matchSighting, matchThreads, rematch } from './attribution.ts';
import { applyEntities } from './entities.ts';
import { isOlder, threadRoot, type PreparedRecord } from './prepare.ts';
import type { Sealer } from './tokens.ts';

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
  readonly sealer: Sealer;
}

/** What a committed page did. */
export interface PageOutcome {
  readonly cursorVersion: number;
  readonly changedRecords: number;
  readonly accounts: readonly AccountChange[];
}

/**
 * Stores a page and its cursor in this transaction (I2): records in their latest form, the events that a newer form changes,
 * entities, matches, and the accounts to fold. Throws LeaseLost where the lease or the cursor is no longer ours.
 */
export async function commitPage(tx: Tx, commit: PageCommit): Promise<PageOutcome> {
  const { installation, stream, state, page, at } = commit;
  const known = await knownSources(
    tx,
    commit.records.map((record) => record.sourceId),
  );
  // Within one page the last form of a record counts.
  const latest = new Map<string, PreparedRecord>();
  for (const record of commit.records) {
    const earlier = latest.get(record.sourceId);
    if (!earlier || !isOlder(record.version, earlier.version)) latest.set(record.sourceId, record);
  }
  const changed: PreparedRecord[] = [];
  const unchanged: string[] = [];
  for (const record of latest.values()) {
    const former = known.get(record.sourceId);
    const newer =
      !former ||
      former.gone ||
      (former.contentDigest !== record.contentDigest && !isOlder(record.version, former.version));
    if (newer) changed.push(record);
    else unchanged.push(record.sourceId);
  }
  const enumeration = page.enumeration?.id ?? null;
  const entityChanges = await applyEntities(
    tx,
    installation.installationId,
    changed.flatMap((record) => record.entities),
    at,
  );
  const inForce = await loadAssignments(tx);

  const touched = await replaceEvents(tx, commit, changed, known, inForce);
  await writeSources(
    tx,
    changed.map((record) => ({
      sourceId: record.sourceId,
      installationId: installation.installationId,
      stream: stream.name,
      partition: state.partition,
      object: stream.object,
      externalId: record.externalId,
      version: record.version,
      contentDigest: record.contentDigest,
      generation: (known.get(record.sourceId)?.generation ?? 0) + 1,
      outcome: record.outcome,
      reason: record.reason,
      events: record.drafts.length,
      occurredAt: record.occurredAt,
      seenEnumeration: enumeration,
    })),
    at,
  );
  await touchSources(tx, unchanged, enumeration, at);
  await keepRejected(tx, commit, changed);
  const changes: AccountChange[] = [...touched];
  changes.push(...(await removeGone(tx, commit, page.gone)));
  if (page.done && page.enumeration) {
    const window = { from: page.enumeration.from ?? null, to: page.enumeration.to ?? null };
    const unseen = await unseenSources(tx, keyOf(commit), page.enumeration.id, window);
    changes.push(...(await endSources(tx, unseen, at)));
  }
  if (entityChanges.rematch) changes.push(...(await rematch(tx, inForce, { accountIds: [...entityChanges.rematch] })));
  for (const accountId of entityChanges.accounts) changes.push({ accountId, earliest: at });
  await wakeAccounts(tx, changes, at);
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
  });
  if (!moved) throw new LeaseLost();
  return { cursorVersion: state.cursorVersion + 1, changedRecords: changed.length, accounts: changes };
}

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
  known: ReadonlyMap<string, { readonly generation: number }>,
  inForce: Assignments,
): Promise<readonly AccountChange[]> {
  const live = await liveRows(
    tx,
    changed.filter((record) => known.has(record.sourceId)).map((record) => record.sourceId),
  );
  const liveKeys = new Set(live.map((row) => `${row.sourceId}|${row.eventId}|${row.content}`));
  const wantedKeys = new Set<string>();
  const added: EventRow[] = [];
  for (const record of changed) {
    for (const draft of record.drafts) {
      const row = toRow(
        tx.workspaceId,
        commit,
        record,
        draft,
        (known.get(record.sourceId)?.generation ?? 0) + 1,
        inForce,
      );
      const key = `${row.sourceId}|${row.eventId}|${row.content}`;
      if (wantedKeys.has(key)) continue;
      wantedKeys.add(key);
      if (!liveKeys.has(key)) added.push(row);
    }
  }
  const ended = live.filter((row) => !wantedKeys.has(`${row.sourceId}|${row.eventId}|${row.content}`));
  await supersede(tx, ended, commit.at);
  await appendEvents(tx, added);
  const eventIds = [...new Set([...ended, ...added].map((row) => row.eventId))];
  const moved = await projectAccounts(tx, eventIds);
  const threads = [...new Set(added.flatMap((row) => (row.thread === null ? [] : [row.thread])))];
  const inThreads = threads.length > 0 ? await matchThreads(tx, inForce, threads) : [];
  return [...[...ended, ...added].flatMap(changeOf), ...moved, ...inThreads];
}

const changeOf = (row: { readonly accountId: string | null; readonly occurredAt: number }): AccountChange[] =>
  row.accountId === null ? [] : [{ accountId: row.accountId, earliest: row.occurredAt }];

function toRow(
  workspaceId: string,
  commit: PageCommit,
  record: PreparedRecord,
  draft: EventDraft,
  generation: number,
  inForce: Assignments,
): EventRow {
  const { installation, stream, mode, at } = commit;
  const id = eventId(workspaceId, draft.identity, draft.type);
  // A fact read from history counts as known when it occurred; one that is yet to come is known now.
  const assumed = mode === 'backfill' && draft.occurredAt <= at;
  const found = matchSighting(
    {
      eventId: id,
      direction: draft.direction,
      participants: draft.participants,
      subject: draft.subject ?? null,
      installationId: installation.installationId,
    },
    inForce,
  );
  return {
    eventId: id,
    sourceId: record.sourceId,
    generation,
    content: contentUuid('content', JSON.stringify([draft, record.url])),
    type: draft.type,
    occurredAt: draft.occurredAt,
    recordedAt: assumed ? draft.occurredAt : at,
    knownAssumed: assumed,
    rank: draft.rank,
    origin: mode === 'backfill' ? 'backfill' : 'live',
    touchpoint: draft.touchpoint,
    direction: draft.direction,
    automated: draft.automated,
    subject: draft.subject ?? null,
    participants: draft.participants,
    attributes: draft.attributes,
    connector: installation.connector,
    installationId: installation.installationId,
    object: stream.object,
    externalId: record.externalId,
    url: record.url,
    thread: threadRoot(draft),
    accountId: found.accountId,
    match: { ...found },
  };
}

async function keepRejected(tx: Tx, commit: PageCommit, changed: readonly PreparedRecord[]): Promise<void> {
  const rejected = changed.filter((record) => record.outcome === 'rejected');
  const sealed = await Promise.all(
    rejected.map(async (record) => ({
      sourceId: record.sourceId,
      installationId: commit.installation.installationId,
      stream: commit.stream.name,
      externalId: record.externalId,
      reason: record.reason ?? 'unknown',
      detail: record.detail ?? '',
      raw: await commit.sealer.seal(
        tx.workspaceId,
        commit.installation.installationId,
        `set_aside:${record.sourceId}`,
        JSON.stringify(record.raw ?? null),
      ),
    })),
  );
  await setAside(tx, sealed, commit.at);
  await dropSetAside(
    tx,
    changed.filter((record) => record.outcome !== 'rejected').map((record) => record.sourceId),
  );
}

/** Only a certain claim ends a record: a folder or a filter proves nothing (failure B2). */
async function removeGone(tx: Tx, commit: PageCommit, gone: readonly Gone[]): Promise<readonly AccountChange[]> {
  const ids = gone
    .filter((one) => one.certain)
    .map((one) => sourceId(tx.workspaceId, commit.installation.installationId, commit.stream.object, one.id));
  return endSources(tx, ids, commit.at);
}

async function endSources(tx: Tx, sourceIds: readonly string[], at: number): Promise<readonly AccountChange[]> {
  if (sourceIds.length === 0) return [];
  const live = await liveRows(tx, sourceIds);
  await supersede(tx, live, at);
  await markGone(tx, sourceIds, at);
  return [...live.flatMap(changeOf), ...(await projectAccounts(tx, [...new Set(live.map((row) => row.eventId))]))];
}
