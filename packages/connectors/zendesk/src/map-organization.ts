import type { MapContext, Mapped } from '@waymark/connector-kit';
import { z } from 'zod';
import type { Identified } from './ticket-record.ts';

/** An organization as it is kept: without notes, details and fields. https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#json-format */
export const organizationRow = z.looseObject({
  id: z.number().int(),
  url: z.string().optional(),
  name: z.string().nullish(),
  domain_names: z.array(z.string()).nullish(),
  updated_at: z.string().nullish(),
});
export type OrganizationRow = z.infer<typeof organizationRow>;

const KEPT = ['id', 'url', 'name', 'domain_names', 'updated_at'] as const;

/** Leaves out of a row what is not wanted of an organization. */
export function keptOrganization(row: Identified): Record<string, unknown> {
  return Object.fromEntries(KEPT.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]));
}

/**
 * An organization as an account with its mail domains. A help desk does not know who is a customer: that is declared in the CRM, whose
 * account it joins by domain.
 */
export function mapOrganization(organization: OrganizationRow, _context: MapContext): Mapped {
  const domains = domainsOf(organization);
  const url = URL.parse(organization.url ?? '');
  const name = organization.name?.trim() || domains[0] || `Organization ${organization.id}`;
  const page =
    url === null || url.protocol !== 'https:' ? {} : { url: `${url.origin}/agent/organizations/${organization.id}` };
  return {
    outcome: 'stored',
    events: [],
    entities: [
      {
        kind: 'account',
        externalId: String(organization.id),
        name: name.slice(0, 500),
        domains,
        isCustomer: false,
        ...page,
      },
    ],
    ...page,
  };
}

/** Zendesk takes whole addresses among the domains as well; one of those says nothing of the rest of its domain. */
function domainsOf(organization: OrganizationRow): string[] {
  const all = (organization.domain_names ?? []).map((domain) =>
    domain
      .trim()
      .toLowerCase()
      .replace(/^\*?\./, ''),
  );
  const usable = all.filter((domain) => /^[^\s@/]+\.[^\s@/]+$/.test(domain) && domain.length <= 255);
  return [...new Set(usable)].slice(0, 200);
}
