import { z } from 'zod';

/** The API name of a field, such as `Renewal_Date__c`. */
const fieldName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,79}$/, 'Give the API name of a field, such as Renewal_Date__c');

const dealKind = z.enum(['new', 'renewal', 'expansion']);
export type DealKind = z.infer<typeof dealKind>;

const outcomes = z.array(z.string().max(255)).max(50);

/**
 * What an admin declares of a Salesforce org: the same keys as for HubSpot, with API names of fields. What is not declared is unknown
 * to Waymark, not empty. `probe` checks it against what the connected user may see.
 */
export const declarationSchema = z.object({
  customers: z
    .object({
      property: fieldName.default('Type'),
      /** API values, never labels: an account with one of them is a customer. */
      values: z
        .array(z.string().max(255))
        .min(1)
        .max(100)
        .default(['Customer', 'Customer - Direct', 'Customer - Channel']),
    })
    .prefault({}),
  /** Account fields by what they hold. */
  properties: z
    .object({
      /** The CSM: a lookup to a user, or a field that holds an e-mail address. */
      csm: fieldName.optional(),
      renewalDate: fieldName.optional(),
      value: fieldName.optional(),
      tier: fieldName.optional(),
      customerSince: fieldName.optional(),
      /** Its history becomes `crm.property_changed`, by which milestones of an onboarding are known. */
      onboardingStatus: fieldName.optional(),
      /** The stage whose history becomes `crm.stage_changed`. */
      stage: fieldName.default('Type'),
      /** Further mail domains of the account, separated by semicolon, comma or blank. */
      domains: fieldName.optional(),
      /** Further fields whose history is wanted as `crm.property_changed`. */
      watch: z.array(fieldName).max(20).default([]),
    })
    .prefault({}),
  contacts: z
    .object({
      persona: fieldName.optional(),
      /** Values of that field that make a champion. */
      championValues: z.array(z.string().max(255)).max(50).default(['CHAMPION', 'Champion', 'champion']),
      /** A date field that tells when a person left the customer. */
      leftDate: fieldName.optional(),
      /** Fields that hold further e-mail addresses of the person. */
      addresses: z.array(fieldName).max(10).default([]),
    })
    .prefault({}),
  deals: z
    .object({
      /** Record type (id, name or developer name) or opportunity type to what it is about. Without an entry the words tell: "renew", "expan", "upsell". */
      pipelineKinds: z.record(z.string(), dealKind).default({}),
    })
    .prefault({}),
  tickets: z
    .object({
      /** Case statuses that mean an escalation. Without any, a status that contains "escalat" does. */
      escalatedStages: z.array(z.string().max(255)).max(50).default([]),
    })
    .prefault({}),
  meetings: z
    .object({
      /** A picklist of events that holds what became of the meeting; Salesforce has none by itself. */
      outcome: fieldName.optional(),
      held: outcomes.default(['COMPLETED', 'Completed', 'Held']),
      noShow: outcomes.default(['NO_SHOW', 'No Show', 'No-Show']),
      canceled: outcomes.default(['CANCELED', 'Canceled', 'Cancelled']),
      /** A field of events that holds the calendar's iCalUID, where a tool writes one. */
      iCalUid: fieldName.optional(),
    })
    .prefault({}),
  quota: z
    .object({
      /** Waymark's part of the org's daily API calls. */
      share: z.number().min(0.01).max(1).default(0.2),
      /** The part of all calls, whoever made them, above which reading waits. */
      stopAbove: z.number().min(0.1).max(1).default(0.8),
    })
    .prefault({}),
  /** From how many records on an object is first read by Bulk API 2.0. */
  bulkFrom: z.number().int().min(1).default(10_000),
  /** Keeps the subjects of mails, meetings and cases. */
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
