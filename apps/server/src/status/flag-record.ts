import { isEventType, type EventType } from '@waymark/journey';
import { flagHandling, type FlagHandling, type StoredFlag, type Tx } from '@waymark/store';
import { z } from 'zod';

const eventType = z.custom<EventType>((value) => typeof value === 'string' && isEventType(value));

const proof = z.object({
  rule: z.string(),
  ruleVersion: z.number(),
  definition: z.string(),
  definitionDigest: z.string(),
  at: z.number(),
  evidence: z.array(z.object({ eventId: z.string(), type: eventType, at: z.number(), note: z.string() })),
  comparisons: z.array(
    z.object({
      signal: z.string(),
      label: z.string(),
      unit: z.enum(['days', 'business_days', 'count', 'ratio', 'score', 'instant', 'none']),
      value: z.union([z.number(), z.string()]).nullable(),
      op: z.enum(['>=', '>', '<=', '<', '==', '!=']),
      threshold: z.union([z.number(), z.string()]),
      holds: z.boolean(),
    }),
  ),
  clears: z.string(),
  digest: z.string(),
});

const detail = z.looseObject({
  title: z.string(),
  reason: z.string(),
  reasonNow: z.string().optional(),
  nextStep: z.string(),
  playbook: z.string().optional(),
  ruleVersion: z.number(),
  clearedBecause: z.string().optional(),
  proof,
});

export type FlagProof = z.infer<typeof proof>;

/** A flag as it was stored, its engine's part read, with what people did about it. Times are epoch milliseconds. */
export interface FlagRecord {
  readonly flagId: string;
  readonly accountId: string;
  readonly journey: string;
  readonly rule: string;
  readonly ruleVersion: number;
  readonly kind: string;
  readonly severity: string;
  readonly title: string;
  /** As it was when the flag opened. */
  readonly reason: string;
  /** With the values of when it was last stored, and when that was; the opening reason where it has not changed since. */
  readonly latest: { readonly reason: string; readonly at: number };
  readonly nextStep: string;
  readonly playbook: string | null;
  readonly openedAt: number;
  readonly clearedAt: number | null;
  readonly clearedBecause: string | null;
  /** When this form of the flag was known first. */
  readonly recordedAt: number;
  readonly proof: FlagProof;
  readonly handling: FlagHandling | null;
}

const severities = ['critical', 'high', 'medium', 'low'];

/** Worst first, then the newest. */
export function worstFirst(a: FlagRecord, b: FlagRecord): number {
  return severities.indexOf(a.severity) - severities.indexOf(b.severity) || b.openedAt - a.openedAt;
}

/** Reads the engine's part of stored flags and adds what people did about each. */
export async function flagRecords(tx: Tx, stored: readonly StoredFlag[]): Promise<readonly FlagRecord[]> {
  const handled = await flagHandling(
    tx,
    stored.map((flag) => flag.flagId),
  );
  const byId = new Map(handled.map((one) => [one.flagId, one]));
  return stored.map((flag) => {
    const read = detail.parse(flag.detail);
    return {
      flagId: flag.flagId,
      accountId: flag.accountId,
      journey: flag.journey,
      rule: flag.rule,
      ruleVersion: read.ruleVersion,
      kind: flag.kind,
      severity: flag.severity,
      title: read.title,
      reason: read.reason,
      latest:
        read.reasonNow === undefined
          ? { reason: read.reason, at: flag.openedAt }
          : { reason: read.reasonNow, at: flag.recordedAt },
      nextStep: read.nextStep,
      playbook: read.playbook ?? null,
      openedAt: flag.openedAt,
      clearedAt: flag.clearedAt,
      clearedBecause: read.clearedBecause ?? null,
      recordedAt: flag.recordedAt,
      proof: read.proof,
      handling: byId.get(flag.flagId) ?? null,
    };
  });
}
