import {
  outcomesOf,
  type BacktestAccount,
  type CompiledJourney,
  type KnownContext,
  type KnownLulls,
  type PeerBaseline,
} from '@waymark/lifecycle';
import {
  accounts as readAccounts,
  contactsOf,
  notedPeople,
  notedRecords,
  readSettings,
  sourceArrivals,
  walkAccounts,
  workspaceHappenings,
  type Account,
  type AccountLog,
  type Tx,
} from '@waymark/store';
import { publicHolidays } from '@waymark/sync';
import { csmOf } from './csm.ts';
import { openPeers } from './known-peers.ts';
import { knownRecord, tierNoted, type PartOfToday } from './known-records.ts';
import {
  heardAgainOf,
  isSilentAt,
  knownContexts,
  watchedSources,
  workspaceSeasons,
  type WatchedSource,
} from './known-contexts.ts';

/** A workspace's history as a backtest walks it. */
export interface WorkspaceHistory {
  /** The accounts with their whole history, one at a time, each time from the beginning. */
  walk(): AsyncIterable<BacktestAccount>;
  /** The first and the last instant of which anything is known, epoch milliseconds; null where there is nothing. */
  readonly range: { readonly from: number; readonly to: number } | null;
  /** How many accounts the last walk judged with what was not known all along, by part; see `knownRecord`. */
  ofToday(): Readonly<Partial<Record<PartOfToday, number>>>;
}

/** What accounts are seen with that is told by all accounts together. */
interface Surroundings {
  readonly sources: readonly WatchedSource[];
  readonly seasons: readonly (readonly KnownLulls[])[];
  /** Since when anything is known, epoch milliseconds. */
  readonly watchedFrom: number;
  /** Of accounts that have none of their own. */
  readonly timezone: string;
  /** What was usual in each tier, where a definition asks. */
  readonly peers: ReadonlyMap<string, readonly PeerBaseline[]>;
  /** Public holidays of the workspace's country. */
  readonly holidays: readonly string[];
}

/**
 * Opens the history of all accounts: what they tell together is read at once, they themselves only as they are walked, so that memory holds a
 * few of them. All of `journeys` can be walked by it; outcomes are those of the first. In a transaction of `snapshot` all walks see the same. `to`: what was recorded later does not exist.
 */
export async function workspaceHistory(
  tx: Tx,
  journeys: readonly [CompiledJourney, ...CompiledJourney[]],
  to: number,
): Promise<WorkspaceHistory> {
  const [journey] = journeys;
  const { sources, first, last } = await heardOf(tx, to);
  const bySource = sources.some(({ silences }) => silences.length > 0);
  const happened = await workspaceHappenings(tx, { bySource, to });
  const happenings = (of: 'contact' | 'product') => happened.flatMap((one) => (one.of === of ? one.happenings : []));
  const seasons = workspaceSeasons({ contact: happenings('contact'), product: happenings('product') }, sources, to);
  const { timezone, country } = await readSettings(tx);
  const all = await readAccounts(tx);
  const standing = new Map(all.map((account, place) => [account.accountId, { account, place }]));
  const tiers = openPeers(journeys, { from: first, to });
  if (tiers)
    for await (const { logs, beside } of walkAccounts(tx, { beside: (ids) => besideOf(tx, ids) }))
      for (const { accountId, facts } of logs) {
        const known = standing.get(accountId);
        if (!known) continue;
        const records = beside.records.get(accountId) ?? [];
        tiers.take({ ...known.account, facts, recordedTier: (at) => tierNoted(records, at) });
      }
  const peers: Surroundings['peers'] = tiers?.baselines() ?? new Map();
  const holidays = country === null ? [] : await publicHolidays(country);
  const around = { sources, seasons, watchedFrom: first, timezone, peers, holidays };
  const counts = new Map<PartOfToday, number>();
  return {
    walk: () => {
      counts.clear();
      return walk(tx, journey, standing, around, to, counts);
    },
    ofToday: () => Object.fromEntries(counts),
    range: Number.isFinite(first) ? { from: first, to: Math.max(first, last) + 1 } : null,
  };
}

/** The silences of all sources, and the first and the last instant that they told of: what is dated later than all that counts has not happened. */
async function heardOf(tx: Tx, to: number) {
  const arrivals = await sourceArrivals(tx);
  let first = Infinity;
  let last = -Infinity;
  for (const { occurredAt } of arrivals) {
    for (const at of occurredAt) {
      if (at < first) first = at;
      if (at > last && at < to) last = at;
    }
  }
  return { sources: watchedSources(arrivals, to), first, last };
}

async function* walk(
  tx: Tx,
  journey: CompiledJourney,
  standing: ReadonlyMap<string, { readonly account: Account; readonly place: number }>,
  { sources, seasons, ...around }: Surroundings,
  to: number,
  ofToday: Map<PartOfToday, number>,
): AsyncGenerator<BacktestAccount> {
  for await (const batch of walkAccounts(tx, { beside: (ids) => besideOf(tx, ids), sources: true })) {
    for (const log of batch.logs) {
      const known = standing.get(log.accountId);
      if (!known || log.facts.length === 0) continue;
      const { account, place } = known;
      const { contacts, records, people } = batch.beside;
      const [id, { facts }] = [log.accountId, log];
      // Whoever churned was a customer before, whatever the record says today.
      const isCustomer = account.isCustomer || outcomesOf(journey.definition, facts, to).length > 0;
      const noted = { records: records.get(id) ?? [], people: people.get(id) ?? [] };
      const record = knownRecord(account, contacts.get(id) ?? [], facts, noted, { ...around, isCustomer, to });
      for (const part of record.ofToday) ofToday.set(part, (ofToday.get(part) ?? 0) + 1);
      yield { ...backtestAccount(account, { ...log, facts: record.facts }, record.contexts, sources, seasons), place };
    }
  }
}

/** What is known of accounts beside their logs. */
async function besideOf(tx: Tx, accountIds: readonly string[]) {
  return {
    contacts: await contactsOf(tx, accountIds),
    records: await notedRecords(tx, accountIds),
    people: await notedPeople(tx, accountIds),
  };
}

function backtestAccount(
  account: Account,
  { facts, sources: told }: AccountLog,
  records: readonly KnownContext[],
  sources: readonly WatchedSource[],
  seasons: readonly (readonly KnownLulls[])[],
): BacktestAccount {
  const sourced = facts.map(({ id, touchpoint, occurredAt }) => ({
    touchpoint,
    occurredAt,
    sources: told.get(id) ?? [],
  }));
  const served = new Map<string, Pick<WatchedSource, 'source' | 'touchpoint'> & { readonly first: number }>();
  for (const { sources: own, touchpoint, occurredAt } of sourced) {
    for (const source of own) {
      const key = `${touchpoint} ${source}`;
      if (!served.has(key)) served.set(key, { source, touchpoint, first: occurredAt });
    }
  }
  return {
    account: account.domain ?? account.name,
    contexts: knownContexts(records, sourced, sources, seasons),
    facts,
    csmAt: csmOf(facts, { recorded: account.csmEmail, domain: account.domain }),
    sourcesOf: (eventId) => told.get(eventId) ?? [],
    heardAgain: heardAgainOf(sources),
    sourcesAt: (at, touchpoints) => [
      ...new Set(
        [...served.values()]
          .filter((one) => one.first <= at && touchpoints.some((touchpoint) => touchpoint === one.touchpoint))
          .filter((one) => !isSilentAt(sources, one, at))
          .map((one) => one.source),
      ),
    ],
  };
}
