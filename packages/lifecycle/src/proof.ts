import { contentDigest } from './digest.ts';
import type { Comparison, Evidence, Proof } from './state.ts';

const MOST_EVIDENCE = 20;

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
  const seen = new Set<string>();
  const evidence: Evidence[] = [];
  for (const one of parts.evidence) {
    if (seen.has(one.eventId) || evidence.length === MOST_EVIDENCE) continue;
    seen.add(one.eventId);
    evidence.push(one);
  }
  const body = { ...parts, evidence, comparisons: [...parts.comparisons] };
  return { ...body, digest: contentDigest(body) };
}

/** Whether a proof's digest is that of its content. Says nothing of the log; `verifyProof` does. */
export function isIntact(proof: Proof): boolean {
  const { digest, ...body } = proof;
  return contentDigest(body) === digest;
}
