import {
  isProspect,
  outcomesOf,
  tierName,
  type AccountContext,
  type BacktestAccount,
  type CompiledJourney,
  type KnownLulls,
  type PeerBaseline,
} from '@waymark/lifecycle';
import {
  accounts as readAccounts,
  contactsOf,
  readSettings,
  sourceArrivals,
  walkAccounts,
  workspaceHappenings,
  type Account,
  type AccountLog,
  type Tx,
} from '@waymark/store';
import { accountContext } from '@waymark/sync';
import { csmOf } from './csm.ts';
import { openPeers } from './known-peers.ts';
import { heardAgainOf, knownContexts, watchedSources, workspaceSeasons, type WatchedSource } from './known-contexts.ts';

/** A workspace's history as a backtest walks it. */
export interface WorkspaceHistory {
  /** The accounts with their whole history, one at a time, each time from the beginning. */
  walk(): AsyncIterable<BacktestAccount>;
  /** The first and the last instant of which anything is known, epoch milliseconds; null where there is nothing. */
  readonly range: { readonly from: number; readonly to: number } | null;
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
  const { timezone } = await readSettings(tx);
  const all = await readAccounts(tx);
  const standing = new Map(all.map((account, place) => [account.accountId, { account, place }]));
  const tiers = openPeers(journeys, { from: first, to });
  if (tiers)
    for await (const { logs } of walkAccounts(tx, { beside: () => Promise.resolve(undefined) }))
      for (const { accountId, facts } of logs) {
        const known = standing.get(accountId);
        if (known) tiers.take({ ...known.account, facts });
      }
  const peers: Surroundings['peers'] = tiers?.baselines() ?? new Map();
  const around = { sources, seasons, watchedFrom: first, timezone, peers };
  return {
    walk: () => walk(tx, journey, standing, around, to),
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
  { sources, seasons, watchedFrom, timezone, peers }: Surroundings,
  to: number,
): AsyncGenerator<BacktestAccount> {
  for await (const batch of walkAccounts(tx, { beside: (ids) => contactsOf(tx, ids), sources: true })) {
    for (const log of batch.logs) {
      const known = standing.get(log.accountId);
      if (!known || log.facts.length === 0) continue;
      const { account, place } = known;
      const contacts = batch.beside.get(log.accountId) ?? [];
      const own = accountContext(account, contacts, { gaps: [], watchedFrom }, account.timezone ?? timezone);
      // Whoever churned was a customer before, whatever the record says today; whom an import made may never have bought.
      const neverBought = account.customerSince === null && isProspect(journey.definition, log.facts);
      const isCustomer = (own.isCustomer && !neverBought) || outcomesOf(journey.definition, log.facts, to).length > 0;
      const usual = peers.get(tierName(account.tier));
      const context = { ...own, isCustomer, ...(usual && { peers: usual }) };
      yield { ...backtestAccount(account, log, context, sources, seasons), place };
    }
  }
}

function backtestAccount(
  account: Account,
  { facts, sources: told }: AccountLog,
  context: AccountContext,
  sources: readonly WatchedSource[],
  seasons: readonly (readonly KnownLulls[])[],
): BacktestAccount {
  const sourced = facts.map(({ id, touchpoint, occurredAt }) => ({
    touchpoint,
    occurredAt,
    sources: told.get(id) ?? [],
  }));
  const served = new Map<string, { source: string; touchpoint: string; first: number }>();
  for (const { sources: own, touchpoint, occurredAt } of sourced) {
    for (const source of own) {
      const key = `${touchpoint} ${source}`;
      if (!served.has(key)) served.set(key, { source, touchpoint, first: occurredAt });
    }
  }
  return {
    account: account.domain ?? account.name,
    contexts: knownContexts(context, sourced, sources, seasons),
    facts,
    csmAt: csmOf(facts, { recorded: account.csmEmail, domain: account.domain }),
    sourcesOf: (eventId) => told.get(eventId) ?? [],
    heardAgain: heardAgainOf(sources),
    sourcesAt: (at, touchpoints) => [
      ...new Set(
        [...served.values()]
          .filter((one) => one.first <= at && touchpoints.some((touchpoint) => touchpoint === one.touchpoint))
          .map((one) => one.source),
      ),
    ],
  };
}
