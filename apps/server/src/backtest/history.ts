import {
  outcomesOf,
  type AccountContext,
  type BacktestAccount,
  type CompiledJourney,
  type KnownLulls,
} from '@waymark/lifecycle';
import {
  accounts as readAccounts,
  contacts as readContacts,
  historyOf,
  readSettings,
  sourceArrivals,
  workspaceHappenings,
  type Account,
  type SourcedFact,
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
  const happened = new Map((await workspaceHappenings(tx)).map((one) => [one.of, one.happenings]));
  const seasons = workspaceSeasons(
    { contact: happened.get('contact') ?? [], product: happened.get('product') ?? [] },
    to,
  );
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
  const made: BacktestAccount[] = [];
  for (const account of await readAccounts(tx)) {
    if (account.mergedInto !== null) continue;
    const facts = await historyOf(tx, account.accountId);
    if (facts.length === 0) continue;
    const contacts = await readContacts(tx, account.accountId);
    const own = accountContext(account, contacts, { gaps: [], watchedFrom: first }, account.timezone ?? timezone);
    // Whoever churned was a customer before, whatever the record says today.
    const context: AccountContext = {
      ...own,
      isCustomer: own.isCustomer || outcomesOf(journey.definition, facts).length > 0,
    };
    made.push(backtestAccount(account, facts, context, sources, seasons));
  }
  return {
    accounts: made,
    range: Number.isFinite(first) ? { from: first, to: Math.max(first, last) + 1 } : null,
    sources,
  };
}

function backtestAccount(
  account: Account,
  facts: readonly SourcedFact[],
  context: AccountContext,
  sources: readonly WatchedSource[],
  seasons: readonly (readonly KnownLulls[])[],
): BacktestAccount {
  const byId = new Map(facts.map((fact) => [fact.id, fact.sources]));
  const owners = facts.flatMap((fact) => {
    const { owner } = fact.attributes;
    return fact.type === 'crm.owner_changed' && typeof owner === 'string' ? [{ at: fact.occurredAt, owner }] : [];
  });
  const served = new Map<string, { source: string; touchpoint: string; first: number }>();
  for (const { sources: own, touchpoint, occurredAt } of facts) {
    for (const source of own) {
      const key = `${touchpoint} ${source}`;
      if (!served.has(key)) served.set(key, { source, touchpoint, first: occurredAt });
    }
  }
  return {
    account: account.domain ?? account.name,
    contexts: knownContexts(context, facts, sources, seasons),
    facts,
    csmAt: (at) => owners.findLast((one) => one.at <= at)?.owner ?? account.csmEmail,
    sourcesOf: (eventId) => byId.get(eventId) ?? [],
    sourcesAt: (at, touchpoints) => [
      ...new Set(
        [...served.values()]
          .filter((one) => one.first <= at && touchpoints.some((touchpoint) => touchpoint === one.touchpoint))
          .map((one) => one.source),
      ),
    ],
  };
}
