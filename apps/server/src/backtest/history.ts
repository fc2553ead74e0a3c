import {
  outcomesOf,
  type AccountContext,
  type BacktestAccount,
  type CompiledJourney,
  type KnownLulls,
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
  type Contact,
  type Tx,
} from '@waymark/store';
import { accountContext } from '@waymark/sync';
import { knownContexts, watchedSources, workspaceSeasons, type WatchedSource } from './known-contexts.ts';

/** A workspace's history as a backtest walks it. */
export interface WorkspaceHistory {
  readonly accounts: readonly BacktestAccount[];
  /** The first and the last instant of which anything is known, epoch milliseconds; null where there is nothing. */
  readonly range: { readonly from: number; readonly to: number } | null;
  readonly sources: readonly WatchedSource[];
}

/** Reads the history of all accounts. `to`: what was recorded later does not exist. */
export async function workspaceHistory(tx: Tx, journey: CompiledJourney, to: number): Promise<WorkspaceHistory> {
  const arrivals = await sourceArrivals(tx);
  const sources = watchedSources(arrivals, to);
  const bySource = sources.some(({ silences }) => silences.length > 0);
  const happened = await workspaceHappenings(tx, { bySource });
  const happenings = (of: 'contact' | 'product') => happened.flatMap((one) => (one.of === of ? one.happenings : []));
  const seasons = workspaceSeasons({ contact: happenings('contact'), product: happenings('product') }, sources, to);
  let first = Infinity;
  let last = -Infinity;
  for (const { arrivals: all } of arrivals) {
    for (const { occurredAt } of all) {
      if (occurredAt < first) first = occurredAt;
      // What is dated later than all that counts has not happened yet.
      if (occurredAt > last && occurredAt < to) last = occurredAt;
    }
  }
  const { timezone } = await readSettings(tx);
  const accounts = await readAccounts(tx);
  const standing = new Set(accounts.map(({ accountId }) => accountId));
  const logs = new Map<string, AccountLog>();
  const people = new Map<string, readonly Contact[]>();
  for await (const batch of walkAccounts(tx, { beside: (ids) => contactsOf(tx, ids), sources: true })) {
    for (const log of batch.logs) if (standing.has(log.accountId)) logs.set(log.accountId, log);
    for (const [accountId, of] of batch.beside) people.set(accountId, of);
  }
  const made: BacktestAccount[] = [];
  for (const account of accounts) {
    const log = logs.get(account.accountId);
    if (!log || log.facts.length === 0) continue;
    const { facts } = log;
    const contacts = people.get(account.accountId) ?? [];
    const own = accountContext(account, contacts, { gaps: [], watchedFrom: first }, account.timezone ?? timezone);
    // Whoever churned was a customer before, whatever the record says today.
    const context: AccountContext = {
      ...own,
      isCustomer: own.isCustomer || outcomesOf(journey.definition, facts, to).length > 0,
    };
    made.push(backtestAccount(account, log, context, sources, seasons));
  }
  return {
    accounts: made,
    range: Number.isFinite(first) ? { from: first, to: Math.max(first, last) + 1 } : null,
    sources,
  };
}

function backtestAccount(
  account: Account,
  { facts, sources: told }: AccountLog,
  context: AccountContext,
  sources: readonly WatchedSource[],
  seasons: readonly (readonly KnownLulls[])[],
): BacktestAccount {
  const owners = facts.flatMap((fact) => {
    const { owner } = fact.attributes;
    return fact.type === 'crm.owner_changed' && typeof owner === 'string' ? [{ at: fact.occurredAt, owner }] : [];
  });
  const sourced = facts.map((fact) => ({ ...fact, sources: told.get(fact.id) ?? [] }));
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
    csmAt: (at) => owners.findLast((one) => one.at <= at)?.owner ?? account.csmEmail,
    sourcesOf: (eventId) => told.get(eventId) ?? [],
    sourcesAt: (at, touchpoints) => [
      ...new Set(
        [...served.values()]
          .filter((one) => one.first <= at && touchpoints.some((touchpoint) => touchpoint === one.touchpoint))
          .map((one) => one.source),
      ),
    ],
  };
}
