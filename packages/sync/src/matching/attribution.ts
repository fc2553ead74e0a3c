import {
  addressKey,
  domainOf,
  match,
  matchByThread,
  registrableDomain,
  type Assignments,
  type Match,
} from '@waymark/identity';
import { stableJson } from '@waymark/journey';
import {
  lockMatching,
  projectAccounts,
  rewriteUnmatched,
  sightingsNaming,
  sightingsOf,
  sightingsOfThreads,
  sightingsToRematch,
  takeRematch,
  writeMatches,
  type AccountChange,
  type MatchableRow,
  type RematchSubject,
  type Tx,
} from '@waymark/store';
import { lookupFor, type Lookup } from './assignments-in-force.ts';

export { loadAssignments } from './assignments-in-force.ts';

/** Sightings that are matched at a time, so that memory stays bounded however long the log is. */
const chunkRows = 2_000;
/** Beyond so many subjects the whole log is walked rather than searched. */
const mostPatterns = 200;

/** Matches one sighting by what it says itself. */
export function matchSighting(
  row: Omit<MatchableRow, 'match' | 'thread' | 'occurredAt' | 'generation' | 'sourceId'>,
  inForce: Assignments,
): Match {
  return match(matchable(row), inForce);
}

/** What matching reads of a row. */
export const matchable = (
  row: Pick<MatchableRow, 'eventId' | 'direction' | 'participants' | 'subject' | 'installationId'>,
) => ({
  eventId: row.eventId,
  direction: row.direction,
  participants: row.participants,
  ...(row.subject !== null && { subject: row.subject }),
  ...(row.installationId !== null && { installationId: row.installationId }),
});

/** Which sightings to match again: all that a change of these accounts may touch, single events, or whatever names these subjects. */
export type RematchScope =
  | { readonly accountIds: readonly string[] }
  | { readonly eventIds: readonly string[] }
  | { readonly subjects: readonly RematchSubject[] };

/**
 * Matches again what a change of assignments can touch, and the threads of it. Returns the accounts whose events changed. Where people,
 * domains or records were assigned anew, the scope is `subjects`: their events may be in any account.
 *
 * @param at since when it is known whose they are, here and below; undefined where it counts as known all along: see `projectAccounts`
 */
export async function rematch(
  tx: Tx,
  inForce: Assignments,
  scope: RematchScope,
  at: number | undefined,
): Promise<readonly AccountChange[]> {
  const lookup: Lookup = () => Promise.resolve(inForce);
  await lockMatching(tx);
  if ('subjects' in scope) return rematchNaming(tx, lookup, scope.subjects, at);
  const rows =
    'eventIds' in scope ? await sightingsOf(tx, scope.eventIds) : await sightingsToRematch(tx, scope.accountIds);
  return rematchRows(tx, lookup, rows, at);
}

/** The same for a decision, with the assignments that its sightings need and no others. */
export async function rematchDecided(
  tx: Tx,
  decided: { readonly subjects: readonly RematchSubject[]; readonly eventIds: readonly string[] },
  at: number,
): Promise<readonly AccountChange[]> {
  await lockMatching(tx);
  const lookup = await lookupFor(tx);
  const named = decided.subjects.length > 0 ? await rematchNaming(tx, lookup, decided.subjects, at) : [];
  const single =
    decided.eventIds.length > 0 ? await rematchRows(tx, lookup, await sightingsOf(tx, decided.eventIds), at) : [];
  return [...named, ...single];
}

/**
 * Matches again what the pages since the last time asked for; takes turns with pages that are being stored. Returns the accounts whose
 * events changed. What it takes is gone with its transaction only.
 */
export async function settleRematch(tx: Tx, at: number | undefined): Promise<readonly AccountChange[]> {
  await lockMatching(tx);
  const lookup = await lookupFor(tx);
  const changes: AccountChange[] = [];
  for (;;) {
    const subjects = await takeRematch(tx, 20_000);
    if (subjects.length === 0) return byAccount(changes);
    for (const one of await rematchNaming(tx, lookup, subjects, at)) changes.push(one);
  }
}

/** Each account once. A whole log may move: that is more than is worth holding, and more than a call takes arguments. */
function byAccount(changes: readonly AccountChange[]): readonly AccountChange[] {
  const earliest = new Map<string, number>();
  for (const one of changes)
    earliest.set(one.accountId, Math.min(one.earliest, earliest.get(one.accountId) ?? Infinity));
  return [...earliest].map(([accountId, since]) => ({ accountId, earliest: since }));
}

/** Walks over the sightings that name these, a part at a time. */
async function rematchNaming(
  tx: Tx,
  lookup: Lookup,
  subjects: readonly RematchSubject[],
  at: number | undefined,
): Promise<readonly AccountChange[]> {
  const named = searchFor(subjects);
  const wanted = new Set(subjects.map((one) => `${one.kind}:${one.subject}`));
  let changes: readonly AccountChange[] = [];
  let last: MatchableRow | undefined;
  for (;;) {
    const rows = await sightingsNaming(tx, named, last ?? null, chunkRows);
    const moved = await rematchRows(
      tx,
      lookup,
      rows.filter((row) => names(row, wanted)),
      at,
    );
    changes = byAccount([...changes, ...moved]);
    last = rows.at(-1);
    if (rows.length < chunkRows) return changes;
  }
}

/** What the database can tell of it: patterns that let more through than is meant, never less. */
function searchFor(subjects: readonly RematchSubject[]) {
  const records = subjects.filter((one) => one.kind === 'record' || one.kind === 'account');
  const domains = new Set<string>();
  for (const one of subjects) {
    if (one.kind === 'contact') domains.add(domainOf(one.subject) ?? one.subject);
    if (one.kind === 'domain') domains.add(one.subject);
  }
  if (domains.has('gmail.com')) domains.add('googlemail.com');
  const plain = [...domains].every((domain) => /^[a-z0-9.\-\u0080-\uffff]+$/.test(domain));
  return {
    patterns:
      plain && domains.size + records.length <= mostPatterns ? [...domains].map((domain) => `%${domain}%`) : null,
    subjects: records.flatMap((one) =>
      one.kind === 'account' ? [`account:${one.subject}`] : [`record:${one.subject}`, one.subject],
    ),
  };
}

function names(row: MatchableRow, wanted: ReadonlySet<string>): boolean {
  if (row.subject !== null) {
    const key = row.subject.startsWith('record:') ? row.subject.slice(7) : row.subject;
    if (wanted.has(`record:${key}`)) return true;
    if (row.subject.startsWith('account:') && wanted.has(row.subject)) return true;
    if (key.includes('.') && wanted.has(`domain:${registrableDomain(key)}`)) return true;
  }
  return row.participants.some(({ address }) => {
    const domain = address && domainOf(address);
    if (!address || !domain) return false;
    const person = addressKey(address);
    return (
      wanted.has(`contact:${person}`) ||
      wanted.has(`domain:${registrableDomain(domain)}`) ||
      wanted.has(`domain:${registrableDomain(domainOf(person) ?? domain)}`)
    );
  });
}

async function rematchRows(
  tx: Tx,
  lookup: Lookup,
  rows: readonly MatchableRow[],
  at: number | undefined,
): Promise<readonly AccountChange[]> {
  if (rows.length === 0) return [];
  const inForce = await lookup(rows.map(matchable));
  const changed = rows
    .map((row) => ({ row, found: matchSighting(row, inForce) }))
    .filter(({ row, found }) => !keepsThread(row, found) && !same(row.match, found));
  await writeMatches(
    tx,
    changed.map(({ row, found }) => ({ ...key(row), match: found })),
  );
  const moved = await projectAccounts(tx, [...new Set(changed.map(({ row }) => row.eventId))], at);
  return [...moved, ...(await rematchThreads(tx, lookup, threadsOf(changed.map(({ row }) => row)), at))];
}

/** The threads of mails. */
export const threadsOf = (rows: readonly { readonly thread: string | null }[]): readonly string[] => [
  ...new Set(rows.flatMap((row) => (row.thread === null ? [] : [row.thread]))),
];

/**
 * Gives mails that match nothing by themselves the account of their thread, where the thread's other mails agree; takes it back
 * where they no longer do. A function of the set of mails, so that the order of arrival does not matter.
 */
export async function matchThreads(
  tx: Tx,
  inForce: Assignments,
  threads: readonly string[],
  at: number | undefined,
): Promise<readonly AccountChange[]> {
  return rematchThreads(tx, () => Promise.resolve(inForce), threads, at);
}

/** The same, with the assignments that the threads need. */
export async function rematchThreads(
  tx: Tx,
  lookup: Lookup,
  threads: readonly string[],
  at: number | undefined,
): Promise<readonly AccountChange[]> {
  if (threads.length === 0) return [];
  const rows = await sightingsOfThreads(tx, threads);
  const inForce = await lookup(rows.map(matchable));
  const byThread = Map.groupBy(rows, (row) => row.thread ?? '');
  const writes: { eventId: string; sourceId: string; generation: number; match: Match }[] = [];
  for (const [thread, mails] of byThread) {
    const own = mails.map((row) => ({ row, found: matchSighting(row, inForce) }));
    const accounts = own.flatMap(({ found }) => (found.accountId === null ? [] : [found.accountId]));
    for (const { row, found } of own) {
      // Mail among ourselves, or of people who are nobody's customer, stays out even inside a customer's thread.
      const wanted =
        found.accountId === null && !standsAlone.has(found.reason) ? matchByThread(thread, accounts, found) : found;
      if (!same(row.match, wanted)) writes.push({ ...key(row), match: wanted });
    }
  }
  await writeMatches(tx, writes);
  return projectAccounts(tx, [...new Set(writes.map((one) => one.eventId))], at);
}

/** Rewrites the review queue from what is unmatched: one entry a person or domain, with why and how much hangs on it. */
export async function refreshQueue(tx: Tx): Promise<void> {
  await rewriteUnmatched(tx);
}

/** What a thread gave stays as long as nothing else is found: its thread is looked at when that changes. */
const keepsThread = (row: MatchableRow, found: Match): boolean =>
  found.accountId === null && row.match?.reason === 'thread' && !standsAlone.has(found.reason);

const standsAlone: ReadonlySet<string> = new Set(['no-outside-participant', 'not-customer']);

const key = (row: MatchableRow) => ({ eventId: row.eventId, sourceId: row.sourceId, generation: row.generation });

/** The whole finding counts, with what lost and what is open: the review queue and the explanations read them. */
function same(before: Readonly<Record<string, unknown>> | null, after: Match): boolean {
  return before !== null && stableJson(before) === stableJson(after);
}
