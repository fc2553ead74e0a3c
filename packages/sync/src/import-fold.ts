import { setImmediate as breathe } from 'node:timers/promises';
import {
  advance,
  ENGINE_VERSION,
  fold,
  view,
  type AccountContext,
  type CompiledJourney,
  type EngineState,
  type Fact,
} from '@waymark/lifecycle';
import {
  addFlags,
  addPeriods,
  freshAccounts,
  noteRecords,
  outagesOfAccount,
  readSettings,
  settleWakes,
  sourceOutagesInForce,
  writeCheckpoints,
  type Account,
  type Database,
  type Tx,
} from '@waymark/store';
import { coverageIndex, type AccountCoverage } from './coverage.ts';
import { accountContext, contextDigestOf, recordOf } from './account-context.ts';
import { activeJourneys, flagRow, periodRow, type Folded } from './fold.ts';

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
  /** Accounts of which the state is kept in memory; all further ones are folded from the log as any other. */
  readonly mostAccounts?: number;
  /** Facts that wait in memory to be folded. */
  readonly mostFacts?: number;
}

/** Accounts of one transaction that stores answers. */
const accountsATransaction = 50;

/**
 * Folds accounts that an import itself made while it goes on, from the facts in hand instead of from the log. Only what is certain is
 * kept: an account that anyone else woke, that shares an event with another source, or whose facts came out of order is left to the
 * ordinary fold, for which its wake still asks.
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
    this.#mostAccounts = options.mostAccounts ?? 5000;
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
    const context = this.#contextOf(accountId);
    const states = new Map<string, EngineState>();
    for (const journey of this.#surroundings.journeys) {
      const before = account.states?.get(journey.digest);
      const next = before ? advance(journey, context, before, account.facts, now) : undefined;
      if (next?.kind === 'late') {
        this.leave(accountId);
        return;
      }
      states.set(journey.digest, next?.state ?? fold(journey, context, account.facts, now));
    }
    this.#waiting -= account.facts.length;
    account.facts = [];
    account.states = states;
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

  async #store(
    tx: Tx,
    accountIds: readonly string[],
    now: number,
    afterFold: (tx: Tx, folded: readonly Folded[]) => Promise<void>,
  ): Promise<number> {
    if (!same(this.#surroundings, await surroundingsOf(tx))) return 0;
    const fresh = await freshAccounts(tx, accountIds);
    const outages = await sourceOutagesInForce(tx);
    const ready: (typeof fresh)[number][] = [];
    for (const one of fresh) {
      const { accountId } = one.account;
      if (this.#open.get(accountId)?.wakes !== one.wakeVersion) continue;
      // Whom an outage concerns is known only now: it is judged with that, from the log.
      if ((await outagesOfAccount(tx, accountId, outages)).size === 0) ready.push(one);
    }
    const results = ready.map(({ account }) => this.#answer(account, now));
    const folded = results.flatMap((one) => one?.folded ?? []);
    const checkpoints = results.flatMap((one) => one?.checkpoints ?? []);
    await addPeriods(
      tx,
      folded.flatMap(({ answer }) => answer.periods.map((period) => periodRow(answer, period, now))),
    );
    await addFlags(
      tx,
      folded.flatMap(({ answer }) => answer.flags.map((flag) => flagRow(answer, flag, now))),
    );
    await writeCheckpoints(tx, checkpoints, now);
    await noteRecords(
      tx,
      results.flatMap((one) => (one ? [{ accountId: one.accountId, record: one.record }] : [])),
      now,
    );
    for (const one of results) if (one && one.folded.length > 0) await afterFold(tx, one.folded);
    const done = new Set(results.flatMap((one) => (one ? [one.accountId] : [])));
    await settleWakes(
      tx,
      ready.flatMap(({ account: { accountId }, wakeVersion }) =>
        done.has(accountId) ? [{ accountId, version: wakeVersion }] : [],
      ),
    );
    return done.size;
  }

  #answer(account: Account, now: number) {
    const states = this.#open.get(account.accountId)?.states;
    if (!states) return undefined;
    const context = this.#contextOf(account.accountId, account);
    const contextDigest = contextDigestOf(context);
    const made = this.#surroundings.journeys.map((journey) => {
      const before = states.get(journey.digest);
      const moved = before && advance(journey, context, before, [], now);
      if (moved?.kind !== 'advanced') return undefined;
      const answer = view(journey, context, moved.state);
      const folded: Folded = {
        account,
        contacts: [],
        journey,
        answer,
        opened: answer.flags.filter((flag) => flag.clearedAt === null),
        cleared: [],
        withdrawn: [],
        stageBefore: null,
      };
      const checkpoint = {
        accountId: account.accountId,
        journey: journey.definition.id,
        definitionDigest: journey.digest,
        engineVersion: ENGINE_VERSION,
        contextDigest,
        state: moved.state,
        stage: answer.stage,
        health: answer.health.score,
        digest: answer.digest,
        asOf: now,
        nextChangeAt: answer.nextChangeAt,
      };
      return { folded, checkpoint };
    });
    const all = made.filter((one) => one !== undefined);
    if (all.length < made.length) return undefined;
    return {
      accountId: account.accountId,
      record: recordOf(context),
      folded: all.map((one) => one.folded),
      checkpoints: all.map((one) => one.checkpoint),
    };
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
