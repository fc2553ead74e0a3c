import { contentDigest, orderedDigest } from './digest.ts';
import type { Comparison, Evidence, Proof } from './state.ts';

const MOST_EVIDENCE = 20;

/** Each event once, the first mention first, and no more than a proof holds. */
export function shortened(evidence: readonly Evidence[]): Evidence[] {
  const byEvent = new Map<string, Evidence>();
  for (const one of evidence) if (!byEvent.has(one.eventId)) byEvent.set(one.eventId, one);
  return [...byEvent.values()].slice(0, MOST_EVIDENCE);
}

/** Puts a proof together and seals it with its digest. Evidence is kept once per event, the first mention first. */
export function makeProof(parts: {
  readonly rule: string;
  readonly ruleVersion: number;
  readonly definition: string;
  readonly definitionDigest: string;
  readonly at: number;
  readonly evidence: readonly Evidence[];
  readonly comparisons: readonly Comparison[];
  readonly clears: string;
}): Proof {
  // Keys in their order, as the canonical form has them.
  const body = {
    at: parts.at,
    clears: parts.clears,
    comparisons: parts.comparisons.map(({ holds, label, op, signal, threshold, unit, value }) => ({
      holds,
      label,
      op,
      signal,
      threshold,
      unit,
      value,
    })),
    definition: parts.definition,
    definitionDigest: parts.definitionDigest,
    evidence: shortened(parts.evidence).map(({ at, eventId, note, type }) => ({ at, eventId, note, type })),
    rule: parts.rule,
    ruleVersion: parts.ruleVersion,
  };
  return { ...body, digest: orderedDigest(body) };
}

/** Whether a proof's digest is that of its content. Says nothing of the log; `verifyProof` does. */
export function isIntact(proof: Proof): boolean {
  const { digest, ...body } = proof;
  return contentDigest(body) === digest;
}
