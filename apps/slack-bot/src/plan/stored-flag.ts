import type { Flag } from '@waymark/lifecycle';
import type { StoredFlag } from '@waymark/store';
import { z } from 'zod';

const FlagDetail = z.looseObject({
  title: z.string(),
  reason: z.string(),
  reasonNow: z.string().optional(),
  evidenceNow: z.custom<NonNullable<Flag['evidenceNow']>>((value) => Array.isArray(value)).optional(),
  nextStep: z.string(),
  playbook: z.string().optional(),
  ruleVersion: z.number(),
  clearedBecause: z.string().optional(),
  kind: z.enum(['risk', 'opportunity', 'data_gap']),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  proof: z.custom<Flag['proof']>(
    (value) => typeof value === 'object' && value !== null && 'evidence' in value && 'clears' in value,
  ),
});

/** The engine's flag as the store kept it. */
export function engineFlag(stored: StoredFlag): Flag {
  const detail = FlagDetail.parse(stored.detail);
  return {
    flagId: stored.flagId,
    rule: stored.rule,
    ruleVersion: detail.ruleVersion,
    kind: detail.kind,
    severity: detail.severity,
    title: detail.title,
    reason: detail.reason,
    ...(detail.reasonNow !== undefined && { reasonNow: detail.reasonNow }),
    ...(detail.evidenceNow !== undefined && { evidenceNow: detail.evidenceNow }),
    nextStep: detail.nextStep,
    ...(detail.playbook !== undefined && { playbook: detail.playbook }),
    openedAt: stored.openedAt,
    clearedAt: stored.clearedAt,
    ...(detail.clearedBecause !== undefined && { clearedBecause: detail.clearedBecause }),
    proof: detail.proof,
  };
}
