import { z } from 'zod';

/** The internal name of a HubSpot property. https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide */
const propertyName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,249}$/, 'Give the internal name of a property, such as renewal_date');

const dealKind = z.enum(['new', 'renewal', 'expansion']);
export type DealKind = z.infer<typeof dealKind>;

/**
 * What an admin declares of a HubSpot account: which companies are customers, and which properties hold what customer success
 * works with. What is not declared is unknown to Waymark, not empty. `probe` checks it against the account.
 */
export const declarationSchema = z.object({
  customers: z
    .object({
      property: propertyName.default('lifecyclestage'),
      /** Internal values, never labels: a company with one of them is a customer. */
      values: z.array(z.string().max(200)).min(1).max(100).default(['customer', 'evangelist']),
    })
    .prefault({}),
  /** Company properties by what they hold. */
  properties: z
    .object({
      /** The CSM: a property of kind "HubSpot user" (an owner id) or one that holds an e-mail address. */
      csm: propertyName.optional(),
      renewalDate: propertyName.optional(),
      value: propertyName.optional(),
      tier: propertyName.optional(),
      customerSince: propertyName.optional(),
      /** Its history becomes `crm.property_changed`, by which milestones of an onboarding are known. */
      onboardingStatus: propertyName.optional(),
      /** The stage whose history becomes `crm.stage_changed`. */
      stage: propertyName.default('lifecyclestage'),
      /** Further properties whose history is wanted as `crm.property_changed`. */
      watch: z.array(propertyName).max(20).default([]),
    })
    .prefault({}),
  contacts: z
    .object({
      persona: propertyName.default('hs_buying_role'),
      /** Values of that property that make a champion. */
      championValues: z.array(z.string().max(200)).max(50).default(['CHAMPION', 'champion']),
      /** A date property that tells when a person left the customer. */
      leftDate: propertyName.optional(),
    })
    .prefault({}),
  deals: z
    .object({
      /** Pipeline id or label to what its deals are about. Without an entry the label tells: "renew", "expan", "upsell". */
      pipelineKinds: z.record(z.string(), dealKind).default({}),
    })
    .prefault({}),
  tickets: z
    .object({
      /** Ids or labels of stages that mean an escalation. Without any, a label that contains "escalat" does. */
      escalatedStages: z.array(z.string().max(200)).max(50).default([]),
    })
    .prefault({}),
  meetings: z
    .object({
      /** Outcomes that the account added to HubSpot's own, each with what it means. What is not named says nothing of a meeting. */
      outcomes: z.record(z.string().max(200), z.enum(['held', 'no_show', 'canceled'])).default({}),
    })
    .prefault({}),
  /** Reads the app's journal of changes, which wants scopes of the app itself; without it search alone finds what changed. */
  journal: z.boolean().default(false),
  /** Keeps the subjects of mails, meetings and tickets. */
  keepSubjects: z.boolean().default(false),
});

export type Declaration = z.infer<typeof declarationSchema>;

const parsed = new WeakMap<object, Declaration>();

/** The declaration within an installation's settings, defaults filled in; parsed once for each settings object. */
export function declarationOf(settings: Readonly<Record<string, unknown>>): Declaration {
  const known = parsed.get(settings) ?? declarationSchema.parse(settings);
  parsed.set(settings, known);
  return known;
}
