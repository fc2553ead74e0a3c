import type { AccountJourney, Flag, Severity } from '../course/state.ts';

/** A flag as a comparison of two definitions names it. */
export interface FlagBrief {
  readonly flagId: string;
  readonly rule: string;
  readonly kind: Flag['kind'];
  readonly severity: Severity;
  readonly title: string;
  readonly reason: string;
  readonly openedAt: number;
  readonly clearedAt: number | null;
}

/** How the answers of two definitions about one account differ at one instant. */
export interface AnswerDifference {
  readonly accountId: string;
  readonly stage: { readonly before: string | null; readonly after: string | null } | null;
  readonly opened: readonly FlagBrief[];
  readonly withdrawn: readonly FlagBrief[];
  /** Flags of one rule that are open in both with another severity or opening. */
  readonly changed: readonly { readonly before: FlagBrief; readonly after: FlagBrief }[];
  readonly health: { readonly before: number | null; readonly after: number | null } | null;
}

const briefOf = (flag: Flag): FlagBrief => ({
  flagId: flag.flagId,
  rule: flag.rule,
  kind: flag.kind,
  severity: flag.severity,
  title: flag.title,
  reason: flag.reasonNow ?? flag.reason,
  openedAt: flag.openedAt,
  clearedAt: flag.clearedAt,
});

const openByRule = (answer: AccountJourney | null) =>
  new Map((answer?.flags ?? []).filter((flag) => flag.clearedAt === null).map((flag) => [flag.rule, flag]));

/**
 * What another definition says of an account that the one in force does not, both as of the same instant. Null for an answer stands
 * for a journey that is not in force. Undefined where stage, open flags and health are the same.
 */
export function differenceOf(
  before: AccountJourney | null,
  after: AccountJourney | null,
): AnswerDifference | undefined {
  const [was, is] = [openByRule(before), openByRule(after)];
  const opened = [...is.values()].filter((flag) => !was.has(flag.rule)).map(briefOf);
  const withdrawn = [...was.values()].filter((flag) => !is.has(flag.rule)).map(briefOf);
  const changed = [...is.values()].flatMap((flag) => {
    const former = was.get(flag.rule);
    return former && (former.severity !== flag.severity || former.openedAt !== flag.openedAt)
      ? [{ before: briefOf(former), after: briefOf(flag) }]
      : [];
  });
  const stages = { before: before?.stage ?? null, after: after?.stage ?? null };
  const scores = { before: before?.health.score ?? null, after: after?.health.score ?? null };
  const stage = stages.before === stages.after ? null : stages;
  const health = scores.before === scores.after ? null : scores;
  const accountId = after?.accountId ?? before?.accountId;
  if (accountId === undefined) return undefined;
  if (!stage && !health && opened.length + withdrawn.length + changed.length === 0) return undefined;
  return { accountId, stage, opened, withdrawn, changed, health };
}

/** How long two definitions had an account in different stages since an instant, and the flags that only one of them raised since. */
export interface CourseDifference {
  readonly accountId: string;
  /** Milliseconds in which the stages differed. */
  readonly stageApartMs: number;
  readonly stages: { readonly before: string | null; readonly after: string | null };
  /** Flags that opened since and that the other never raised while they were open. */
  readonly onlyBefore: readonly FlagBrief[];
  readonly onlyAfter: readonly FlagBrief[];
  readonly both: number;
}

/** Compares two answers over the time since an instant, up to their `asOf`. */
export function courseDifference(
  before: AccountJourney | null,
  after: AccountJourney,
  since: number,
): CourseDifference {
  const flagsOf = (answer: AccountJourney | null) =>
    (answer?.flags ?? []).filter((flag) => flag.kind !== 'data_gap' && (flag.clearedAt ?? Infinity) > since);
  const [was, is] = [flagsOf(before), flagsOf(after)];
  const meets = (flag: Flag, others: readonly Flag[]) =>
    others.some(
      (other) =>
        other.rule === flag.rule &&
        other.openedAt < (flag.clearedAt ?? Infinity) &&
        flag.openedAt < (other.clearedAt ?? Infinity),
    );
  return {
    accountId: after.accountId,
    stageApartMs: stageApart(before, after, since),
    stages: { before: before?.stage ?? null, after: after.stage },
    onlyBefore: was.filter((flag) => !meets(flag, is)).map(briefOf),
    onlyAfter: is.filter((flag) => !meets(flag, was)).map(briefOf),
    both: is.filter((flag) => meets(flag, was)).length,
  };
}

function stageApart(before: AccountJourney | null, after: AccountJourney, since: number): number {
  const turns = [before, after].flatMap((answer) => (answer?.periods ?? []).map((period) => period.enteredAt));
  const instants = [
    since,
    ...turns.filter((at) => at > since && at < after.asOf).toSorted((a, b) => a - b),
    after.asOf,
  ];
  let apart = 0;
  for (const [index, from] of instants.entries()) {
    const to = instants[index + 1];
    if (to !== undefined && stageAt(before, from) !== stageAt(after, from)) apart += to - from;
  }
  return apart;
}

function stageAt(answer: AccountJourney | null, at: number): string | null {
  return answer?.periods.findLast((period) => period.enteredAt <= at)?.stage ?? null;
}
