import { addressKey, match, matchByThread, type Assignments, type Match } from '@waymark/identity';
import {
  accountRecords,
  assignments as storedAssignments,
  members,
  projectAccounts,
  replaceUnmatched,
  sightingsOf,
  sightingsOfThreads,
  sightingsToRematch,
  readSettings,
  writeMatches,
  type AccountChange,
  type MatchableRow,
  type Tx,
} from '@waymark/store';

/** The assignments in force, as matching wants them. */
export async function loadAssignments(tx: Tx): Promise<Assignments> {
  const settings = await readSettings(tx);
  const contacts = new Map<string, string[]>();
  const aliases = new Map<string, string[]>();
  const domains = new Map<string, string[]>();
  const hand = new Map<string, string>();
  const records = new Map<string, string>();
  const maps = { contact: contacts, alias: aliases, domain: domains };
  for (const one of await storedAssignments(tx)) {
    if (one.kind === 'record') records.set(`:${one.subject}`, one.accountId);
    else if (one.basis === 'hand') hand.set(`${one.kind}:${one.subject}`, one.accountId);
    else if (one.kind === 'contact' || one.kind === 'alias' || one.kind === 'domain') {
      const list = maps[one.kind].get(one.subject) ?? [];
      if (!list.includes(one.accountId)) maps[one.kind].set(one.subject, [...list, one.accountId].sort());
    }
  }
  for (const one of await accountRecords(tx)) records.set(`${one.installationId}:${one.externalId}`, one.accountId);
  for (const one of await storedAssignments(tx))
    if (one.kind === 'record') records.set(`:${one.subject}`, one.accountId);
  const own = await members(tx);
  return {
    ownDomains: new Set(settings.ownDomains.map((domain) => domain.toLowerCase())),
    ownAddresses: new Set(
      [...own.map((member) => member.email), ...settings.ownAddresses].map((address) => addressKey(address)),
    ),
    contacts,
    aliases,
    domains,
    hand,
    records,
    extraFreeMail: new Set(settings.freeMailDomains),
    exceptFreeMail: new Set(settings.notFreeMailDomains),
  };
}

/** Matches one sighting by what it says itself. */
export function matchSighting(
  row: Omit<MatchableRow, 'match' | 'thread' | 'occurredAt' | 'generation' | 'sourceId'>,
  inForce: Assignments,
): Match {
  return match(
    {
      eventId: row.eventId,
      direction: row.direction,
      participants: row.participants,
      ...(row.subject !== null && { subject: row.subject }),
      ...(row.installationId !== null && { installationId: row.installationId }),
    },
    inForce,
  );
}

/** Matches again what a change of assignments can touch, and the threads of it. Returns the accounts whose events changed. */
export async function rematch(
  tx: Tx,
  inForce: Assignments,
  scope: { readonly accountIds: readonly string[] } | { readonly eventIds: readonly string[] },
): Promise<readonly AccountChange[]> {
  const rows =
    'eventIds' in scope ? await sightingsOf(tx, scope.eventIds) : await sightingsToRematch(tx, scope.accountIds);
  const changed = rows
    .map((row) => ({ row, found: matchSighting(row, inForce) }))
    .filter(
      ({ row, found }) => !(found.accountId === null && row.match?.reason === 'thread') && !same(row.match, found),
    );
  await writeMatches(
    tx,
    changed.map(({ row, found }) => ({ ...key(row), match: found })),
  );
  const moved = await projectAccounts(tx, [...new Set(changed.map(({ row }) => row.eventId))]);
  const threads = [...new Set(rows.flatMap((row) => (row.thread === null ? [] : [row.thread])))];
  return [...moved, ...(await matchThreads(tx, inForce, threads))];
}

/**
 * Gives mails that match nothing by themselves the account of their thread, where the thread's other mails agree; takes it back
 * where they no longer do. A function of the set of mails, so that the order of arrival does not matter.
 */
export async function matchThreads(
  tx: Tx,
  inForce: Assignments,
  threads: readonly string[],
): Promise<readonly AccountChange[]> {
  const rows = await sightingsOfThreads(tx, threads);
  const byThread = Map.groupBy(rows, (row) => row.thread ?? '');
  const writes: { eventId: string; sourceId: string; generation: number; match: Match }[] = [];
  for (const [thread, mails] of byThread) {
    const own = mails.map((row) => ({ row, found: matchSighting(row, inForce) }));
    const accounts = own.flatMap(({ found }) => (found.accountId === null ? [] : [found.accountId]));
    for (const { row, found } of own) {
      // Mail among ourselves stays out of the customer's account even inside the customer's thread.
      const wanted =
        found.accountId === null && found.reason !== 'no-outside-participant'
          ? matchByThread(thread, accounts, found)
          : found;
      if (!same(row.match, wanted)) writes.push({ ...key(row), match: wanted });
    }
  }
  await writeMatches(tx, writes);
  return projectAccounts(tx, [...new Set(writes.map((one) => one.eventId))]);
}

/** Rewrites the review queue from what is unmatched: one entry a person or domain, with why and how much hangs on it. */
export async function refreshQueue(tx: Tx): Promise<void> {
  const queue = new Map<
    string,
    {
      kind: string;
      subject: string;
      reason: string;
      candidates: string[];
      events: Set<string>;
      first: number;
      last: number;
    }
  >();
  for (const row of await sightingsToRematch(tx, [])) {
    const found = row.match;
    const subjects = found && Array.isArray(found.subjects) ? found.subjects : [];
    for (const one of subjects) {
      if (typeof one !== 'object' || one === null || !('kind' in one) || !('subject' in one)) continue;
      const id = `${String(one.kind)}:${String(one.subject)}`;
      const entry = queue.get(id) ?? {
        kind: String(one.kind),
        subject: String(one.subject),
        reason: String(found?.reason),
        candidates: [],
        events: new Set(),
        first: row.occurredAt,
        last: row.occurredAt,
      };
      entry.events.add(row.eventId);
      entry.first = Math.min(entry.first, row.occurredAt);
      entry.last = Math.max(entry.last, row.occurredAt);
      queue.set(id, entry);
    }
  }
  await replaceUnmatched(
    tx,
    [...queue.values()].map(({ events, first, last, ...entry }) => ({
      ...entry,
      events: events.size,
      firstSeenAt: first,
      lastSeenAt: last,
    })),
  );
}

const key = (row: MatchableRow) => ({ eventId: row.eventId, sourceId: row.sourceId, generation: row.generation });

function same(before: Readonly<Record<string, unknown>> | null, after: Match): boolean {
  return (
    before !== null &&
    before.accountId === after.accountId &&
    before.reason === after.reason &&
    before.subject === ('subject' in after ? after.subject : undefined)
  );
}
