import { mailHeaderNames } from '@waymark/connector-kit';
import { z } from 'zod';

/** Headers asked of Gmail by name: no others leave the mailbox. */
export const metadataHeaders: readonly string[] = mailHeaderNames;

/**
 * A message in the `metadata` format. Everything but the id may be missing: a message known from the history alone has
 * labels and no headers. https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages#Message
 */
export const rawMessage = z.object({
  id: z.string().min(1).max(200),
  threadId: z.string().max(200).optional(),
  labelIds: z.array(z.string()).optional(),
  /** Names of those labels that a person made; ours, not Gmail's: ids alone say nothing to whoever excludes a label. */
  labelNames: z.array(z.string()).optional(),
  /** Epoch milliseconds, as text. */
  internalDate: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
  historyId: z.string().optional(),
  payload: z
    .object({
      headers: z.array(z.object({ name: z.string().nullish(), value: z.string().nullish() })).optional(),
    })
    .optional(),
});
export type RawMessage = z.infer<typeof rawMessage>;

/** Labels whose bearer is no mail of the journey, with the reason that is counted. */
const leftOut = { SPAM: 'spam', TRASH: 'trash', DRAFT: 'draft', CHAT: 'chat' } as const;

/** Why a message is left out by its labels; undefined for a mail that counts. */
export function leftOutReason(labelIds: readonly string[] | undefined): string | undefined {
  return Object.entries(leftOut).find(([label]) => labelIds?.includes(label))?.[1];
}

/** Whether a change of these labels can change what a message maps to; being read or starred cannot. */
export function matters(labelIds: readonly string[] | undefined): boolean {
  return leftOutReason(labelIds) !== undefined || ownLabels(labelIds).length > 0;
}

/** Labels that a person made: Gmail's own are all in capitals, https://developers.google.com/workspace/gmail/api/guides/labels */
export function ownLabels(labelIds: readonly string[] | undefined): readonly string[] {
  return (labelIds ?? []).filter((id) => !/^[A-Z][A-Z_]*$/.test(id));
}

const kept = ['id', 'threadId', 'labelIds', 'labelNames', 'internalDate', 'historyId'] as const;
const loose = z.record(z.string(), z.unknown());

/** A message without what quotes its text: snippet, parts and raw form. The snippet comes even with `format=metadata`. */
export function withoutBody(raw: unknown): Readonly<Record<string, unknown>> | null {
  const message = loose.safeParse(raw);
  if (!message.success) return null;
  const payload = loose.safeParse(message.data['payload']);
  return {
    ...Object.fromEntries(kept.filter((key) => key in message.data).map((key) => [key, message.data[key]])),
    ...(payload.success ? { payload: { mimeType: payload.data['mimeType'], headers: payload.data['headers'] } } : {}),
  };
}
