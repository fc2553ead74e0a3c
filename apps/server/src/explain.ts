import {
  compileJourney,
  explain,
  parseDefinition,
  scoreProofs,
  whyNot,
  type AccountJourney,
  type CompiledJourney,
  type ScoreProof,
  type WhyNot,
} from '@waymark/lifecycle';
import {
  contacts,
  flags as storedFlags,
  journeyActivations,
  keptDefinitions,
  receipts,
  stagePeriods,
  type Account,
  type Tx,
} from '@waymark/store';
import {
  accountSight,
  deriveAccount,
  differencesOf,
  matchesOf,
  storedAnswers,
  type AccountSight,
  type DerivedAccount,
  type ExplainedMatch,
} from '@waymark/sync';

/** An account's answer, derived again from the log, beside what is stored. */
export interface Explained {
  readonly account: Account;
  /** In which dates are told; UTC where nobody says. */
  readonly timezone: string;
  readonly answer: AccountJourney;
  readonly text: string;
  /** Whether what is stored has the digests that the log gives; null where nothing was stored then, so that nothing can differ. */
  readonly agrees: boolean | null;
  /** What it was compared with: the answer as it is kept up now, or, with `knownAt`, the flags and stages that were in force then. */
  readonly comparedWith: 'stored_now' | 'stored_then' | 'nothing_stored_then';
  /** What was stored then and is derived otherwise, or the other way round. */
  readonly differences: readonly string[];
  /** When something was purged for good since `knownAt`, epoch milliseconds: what rested on it is told no more. Empty without `knownAt`. */
  readonly purgedSince: readonly number[];
  /** Why the rules without an open flag have none; empty unless asked for. */
  readonly whyNot: readonly WhyNot[];
  /** What each part of health and success rests on; empty unless asked for with `whyNot`. */
  readonly scores: readonly ScoreProof[];
  /** Why its events are its own, and which other accounts they could have been of. */
  readonly matching: readonly ExplainedMatch[];
  /** What of the contact with it can be seen, and what was not watched. */
  readonly coverage: {
    readonly sight: AccountSight;
    readonly watchedFrom: number | null;
    readonly gaps: DerivedAccount['coverage']['gaps'];
  };
  /** What of it is as of now although `knownAt` asks for then: the reasons of matching, and whose mail is seen. Empty without `knownAt`. */
  readonly ofToday: readonly ('matching' | 'sight')[];
}

/** What is asked of an explanation. */
export interface ExplainRequest {
  /** One flag alone, by its id or its rule. */
  readonly flagId?: string;
  /** As it was known at an instant, epoch milliseconds: by the facts recorded and the definitions in force by then. */
  readonly knownAt?: number;
  readonly whyNot?: boolean;
}

/** Derives the answer of an account from the log again, in every active journey, and says whether what is stored agrees. */
export async function explainAccount(
  tx: Tx,
  accountId: string,
  asOf: number,
  request: ExplainRequest = {},
): Promise<readonly Explained[]> {
  const { flagId, knownAt } = request;
  const journeys = knownAt === undefined ? undefined : await journeysInForceAt(tx, knownAt);
  const derived = await deriveAccount(tx, accountId, asOf, {
    ...(knownAt !== undefined && { knownAt }),
    ...(journeys && { journeys }),
  });
  if (!derived) return [];
  const matching = await matchesOf(tx, accountId);
  const coverage = {
    sight: await accountSight(tx, derived.account, await contacts(tx, accountId)),
    watchedFrom: derived.coverage.watchedFrom ?? null,
    gaps: derived.coverage.gaps,
  };
  const purgedSince =
    knownAt === undefined
      ? []
      : (await receipts(tx)).flatMap(({ action, at }) => (action === 'purged' && at > knownAt ? [at] : []));
  const results: Explained[] = [];
  for (const { journey, answer } of derived.answers) {
    const shut = request.whyNot ? whyNot(journey, derived.context, derived.facts, asOf) : [];
    const scores = request.whyNot ? scoreProofs(journey, derived.context, derived.facts, asOf) : [];
    results.push({
      account: derived.account,
      timezone: derived.context.timezone ?? 'UTC',
      answer,
      text: explain(answer, {
        definition: journey.definition,
        // As its reasons say dates.
        ...(derived.context.timezone !== undefined && { timezone: derived.context.timezone }),
        whyNot: shut,
        scoreProofs: scores,
        ...(flagId !== undefined && { flagId }),
      }),
      ...(knownAt === undefined
        ? await comparedNow(tx, derived, journey)
        : await comparedThen(tx, answer, journey, knownAt)),
      purgedSince,
      whyNot: shut,
      scores,
      matching,
      coverage,
      ofToday: knownAt === undefined ? [] : ['matching', 'sight'],
    });
  }
  return results;
}

type Compared = Pick<Explained, 'agrees' | 'comparedWith' | 'differences'>;

/** Time moves on between the two: compared is what the log says of the instant that is stored, with all that was stored of it. */
async function comparedNow(tx: Tx, derived: DerivedAccount, journey: CompiledJourney): Promise<Compared> {
  const { account, context, facts } = derived;
  const { accountId } = account;
  const { id } = journey.definition;
  const stored = (await storedAnswers(tx, [accountId])).get(accountId)?.find((one) => one.journey === id);
  const then =
    stored?.checkpoint && derived.asOf(stored.checkpoint.asOf).find((one) => one.journey === journey)?.answer;
  if (!stored || !then) return { agrees: false, comparedWith: 'stored_now', differences: ['nothing is stored of it'] };
  const subject = { account, journey, context, facts, active: true, now: then.asOf };
  const { told } = differencesOf(subject, then, stored);
  return {
    agrees: told.length === 0,
    comparedWith: 'stored_now',
    differences: told.map((one) => `${one.what}: stored ${one.stored ?? '-'}, log ${one.derived ?? '-'}`),
  };
}

/** Compares with what was stored as of an instant of known time: which flags and stages, each with its proof. */
async function comparedThen(
  tx: Tx,
  answer: AccountJourney,
  journey: CompiledJourney,
  knownAt: number,
): Promise<Compared> {
  const { accountId, asOf } = answer;
  const id = journey.definition.id;
  const flags = (await storedFlags(tx, { accountId, knownAt })).filter((one) => one.journey === id);
  const periods = await stagePeriods(tx, { accountId, journey: id, knownAt });
  if (flags.length + periods.length === 0)
    return { agrees: null, comparedWith: 'nothing_stored_then', differences: [] };
  const day = (at: number) => new Date(at).toISOString();
  const stored = new Map([
    ...flags
      .filter((one) => one.openedAt <= asOf)
      .map((one) => [`flag ${one.rule} of ${day(one.openedAt)}`, digestIn(one.detail)] as const),
    ...periods
      .filter((one) => one.enteredAt <= asOf)
      .map((one) => [`stage ${one.stage} of ${day(one.enteredAt)}`, digestIn(one.detail)] as const),
  ]);
  const now = new Map([
    ...answer.flags.map((one) => [`flag ${one.rule} of ${day(one.openedAt)}`, one.proof.digest] as const),
    ...answer.periods.map((one) => [`stage ${one.stage} of ${day(one.enteredAt)}`, one.proof.digest] as const),
  ]);
  const differences = [
    ...[...stored].flatMap(([name, digest]) =>
      now.has(name)
        ? now.get(name) === digest
          ? []
          : [`${name} rests on something else`]
        : [`${name} was stored alone`],
    ),
    ...[...now.keys()].flatMap((name) => (stored.has(name) ? [] : [`${name} is derived alone`])),
  ];
  return { agrees: differences.length === 0, comparedWith: 'stored_then', differences };
}

function digestIn({ proof }: Readonly<Record<string, unknown>>): unknown {
  return typeof proof === 'object' && proof !== null && 'digest' in proof ? proof.digest : undefined;
}

/** The journeys that were in force at an instant; undefined where nobody noted any by then, so that those of today speak. */
export async function journeysInForceAt(tx: Tx, at: number): Promise<readonly CompiledJourney[] | undefined> {
  const inForce = new Map<string, string>();
  for (const change of await journeyActivations(tx)) {
    if (change.at > at) break;
    if (change.digest === null) inForce.delete(change.journey);
    else inForce.set(change.journey, change.digest);
  }
  if (inForce.size === 0) return undefined;
  const kept = await keptDefinitions(tx);
  return [...inForce].flatMap(([journey, digest]) => {
    const found = kept.find((one) => one.journey === journey && one.digest === digest);
    return found ? [compileJourney(parseDefinition(found.source, `${journey} version ${found.version}`), digest)] : [];
  });
}
