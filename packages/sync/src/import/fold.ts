import { setImmediate as breathe } from 'node:timers/promises';
import {
  advance,
  fold,
  type AccountContext,
  type CompiledJourney,
  type EngineState,
  type Fact,
} from '@waymark/lifecycle';
import {
  freshAccounts,
  readSettings,
  sourceOutagesInForce,
  type Account,
  type Database,
  type Tx,
} from '@waymark/store';
import { coverageIndex, type AccountCoverage } from '../coverage/coverage.ts';
import { accountContext } from '../fold/account-context.ts';
import { activeJourneys, type Folded } from '../fold/fold.ts';
import { freshAnswer, storeFresh, type FreshAnswer } from './answers.ts';

/** What was the same for all accounts when the import began. */
interface Surroundings {
  readonly journeys: readonly CompiledJourney[];
  readonly coverage: AccountCoverage;
  readonly timezone: string;
}

interface Open {
  facts: Fact[];
  /** By journey; undefined before the first facts were folded. */
  states: Map<string, EngineState> | undefined;
  /** Transactions of this import that woke the account. */
  wakes: number;
}

export interface ImportFoldOptions {
  /** Accounts of which the state, some 100 KiB each, is kept in memory; all further ones are folded from the log at the end. */
  readonly mostAccounts?: number;
  /** Facts that wait in memory to be folded. */
  readonly mostFacts?: number;
}

/** Accounts of one transaction that stores answers. */
const accountsATransaction = 50;

/**
 * Folds accounts that an import itself made while it goes on, from the facts in hand instead of from the log. Only what is certain is
 * kept: an account that anyone else woke, that shares an event with another source, or whose facts came out of order is folded from the
 * log, for which its wake still asks.
 */
export class ImportFold {
  readonly #surroundings: Surroundings;
  readonly #open = new Map<string, Open>();
  readonly #left = new Set<string>();
  readonly #mostAccounts: number;
  readonly #mostFacts: number;
  #waiting = 0;

  private constructor(surroundings: Surroundings, options: ImportFoldOptions) {
    this.#surroundings = surroundings;
    this.#mostAccounts = options.mostAccounts ?? 1000;
    this.#mostFacts = options.mostFacts ?? 40_000;
  }

  static async begin(tx: Tx, options: ImportFoldOptions = {}): Promise<ImportFold> {
    return new ImportFold(await surroundingsOf(tx), options);
  }

  /** An account that this import has just made: the log has nothing else of it. */
  open(accountId: string): void {
    if (this.#left.has(accountId) || this.#open.size >= this.#mostAccounts) return;
    this.#open.set(accountId, { facts: [], states: undefined, wakes: 0 });
  }

  /** A fact that is stored now and was not before. */
  add(accountId: string, fact: Fact): void {
    const account = this.#open.get(accountId);
    if (!account) return;
    account.facts.push(fact);
    this.#waiting += 1;
  }

  /** Something about the account is not as simple as this class has it. */
  leave(accountId: string): void {
    this.#left.add(accountId);
    this.#waiting -= this.#open.get(accountId)?.facts.length ?? 0;
    this.#open.delete(accountId);
  }

  /** A transaction of this import woke these accounts. */
  woken(accountIds: ReadonlySet<string>): void {
    for (const accountId of accountIds) {
      const account = this.#open.get(accountId);
      if (account) account.wakes += 1;
    }
  }

  /** Folds what waits, if it has become much; gives way to the transaction under way after each account. */
  async foldSome(now: number): Promise<void> {
    if (this.#waiting < this.#mostFacts) return;
    for (const accountId of this.#open.keys()) {
      const account = this.#open.get(accountId);
      if (!account || account.facts.length === 0) continue;
      this.#fold(accountId, account, now);
      await breathe();
    }
  }

  #fold(accountId: string, account: Open, now: number): void {
    const states = this.#statesOf(accountId, account, now);
    if (!states) {
      this.leave(accountId);
      return;
    }
    this.#waiting -= account.facts.length;
    account.facts = [];
    account.states = states;
  }

  /** Undefined where facts came out of order, and where they cannot be folded at all: that must not keep other lines from being stored. */
  #statesOf(accountId: string, account: Open, now: number): Map<string, EngineState> | undefined {
    const context = this.#contextOf(accountId);
    const states = new Map<string, EngineState>();
    try {
      for (const journey of this.#surroundings.journeys) {
        const before = account.states?.get(journey.digest);
        const next = before ? advance(journey, context, before, account.facts, now) : undefined;
        if (next?.kind === 'late') return undefined;
        states.set(journey.digest, next?.state ?? fold(journey, context, account.facts, now));
      }
    } catch {
      return undefined;
    }
    return states;
  }

  #contextOf(accountId: string, account?: Account): AccountContext {
    const { coverage, timezone } = this.#surroundings;
    return accountContext(account ?? plainAccount(accountId), [], coverage, account?.timezone ?? timezone);
  }

  /** Stores the answers of the accounts that are still as this import left them; returns how many. The rest keep their wake. */
  async finish(
    database: Database,
    workspaceId: string,
    now: () => number,
    afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>,
  ): Promise<number> {
    if (!(await database.inWorkspace(workspaceId, (tx) => this.#holds(tx)))) return 0;
    let stored = 0;
    let storing: Promise<number> = Promise.resolve(0);
    const ids = [...this.#open].flatMap(([accountId, { wakes }]) => (wakes > 0 ? [accountId] : [])).sort();
    for (let at = 0; at < ids.length; at += accountsATransaction) {
      const some = ids.slice(at, at + accountsATransaction);
      // While the ones before are being stored.
      for (const accountId of some) {
        const account = this.#open.get(accountId);
        if (account) this.#fold(accountId, account, now());
      }
      stored += await storing;
      storing = database.inWorkspace(workspaceId, (tx) => this.#store(tx, some, now(), afterFold), { retry: true });
    }
    stored += await storing;
    return stored;
  }

  /** Whether accounts are still to be judged as when the import began. Whom a silent source concerns, the log alone says. */
  async #holds(tx: Tx): Promise<boolean> {
    return same(this.#surroundings, await surroundingsOf(tx)) && (await sourceOutagesInForce(tx)).length === 0;
  }

  async #store(
    tx: Tx,
    accountIds: readonly string[],
    now: number,
    afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>,
  ): Promise<number> {
    if (!(await this.#holds(tx))) return 0;
    const fresh = await freshAccounts(tx, accountIds);
    const answers: FreshAnswer[] = [];
    for (const one of fresh) {
      const { accountId } = one.account;
      const open = this.#open.get(accountId);
      if (open?.wakes !== one.wakeVersion) continue;
      const context = this.#contextOf(accountId, one.account);
      const stateOf = (journey: CompiledJourney) => open.states?.get(journey.digest);
      const answer = freshAnswer(one, context, this.#surroundings.journeys, stateOf, now);
      if (answer) answers.push(answer);
    }
    await storeFresh(tx, answers, now, afterFold);
    return answers.length;
  }
}

async function surroundingsOf(tx: Tx): Promise<Surroundings> {
  const journeys = await activeJourneys(tx);
  const coverage = (await coverageIndex(tx))({ sources: null, csmEmail: null });
  return { journeys, coverage, timezone: (await readSettings(tx)).timezone };
}

function same(a: Surroundings, b: Surroundings): boolean {
  const parts = ({ journeys, coverage, timezone }: Surroundings) =>
    JSON.stringify([journeys.map((journey) => journey.digest), coverage, timezone]);
  return parts(a) === parts(b);
}

/** An account as an import makes it, as far as the engine asks. */
function plainAccount(accountId: string): Account {
  return {
    accountId,
    name: '',
    domain: null,
    isCustomer: true,
    csmEmail: null,
    csmBasis: null,
    customerSince: null,
    renewalAt: null,
    value: null,
    currency: null,
    tier: null,
    crmStage: null,
    timezone: null,
    mergedInto: null,
  };
}
