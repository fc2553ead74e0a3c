import type { KnownEvent } from '@waymark/connector-kit';
import { isEventDraft, sourceId } from '@waymark/journey';
import {
  enumerationShare,
  knownEvents,
  knownSources,
  liveRows,
  markGone,
  unseenSources,
  type AccountChange,
  type HeldBack,
  type Tx,
} from '@waymark/store';
import type { Lookup } from '../matching/assignments-in-force.ts';
import type { PageCommit } from './commit.ts';
import { endEntities, type EntityChanges } from '../matching/entities.ts';
import { exchange, keyOfRow, saidBy, type UnmatchedRow } from './sighting-rows.ts';

/**
 * The records that this page says are gone. Only a certain claim ends a record: a folder or a filter proves nothing; and only one by the
 * partition that saw it last: another may have taken it over (failure B2).
 */
export async function goneHere(tx: Tx, commit: PageCommit): Promise<readonly string[]> {
  const ids = commit.page.gone
    .filter((one) => one.certain)
    .map((one) => sourceId(tx.workspaceId, commit.installation.installationId, commit.stream.object, one.id));
  if (ids.length === 0) return [];
  const known = await knownSources(tx, ids);
  return ids.filter((id) => known.get(id)?.gone === false && known.get(id)?.partition === commit.state.partition);
}

/** What a complete enumeration has not seen, and whether that may be believed. */
export interface Unseen {
  readonly gone: readonly string[];
  /** Set where so much is missing that nothing is ended; null where not; undefined where no enumeration ended. */
  readonly heldBack?: HeldBack | null;
}

/** So many stored records, and more than half of all, do not vanish in a day: a right was lost more likely. */
const suspicious = 50;

/**
 * What a complete enumeration has not seen. An enumeration under fewer rights is complete as well, and shows fewer records (a sharing
 * rule, a user without "View All"): where more than half of many are missing, none is ended until a person confirms it (failure B2).
 */
export async function unseen(tx: Tx, commit: PageCommit): Promise<Unseen> {
  const { page } = commit;
  if (!page.done || !page.enumeration) return { gone: [] };
  const window = { from: page.enumeration.from ?? null, to: page.enumeration.to ?? null };
  const stream = {
    installationId: commit.installation.installationId,
    stream: commit.stream.name,
    partition: commit.state.partition,
  };
  const gone = await unseenSources(tx, stream, page.enumeration.id, window);
  if (gone.length < suspicious || commit.deletionsConfirmed) return { gone, heldBack: null };
  const share = await enumerationShare(tx, stream, page.enumeration.id, window);
  if (share.unseen < suspicious || share.unseen * 2 <= share.stored) return { gone, heldBack: null };
  return { gone: [], heldBack: { records: share.unseen, of: share.stored, at: commit.at } };
}

/** Ends records that are gone: of their events remains what their stream says (a deleted meeting that was to come is canceled). */
export async function endSources(
  tx: Tx,
  commit: PageCommit,
  gone: readonly string[],
  lookup: Lookup,
): Promise<{ readonly changes: readonly AccountChange[]; readonly entities: EntityChanges }> {
  const ids = [...new Set(gone)];
  if (ids.length === 0) return { changes: [], entities: { accounts: new Set(), subjects: [] } };
  const live = await liveRows(tx, ids);
  const remaining = await remainsOf(tx, commit, ids);
  const remains = new Set(remaining.map(keyOfRow));
  const liveKeys = new Set(live.map(keyOfRow));
  const changes = await exchange(
    tx,
    commit.at,
    live.filter((row) => !remains.has(keyOfRow(row))),
    remaining.filter((row) => !liveKeys.has(keyOfRow(row))),
    lookup,
  );
  const left = Map.groupBy(remaining, (row) => row.sourceId);
  await markGone(
    tx,
    ids.map((id) => ({ sourceId: id, events: left.get(id)?.length ?? 0 })),
    commit.at,
  );
  return { changes, entities: await endEntities(tx, ids, commit.at) };
}

async function remainsOf(tx: Tx, commit: PageCommit, ids: readonly string[]): Promise<readonly UnmatchedRow[]> {
  const { whenGone } = commit.stream;
  if (!whenGone) return [];
  const known = await knownSources(tx, ids);
  const objects = await knownEvents(tx, ids);
  return [...objects].flatMap(([id, { externalId, url, events }]) => {
    const drafts = whenGone(events.filter(isKnownEvent), commit.at).filter((draft) => isEventDraft(draft));
    const generation = (known.get(id)?.generation ?? 0) + 1;
    return saidBy(tx.workspaceId, commit, { sourceId: id, externalId, url, drafts }, generation);
  });
}

/** What the log holds was checked when it was mapped; the vocabulary may have changed since. */
function isKnownEvent(event: object): event is KnownEvent {
  return isEventDraft({ ...event, identity: 'known', rank: 0 });
}
