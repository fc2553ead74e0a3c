import type { Connector, ExternalAccount } from '@waymark/connector-kit';
import { classify } from './classify.ts';
import { ZendeskClient, type Me } from './client.ts';
import { hint } from './hint.ts';
import { manifest } from './manifest.ts';
import { organizationStream } from './organization-stream.ts';
import { probe } from './probe.ts';
import { push } from './push.ts';
import { ratingStream } from './rating-stream.ts';
import { settingsSchema, SUBDOMAIN } from './settings.ts';
import { ticketStream } from './ticket-stream.ts';
import { userStream } from './user-stream.ts';

/** Zendesk: tickets with their course, organizations, people and ratings as journey events. */
export const zendesk: Connector<ZendeskClient> = {
  manifest,
  settings: settingsSchema,
  connect: (session) => Promise.resolve(new ZendeskClient(session)),
  identify: async (client) => accountOf(client, await client.me()),
  streams: [organizationStream, userStream, ticketStream, ratingStream],
  classify,
  hint,
  push,
  probe,
};

/**
 * The account is its subdomain, as Zendesk itself writes it in the address of the signed-in user: what was typed at install may be the
 * name of another account that the person can sign in to (failure B7).
 */
function accountOf(client: ZendeskClient, me: Me): ExternalAccount {
  const host = URL.parse(me.url ?? '')?.hostname ?? '';
  const told = host.endsWith('.zendesk.com') ? host.slice(0, -'.zendesk.com'.length) : undefined;
  const subdomain = told !== undefined && SUBDOMAIN.test(told) ? told : client.settings.subdomain;
  if (subdomain === undefined) throw new Error('Zendesk did not tell the subdomain of the account');
  return {
    externalAccountId: subdomain,
    label: `Zendesk ${subdomain}`,
    ...(me.iana_time_zone ? { timezone: me.iana_time_zone } : {}),
  };
}
