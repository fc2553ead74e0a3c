import { z } from 'zod';

/** A label of a host name and nothing else: it becomes part of the address to which tokens go (failure R19). */
export const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What an admin may settle of a Zendesk account. */
export const settingsSchema = z.object({
  /** Asked at install. */
  subdomain: z.string().regex(SUBDOMAIN, 'Give what stands before .zendesk.com').optional(),
  tickets: z
    .object({
      /** Tags that mean an escalation. Without any, a tag that contains "escalat" does. */
      escalatedTags: z.array(z.string().max(200)).max(50).default([]),
      /** Labels or ids of custom statuses that mean an escalation. Without any, a label that contains "escalat" does. */
      escalatedStatuses: z.array(z.string().max(200)).max(50).default([]),
    })
    .prefault({}),
  /** Makes a webhook for news within seconds, for which a scope to write webhooks is asked. */
  webhooks: z.boolean().default(true),
  /** Keeps the subjects of tickets. */
  keepSubjects: z.boolean().default(false),
});

export type Settings = z.infer<typeof settingsSchema>;

const parsed = new WeakMap<object, Settings>();

/** The settings of an installation, defaults filled in; parsed once for each settings object. */
export function settingsOf(settings: Readonly<Record<string, unknown>>): Settings {
  const known = parsed.get(settings) ?? settingsSchema.parse(settings);
  parsed.set(settings, known);
  return known;
}
