import type { AlertMessage } from '@waymark/store';
import { z } from 'zod';

const severity = z.enum(['low', 'medium', 'high', 'critical']);

const shownFlag = z.object({
  flagId: z.string(),
  rule: z.string(),
  title: z.string(),
  severity,
  status: z.enum(['open', 'claimed', 'snoozed']),
});

const settledFlag = z.object({
  flagId: z.string(),
  rule: z.string(),
  title: z.string(),
  how: z.enum(['cleared', 'not_a_risk', 'corrected']),
  by: z.string().nullable(),
  at: z.number(),
  because: z.string().nullable(),
});

const destination = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('member'), email: z.string(), slackUserId: z.string().nullable() }),
  z.object({ kind: z.literal('channel'), channel: z.string() }),
  z.object({ kind: z.literal('user'), slackUserId: z.string() }),
]);

/** What is kept of a message: enough to plan its next change. */
export const MessageDetail = z.object({
  revision: z.int().default(0),
  shown: z.array(shownFlag).default([]),
  settled: z.array(settledFlag).default([]),
  /** The accounts of a digest. */
  accountIds: z.array(z.string()).default([]),
  occasion: z.enum(['first', 'morning', 'definition']).optional(),
  owner: z.object({ email: z.string(), name: z.string().nullable() }).nullable().default(null),
  routeNote: z.string().nullable().default(null),
  /** The places to try, in this order. */
  candidates: z.array(destination).default([]),
  /** Of a digest: the flags that left it, by account. */
  settledByAccount: z.record(z.string(), z.array(settledFlag)).default({}),
  shownByAccount: z.record(z.string(), z.array(shownFlag)).default({}),
});
export type MessageDetail = z.infer<typeof MessageDetail>;

/** Reads what was kept of a message. */
export function detailOf(message: AlertMessage): MessageDetail {
  return MessageDetail.parse(message.detail);
}
