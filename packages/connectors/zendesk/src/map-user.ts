import type { MapContext, Mapped } from '@waymark/connector-kit';
import type { ContactFact } from '@waymark/journey';
import { z } from 'zod';
import type { Identified } from './ticket-record.ts';

const LONGEST_ADDRESS = 320;

/** A user as it is kept: without notes, details, photo and fields that people fill. https://developer.zendesk.com/api-reference/ticketing/users/users/#json-format */
export const userRow = z.looseObject({
  id: z.number().int(),
  url: z.string().optional(),
  name: z.string().nullish(),
  email: z.string().nullish(),
  role: z.string().nullish(),
  organization_id: z.number().int().nullish(),
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
  active: z.boolean().nullish(),
  suspended: z.boolean().nullish(),
  /** Further addresses, from the user's identities. */
  addresses: z.array(z.string()).default([]),
});
export type UserRow = z.infer<typeof userRow>;

const KEPT = [
  'id',
  'url',
  'name',
  'email',
  'role',
  'organization_id',
  'created_at',
  'updated_at',
  'active',
  'suspended',
] as const;

/** Leaves out of a row what is not wanted of a person. */
export function keptUser(row: Identified, addresses: readonly string[]): Record<string, unknown> {
  const kept = KEPT.filter((name) => row[name] !== undefined).map((name): [string, unknown] => [name, row[name]]);
  return { ...Object.fromEntries(kept), addresses };
}

/**
 * An end user as a person of an organization; an agent as one of the vendor's own people. That somebody is new is told by the CRM: a
 * help desk makes a user of whoever writes once.
 */
export function mapUser(user: UserRow, _context: MapContext): Mapped {
  const url = pageOf(user);
  const name = user.name?.trim().slice(0, 500);
  if (user.role === 'agent' || user.role === 'admin') {
    const email = addressesOf(user)[0];
    return {
      outcome: 'stored',
      events: [],
      entities: [
        {
          kind: 'owner',
          externalId: String(user.id),
          active: user.active !== false && user.suspended !== true,
          ...(email === undefined ? {} : { email }),
          ...(name ? { name } : {}),
        },
      ],
      ...url,
    };
  }
  if (user.suspended === true) return { outcome: 'ignored', reason: 'suspended' };
  const contact: ContactFact = {
    kind: 'contact',
    externalId: String(user.id),
    addresses: addressesOf(user),
    accountExternalIds: user.organization_id ? [String(user.organization_id)] : [],
    ...(name ? { name } : {}),
  };
  return { outcome: 'stored', entities: [contact], events: [], ...url };
}

function addressesOf(user: UserRow): string[] {
  const all = [...(user.email ? [user.email] : []), ...user.addresses].map((address) => address.trim().toLowerCase());
  return [...new Set(all)].filter((one) => one.includes('@') && one.length <= LONGEST_ADDRESS).slice(0, 100);
}

/** `https://acme.zendesk.com/api/v2/users/7.json` is `https://acme.zendesk.com/agent/users/7` to a person. */
function pageOf(user: UserRow): { url?: string } {
  const url = URL.parse(user.url ?? '');
  return url === null || url.protocol !== 'https:' ? {} : { url: `${url.origin}/agent/users/${user.id}` };
}
