import { z } from 'zod';

const text = z.string().nullish();
const recipient = z.object({ emailAddress: z.object({ name: text, address: text }).nullish() });
const recipients = z.array(recipient).nullish();

/**
 * A message as Graph gives it with our `$select`. Drafts, and the copies in Sent Items, have no internet headers.
 * https://learn.microsoft.com/en-us/graph/api/resources/message
 */
export const graphMessage = z.object({
  '@odata.type': text,
  id: z.string().max(1_000).nullish(),
  internetMessageId: text,
  internetMessageHeaders: z.array(z.object({ name: text, value: text })).nullish(),
  conversationId: text,
  subject: text,
  from: recipient.nullish(),
  sender: recipient.nullish(),
  toRecipients: recipients,
  ccRecipients: recipients,
  bccRecipients: recipients,
  sentDateTime: text,
  receivedDateTime: text,
  lastModifiedDateTime: text,
  isDraft: z.boolean().nullish(),
  parentFolderId: text,
  webLink: text,
  meetingMessageType: text,
  /** Names of the categories that a person or a rule gave it. */
  categories: z.array(z.string()).nullish(),
});
export type GraphMessage = z.infer<typeof graphMessage>;
export type Recipient = z.infer<typeof recipient>;

/** A message with its folder's path, and the reason where that folder is left out. */
export const rawMessage = z.object({
  message: graphMessage,
  folder: z.string().max(500).optional(),
  leftOut: z.string().max(50).optional(),
});
export type RawMessage = z.infer<typeof rawMessage>;

/** Types of their own are named by `@odata.type`, and cannot be selected from a plain message. */
const annotations = new Set(['@odata.type', 'meetingMessageType']);

/** Fields asked of Graph: no body, no preview, no attachments. */
export const messageFields = Object.keys(graphMessage.shape)
  .filter((field) => !annotations.has(field))
  .join(',');

const loose = z.record(z.string(), z.unknown());

/** A row of Graph's with nothing but the fields that we ask for, whatever came. */
export function withoutText(row: unknown): Readonly<Record<string, unknown>> {
  const message = loose.safeParse(row);
  if (!message.success) return {};
  return Object.fromEntries(
    Object.keys(graphMessage.shape)
      .filter((key) => Object.hasOwn(message.data, key))
      .map((key) => [key, message.data[key]]),
  );
}

/** A source object as it may be set aside. */
export function withoutBody(raw: unknown): unknown {
  const record = loose.safeParse(raw);
  if (!record.success) return null;
  const { folder, leftOut } = record.data;
  return { message: withoutText(record.data['message']), folder, leftOut };
}
