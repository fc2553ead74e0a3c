import { z } from 'zod';

const id = z.union([z.string().min(1), z.number()]).transform(String);

/** Who wrote a part. Bots and campaigns write under an admin's or a team's name. */
const author = z.looseObject({
  type: z.string(),
  id: id.nullish(),
  email: z.string().nullish(),
  name: z.string().nullish(),
  from_ai_agent: z.boolean().nullish(),
});
export type Author = z.infer<typeof author>;

const part = z.looseObject({
  id,
  part_type: z.string(),
  /** Seconds since 1970. */
  created_at: z.number(),
  author: author.nullish(),
});

/** A conversation with its parts, as `GET /conversations/{id}` answers it. https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/retrieveconversation */
export const rawConversation = z.looseObject({
  id,
  created_at: z.number(),
  updated_at: z.number(),
  source: z
    .looseObject({
      id: id.nullish(),
      type: z.string().nullish(),
      delivered_as: z.string().nullish(),
      author: author.nullish(),
    })
    .nullish(),
  conversation_parts: z.looseObject({ conversation_parts: z.array(part), total_count: z.number().nullish() }).nullish(),
});
export type RawConversation = z.infer<typeof rawConversation>;

/** What a page of the search needs to be of each conversation: one that is odd otherwise is set aside by itself (I9). */
export const searchAnswer = z.looseObject({
  conversations: z.array(z.looseObject({ id, updated_at: z.number() })),
  total_count: z.number().nullish(),
  pages: z.looseObject({ next: z.looseObject({ starting_after: z.string().nullish() }).nullish() }).nullish(),
});

/** What people wrote, and what they were called. */
const written = new Set([
  'body',
  'subject',
  'title',
  'attachments',
  'reply_options',
  'ai_agent',
  'conversation_rating',
  'custom_attributes',
  'summary',
]);

/** A conversation without what people wrote, wherever in it that stands. */
export function withoutBody(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map(withoutBody);
  if (typeof raw !== 'object' || raw === null) return raw;
  const kept = Object.entries(raw).filter(([name]) => !written.has(name));
  return Object.fromEntries(kept.map(([name, inner]): [string, unknown] => [name, withoutBody(inner)]));
}
