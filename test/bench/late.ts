import {
  advance,
  fold,
  foldKeeping,
  keepState,
  refold,
  statesBefore,
  type AccountContext,
  type CompiledJourney,
  type Fact,
  type KeptFold,
} from '@waymark/lifecycle';
import { shippedJourney } from './fold.ts';
import { foldAccounts, type FoldAccount } from './fold-history.ts';
import { randomOf } from './history.ts';
import { cpuSeconds, median, size, type BenchRow } from './measure.ts';

const until = Date.UTC(2026, 5, 1);

/** An account that is kept up event by event. */
class KeptAccount {
  readonly journey: CompiledJourney;
  readonly context: AccountContext;
  kept: KeptFold;
  facts: readonly Fact[];

  constructor(journey: CompiledJourney, context: AccountContext, facts: readonly Fact[], asOf: number) {
    this.journey = journey;
    this.context = context;
    this.facts = facts;
    this.kept = foldKeeping(journey, context, facts, asOf);
  }

  /** Takes one event of a log that is in order of arrival. */
  take(fact: Fact): void {
    const asOf = Math.max(this.kept.state.asOf, fact.occurredAt);
    const next = advance(this.journey, this.context, this.kept.state, [fact], asOf);
    if (next.kind === 'advanced') {
      this.kept = { state: next.state, earlier: keepState(this.kept.earlier, next.state) };
      return;
    }
    const holding = statesBefore(this.kept.earlier, next.from);
    const from = holding.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
    const known = [...this.facts.filter((one) => one.occurredAt >= from), fact];
    this.kept =
      refold(this.journey, this.context, holding, known, asOf) ?? foldKeeping(this.journey, this.context, known, asOf);
  }
}

/**
 * Accounts kept up event by event, in order and with one event in a hundred up to 20 places late; then what one more event costs on an account
 * with 100,000 events against one with 100, and what one costs that is late by a day.
 */
export async function late(): Promise<BenchRow> {
  const count = size('WAYMARK_BENCH_LATE_ACCOUNTS', 300);
  const large = size('WAYMARK_BENCH_LARGE_FACTS', 100_000);
  const runs = size('WAYMARK_BENCH_RUNS', 5);
  const journey = await shippedJourney();
  const accounts = foldAccounts({ accounts: count, facts: 100, days: 540, until });
  const delayed = accounts.map((one) => ({ ...one, facts: withLate(one.facts) }));
  const rates = { inOrder: [] as number[], late: [] as number[] };
  rateOf(journey, accounts);
  for (let run = 0; run < runs; run += 1) {
    rates.inOrder.push(rateOf(journey, accounts));
    rates.late.push(rateOf(journey, delayed));
  }
  const [small, big] = [100, large].map((facts) => foldAccounts({ accounts: 1, facts, days: 540, until })[0]);
  if (!small || !big) throw new Error('No account was made.');
  const costs = { small: [] as number[], large: [] as number[], largeLate: [] as number[], whole: [] as number[] };
  for (let run = 0; run < runs; run += 1) {
    costs.small.push(costOfMore(journey, small, 0));
    costs.large.push(costOfMore(journey, big, 0));
    costs.largeLate.push(costOfMore(journey, big, 100));
    costs.whole.push(took(() => fold(journey, { ...big.context }, big.facts, until)));
  }
  const [inOrder, slowed] = [median(rates.inOrder), median(rates.late)];
  const [one, more, behind, whole] = [costs.small, costs.large, costs.largeLate, costs.whole].map(median);
  const ratio = (more ?? 0) / (one ?? 1);
  return {
    row: 'late',
    setting: { accounts: count, largeFacts: large, late: '1 %', runs },
    figures: [
      {
        name: '1 % late, of in order',
        value: slowed / inOrder,
        unit: 'ratio',
        aim: '>= 0.5',
        met: slowed / inOrder >= 0.5,
      },
      { name: 'kept up one by one', value: inOrder, unit: '1/s' },
      { name: `one more event on ${large}, of 100`, value: ratio, unit: 'ratio', aim: '<= 2', met: ratio <= 2 },
      { name: `one more event on ${large}`, value: more ?? 0, unit: 'ms' },
      { name: `one 100 events late on ${large}`, value: behind ?? 0, unit: 'ms' },
      { name: `folding all ${large}`, value: whole ?? 0, unit: 'ms' },
    ],
    runs: { ...rates, ...costs },
  };
}

/** Moves one fact in a hundred up to 20 places back. */
function withLate(facts: readonly Fact[]): Fact[] {
  const random = randomOf(facts.length);
  const moved = [...facts];
  for (let times = Math.ceil(facts.length / 100); times > 0; times -= 1) {
    const from = Math.floor(random() * (facts.length - 21));
    const [fact] = moved.splice(from, 1);
    if (fact) moved.splice(from + 1 + Math.floor(random() * 20), 0, fact);
  }
  return moved;
}

function rateOf(journey: CompiledJourney, accounts: readonly FoldAccount[]): number {
  const begin = cpuSeconds();
  for (const { context, facts } of accounts) {
    const account = new KeptAccount(journey, context, [], Number.MIN_SAFE_INTEGER);
    facts.forEach((fact, at) => {
      account.facts = facts.slice(0, at);
      account.take(fact);
    });
  }
  return (accounts.length * 100) / (cpuSeconds() - begin);
}

/** Milliseconds for one of 50 more events, each so many places behind the last. */
function costOfMore(journey: CompiledJourney, { context, facts }: FoldAccount, behind: number): number {
  const known = facts.slice(0, -50);
  const account = new KeptAccount(journey, context, known, known.at(-1)?.occurredAt ?? 0);
  const before = account.kept;
  const times = facts.slice(-50).map((fact) => {
    if (behind === 0) return took(() => account.take(fact));
    account.kept = before;
    const place = known[known.length - behind];
    return took(() => account.take({ ...fact, occurredAt: (place?.occurredAt ?? 0) + 1 }));
  });
  return median(times);
}

function took(work: () => unknown): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}
