import {
  datedStanding,
  isCounted,
  outcomesOf,
  peerBaselines,
  peerLag,
  peerMeasures,
  PeerTally,
  peerWeeks,
  tierName,
  type CompiledJourney,
  type Fact,
  type PeerBaseline,
} from '@waymark/lifecycle';

/** An account of a history with what its tier counts it by; facts oldest first. */
interface Member {
  /** What the record of the account said of its tier at an instant of known time; null where nothing is known of then. */
  readonly recordedTier: (at: number) => string | null;
  readonly customerSince: number | null;
  readonly isCustomer: boolean;
  readonly facts: readonly Fact[];
}

/**
 * What was usual in each tier, week by week as it was known then, for what definitions ask: from facts that were recorded within a day of the
 * end of a week, and from customers of whom no churn was known by then, as the first definition counts them. Their tiers are those that dated
 * events told of by then, else those of their records of then.
 * Takes one account after the other; null where no definition asks.
 */
export function openPeers(
  journeys: readonly [CompiledJourney, ...CompiledJourney[]],
  range: { readonly from: number; readonly to: number },
) {
  const measures = new Map(
    journeys.flatMap(({ definition }) => peerMeasures(definition)).map((measure) => [measure.key, measure]),
  );
  if (measures.size === 0) return null;
  const [{ definition }] = journeys;
  const types = new Set<string>([...measures.values()].flatMap((measure) => measure.types));
  const tally = new PeerTally([...measures.values()], peerWeeks(range.from, range.to, Infinity));
  return {
    take: ({ recordedTier, customerSince, isCustomer, facts }: Member): void => {
      const [first] = facts;
      if (!first) return;
      const outcomes = outcomesOf(definition, facts, range.to);
      const told = new Map(facts.map((fact) => [fact.id, fact.recordedAt]));
      const isMember = (at: number): boolean => {
        const last = outcomes.findLast((one) => Math.max(one.sureAt, told.get(one.eventId) ?? -Infinity) <= at);
        return last ? last.kind !== 'churned' : isCustomer || outcomes.length > 0;
      };
      const standing = datedStanding(facts);
      tally.add({
        sinceAt: (weekEnd) => customerSince ?? standing(weekEnd + peerLag).since ?? first.occurredAt,
        tierAt: (weekEnd) => {
          const at = weekEnd + peerLag;
          if (!isMember(at)) return null;
          const { tier } = standing(at);
          return tierName(tier === undefined ? recordedTier(at) : tier);
        },
        happenings: facts
          .filter((fact) => types.has(fact.type) && isCounted(fact))
          .map(({ type, occurredAt, recordedAt }) => ({ type, occurredAt, recordedAt, count: 1 })),
      });
    },
    /** By the name of the tier as `tierName` writes it. */
    baselines: (): ReadonlyMap<string, readonly PeerBaseline[]> => peerBaselines(tally.medians()),
  };
}
