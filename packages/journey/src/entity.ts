import { z } from 'zod';
import { instant } from './event.ts';

/** Fields of an account whose past a CRM tells in dated changes, by the role that these have. */
export const datedField = z.enum(['tier', 'value', 'renewalDate']);
export type DatedField = z.infer<typeof datedField>;

/** A reference to one of the vendor's own people as a CRM names them: an e-mail address, or the CRM's owner id. */
export const memberRef = z.object({
  email: z.string().max(320).optional(),
  ownerId: z.string().max(200).optional(),
});
export type MemberRef = z.infer<typeof memberRef>;

/**
 * What a CRM says of a company now. Missing keys are unknown, not empty. `isCustomer` follows the installation's
 * declaration; risk rules apply to customers alone.
 */
export const accountFact = z.object({
  kind: z.literal('account'),
  externalId: z.string().min(1).max(500),
  name: z.string().max(500),
  /** Mail domains in lower case, the main one first. */
  domains: z.array(z.string().max(255)).max(200),
  isCustomer: z.boolean(),
  /** The CSM named by the declared property; the owner counts only where none is named. */
  csm: memberRef.optional(),
  owner: memberRef.optional(),
  customerSince: instant.optional(),
  renewalAt: instant.optional(),
  /** Annual value in the CRM's own currency. */
  value: z.number().optional(),
  currency: z.string().max(10).optional(),
  tier: z.string().max(100).optional(),
  /** Fields of which dated changes tell all that they ever were: what one is now says nothing of before. */
  dated: z.array(datedField).max(3).optional(),
  /** The CRM's own lifecycle stage (internal value). */
  crmStage: z.string().max(200).optional(),
  parentExternalId: z.string().max(500).optional(),
  /** Ids of records that were merged into this one (failure B6). */
  mergedIds: z.array(z.string().max(500)).max(1000).optional(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  url: z.string().max(2000).optional(),
});
export type AccountFact = z.infer<typeof accountFact>;

/** What a CRM says of a person at a customer. */
export const contactFact = z.object({
  kind: z.literal('contact'),
  externalId: z.string().min(1).max(500),
  name: z.string().max(500).optional(),
  title: z.string().max(500).optional(),
  persona: z.string().max(100).optional(),
  /** Lower-case e-mail addresses, the main one first. */
  addresses: z.array(z.string().max(320)).max(100),
  /** CRM ids of companies, the primary one first. */
  accountExternalIds: z.array(z.string().max(500)).max(1000),
  leftAt: instant.optional(),
  mergedIds: z.array(z.string().max(500)).max(1000).optional(),
});
export type ContactFact = z.infer<typeof contactFact>;

/** One of the vendor's own people as a CRM user. */
export const ownerFact = z.object({
  kind: z.literal('owner'),
  externalId: z.string().min(1).max(200),
  email: z.string().max(320).optional(),
  name: z.string().max(500).optional(),
  active: z.boolean(),
});
export type OwnerFact = z.infer<typeof ownerFact>;

/** A fact about who exists, as opposed to what happened. */
export const entityFact = z.discriminatedUnion('kind', [accountFact, contactFact, ownerFact]);
export type EntityFact = z.infer<typeof entityFact>;
