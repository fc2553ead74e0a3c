import { stableJson } from '@waymark/journey';
import type { AccountJourney, Health, Proof } from '@waymark/lifecycle';

/** A proof without the ids of its events: they are the workspace's own. */
function portableProof(proof: Proof | null) {
  if (proof === null) return null;
  const { rule, ruleVersion, at, comparisons, clears, evidence } = proof;
  const seen = evidence.map((one) => stableJson([one.at, one.type, one.note])).sort();
  return { rule, ruleVersion, at, comparisons, clears, evidence: seen };
}

/**
 * An answer as text that is the same in every workspace that holds the same events: without ids, and without what only reads
 * differently from day to day.
 */
export function portableAnswer(account: string, answer: AccountJourney): string {
  const { journey, definitionDigest, stage, periods, milestones, flags, health, success } = answer;
  return stableJson({
    account,
    journey,
    definitionDigest,
    stage,
    periods: periods.map((period) => ({ ...period, proof: portableProof(period.proof) })),
    milestones: milestones.map((milestone) => ({ ...milestone, proof: portableProof(milestone.proof) })),
    flags: flags
      .map(({ flagId: _id, reasonNow: _reason, evidenceNow: _evidence, proof, ...flag }) =>
        stableJson({ ...flag, proof: portableProof(proof) }),
      )
      .sort(),
    health: scoreOf(health),
    ...(success && { success: scoreOf(success) }),
  });
}

/** A score without its words. */
const scoreOf = ({ score, version, parts }: Health) => ({
  score,
  version,
  parts: parts.map(({ part, weight, score: own }) => ({ part, weight, score: own })),
});
