import { contentUuid, eventId, stableJson, type EventDraft } from '@waymark/journey';
import {
  appendEvents,
  earliestOf,
  projectAccounts,
  supersede,
  type AccountChange,
  type EventRow,
  type LiveRow,
  type Tx,
} from '@waymark/store';
import type { Lookup } from '../matching/assignments-in-force.ts';
import { matchable, matchSighting, rematchThreads, threadsOf } from '../matching/attribution.ts';
import type { PageCommit } from './commit.ts';
import { threadRoot, type PreparedRecord } from './prepare.ts';

/** What makes two rows of one object the same. */
export const keyOfRow = (row: Pick<EventRow, 'sourceId' | 'eventId' | 'content'>) =>
  `${row.sourceId}|${row.eventId}|${row.content}`;

/** Ends rows and appends others, with their matches; returns the accounts that this changes, and since when. */
export async function exchange(
  tx: Tx,
  at: number,
  ended: readonly LiveRow[],
  unmatched: readonly UnmatchedRow[],
  lookup: Lookup,
): Promise<readonly AccountChange[]> {
  if (ended.length === 0 && unmatched.length === 0) return [];
  const inForce = unmatched.length > 0 ? await lookup(unmatched.map(matchable)) : undefined;
  const added = unmatched.flatMap((row): EventRow[] => {
    const found = inForce && matchSighting(row, inForce);
    return found ? [{ ...row, accountId: found.accountId, match: { ...found } }] : [];
  });
  await supersede(tx, ended, at);
  await appendEvents(tx, added);
  const eventIds = [...new Set([...ended, ...added].map((row) => row.eventId))];
  const moved = await projectAccounts(tx, eventIds, at);
  const inThreads = await rematchThreads(tx, lookup, threadsOf([...ended, ...added]), at);
  // Another sighting may date the event earlier than the one that changed: the fold has to go back to the earliest.
  return [...ended.flatMap(changeOf), ...moved, ...inThreads, ...(await earliestOf(tx, eventIds))];
}

const changeOf = (row: { readonly accountId: string | null; readonly occurredAt: number }): AccountChange[] =>
  row.accountId === null ? [] : [{ accountId: row.accountId, earliest: row.occurredAt }];

/** A sighting before its account was looked for. */
export type UnmatchedRow = Omit<EventRow, 'accountId' | 'match' | 'direction' | 'participants'> &
  Pick<EventDraft, 'direction' | 'participants'>;

/** The rows of a record; of several drafts of one event the first speaks. */
export function saidBy(
  workspaceId: string,
  commit: PageCommit,
  record: Pick<PreparedRecord, 'sourceId' | 'externalId' | 'drafts' | 'url'>,
  generation: number,
): readonly UnmatchedRow[] {
  const rows = new Map<string, UnmatchedRow>();
  for (const draft of record.drafts) {
    const row = toRow(workspaceId, commit, record, draft, generation);
    if (!rows.has(row.eventId)) rows.set(row.eventId, row);
  }
  return [...rows.values()];
}

function toRow(
  workspaceId: string,
  commit: PageCommit,
  record: Pick<PreparedRecord, 'sourceId' | 'externalId' | 'url'>,
  draft: EventDraft,
  generation: number,
): UnmatchedRow {
  const { installation, stream, mode, at } = commit;
  // A fact read from history counts as known when it occurred; one that is yet to come is known now.
  const assumed = mode === 'backfill' && draft.occurredAt <= at;
  return {
    eventId: eventId(workspaceId, draft.identity, draft.type),
    sourceId: record.sourceId,
    generation,
    content: contentUuid('content', stableJson([draft, record.url])),
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
  };
}
