import { z } from 'zod';
import { isEventType } from '@waymark/journey';
import { isExpression } from './expression.ts';

const expression = z
  .string()
  .min(1)
  .max(1000)
  .refine(isExpression, 'Give a JMESPath expression (https://jmespath.org), such as item.account.domain');

const header = z
  .string()
  .regex(/^[a-z0-9-]{1,100}$/i, 'Give the name of a header, such as X-Signature')
  .transform((name) => name.toLowerCase());

/** How requests are signed: by Standard Webhooks, or by a bare HMAC-SHA256 of the body in one header. */
const signature = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('standard') }),
  z.strictObject({
    kind: z.literal('hmac'),
    header,
    encoding: z.enum(['hex', 'base64']).default('hex'),
    /** What stands before the digest, such as `sha256=`. */
    prefix: z.string().max(50).default(''),
    /** A header that names the delivery, the same at each try; without it the body does. */
    idHeader: header.optional(),
  }),
]);
export type SignatureSetting = z.infer<typeof signature>;

const dataField = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,99}$/, 'Give a field of data, such as score');

/**
 * How a payload that is no event of the vocabulary becomes events. Expressions see `item` (the payload, or one of `each`), `body`
 * (the payload) and `delivery` (`id`, `receivedAt` as RFC 3339).
 */
const mapping = z.strictObject({
  name: z.string().min(1).max(100),
  /** Takes the payload where this is true by JMESPath's own sense; without it, any. */
  when: expression.optional(),
  /** The list of items, each an event; without it the payload is one. */
  each: expression.optional(),
  /** Where the events come from; the mapping's name without it. */
  source: z.string().min(1).max(200).optional(),
  /** What identifies the event within its source; the delivery and the item's place without it. */
  id: expression.optional(),
  /** A type of the vocabulary, or an expression that gives one. */
  type: z.union([z.string().refine(isEventType), expression]),
  time: expression,
  timeFormat: z.enum(['rfc3339', 'seconds', 'milliseconds']).default('rfc3339'),
  /** The account's domain, its id in the CRM, or a person's e-mail address. */
  subject: expression.optional(),
  /** Fields of the event's data, as an import names them (docs/import.md). What is null is left out. */
  data: z.record(dataField, expression).default({}),
});
export type Mapping = z.infer<typeof mapping>;

/** An installation's settings. */
export const settingsSchema = z.object({
  /** Keeps subjects and titles. */
  keepSubjects: z.boolean().default(false),
  signature: signature.default({ kind: 'standard' }),
  /** The first that takes a payload maps it. */
  mappings: z
    .array(mapping)
    .max(50)
    .default([])
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'Give each mapping a name of its own'),
});
export type WebhookSettings = z.infer<typeof settingsSchema>;

const parsed = new WeakMap<object, WebhookSettings>();

/** The settings with defaults filled in; parsed once for each settings object. Throws ZodError. */
export function settingsOf(settings: Readonly<Record<string, unknown>>): WebhookSettings {
  const known = parsed.get(settings) ?? settingsSchema.parse(settings);
  parsed.set(settings, known);
  return known;
}
