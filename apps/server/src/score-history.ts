import { reduce, type CompiledJourney, type Health } from '@waymark/lifecycle';
import { journeyActivations, type Account, type Tx } from '@waymark/store';
import { activeJourneys, deriveAccount } from '@waymark/sync';
import { journeysInForceAt } from './explain.ts';

/** The scores of an account at one instant, by the definition that was in force then. Times are epoch milliseconds. */
export interface ScorePoint {
  readonly at: number;
  readonly definitionVersion: number;
  readonly definitionDigest: string;
  /** Whether no definition is noted to have been in force then: the first that was speaks. */
  readonly assumed: boolean;
  readonly health: Health;
  readonly success: Health | null;
}

/** An instant from which on a score is weighed another way. */
export interface ScoreMark {
  readonly at: number;
  readonly score: 'health' | 'success';
  /** Null where there was none, or is none any longer. */
  readonly before: number | null;
  readonly after: number | null;
}

/** How the scores of an account went in one journey, oldest first. */
export interface ScoreHistory {
  readonly journey: string;
  readonly points: readonly ScorePoint[];
  readonly marks: readonly ScoreMark[];
}

/** What is asked of a history: so many milliseconds apart, from and to included. */
export interface ScoreSpan {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** More than this is asked for in parts. */
const MOST_POINTS = 400;

/**
 * The scores of an account over time, derived from the log as it stands. Each instant is judged by the definition in force then; a
 * change of what is in force has a point of its own, and a mark where it weighs health or success another way, so that a step in the
 * score that is no change at the customer is seen as such. Undefined where there is no such account.
 */
export async function scoreHistory(
  tx: Tx,
  accountId: string,
  { from, to, step }: ScoreSpan,
): Promise<{ readonly account: Account; readonly journeys: readonly ScoreHistory[] } | undefined> {
  const derived = await deriveAccount(tx, accountId, to);
  if (!derived) return undefined;
  const today = await activeJourneys(tx);
  const noted = (await journeyActivations(tx)).map((change) => change.at);
  const changes = noted.filter((at) => at > from && at <= to);
  const steps = Array.from(
    { length: Math.min(MOST_POINTS, Math.floor((to - from) / step) + 1) },
    (_, index) => to - index * step,
  );
  const instants = [...new Set([...steps, ...changes])].toSorted((a, b) => a - b);
  const spans: { readonly journeys: readonly CompiledJourney[]; readonly assumed: boolean; readonly from: number }[] =
    [];
  for (const at of [from, ...new Set(changes)]) {
    const known = await journeysInForceAt(tx, at);
    // Before anything was noted the first that was speaks.
    const first = known ?? (noted[0] === undefined ? undefined : await journeysInForceAt(tx, noted[0]));
    spans.push({ journeys: first ?? today, assumed: known === undefined, from: at });
  }
  const byJourney = new Map<string, ScorePoint[]>();
  for (const at of instants) {
    const span = spans.findLast((one) => one.from <= at) ?? spans[0];
    for (const journey of span?.journeys ?? []) {
      const answer = reduce(journey, derived.context, derived.facts, at);
      const points = byJourney.get(journey.definition.id) ?? [];
      byJourney.set(journey.definition.id, points);
      points.push({
        at,
        definitionVersion: journey.definition.version,
        definitionDigest: journey.digest,
        assumed: span?.assumed ?? false,
        health: answer.health,
        success: answer.success ?? null,
      });
    }
  }
  return {
    account: derived.account,
    journeys: [...byJourney].map(([journey, points]) => ({ journey, points, marks: marksOf(points) })),
  };
}

/** Where the version of a score differs from that of the point before. */
function marksOf(points: readonly ScorePoint[]): ScoreMark[] {
  const versions = (point: ScorePoint) => ({
    health: point.health.version === 0 ? null : point.health.version,
    success: point.success?.version ?? null,
  });
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    if (!before) return [];
    const [was, is] = [versions(before), versions(point)];
    return (['health', 'success'] as const).flatMap((score) =>
      was[score] === is[score] ? [] : [{ at: point.at, score, before: was[score], after: is[score] }],
    );
  });
}
