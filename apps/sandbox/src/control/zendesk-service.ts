import type { ZendeskHandle } from '../zendesk/handle.ts';
import { seedFromWorld } from '../zendesk/seed.ts';
import type { ZendeskState } from '../zendesk/state.ts';
import { createZendesk } from '../zendesk/zendesk.ts';
import { UnknownActError } from './service.ts';
import { instance, journalOf, registered, serve, standing, type Running, type ServiceOptions } from './serving.ts';

/** Starts Zendesk with the tickets that the stack puts there and a second help desk, or with what an earlier run kept. */
export async function startZendesk(options: ServiceOptions): Promise<Running<ZendeskHandle>> {
  const journal = journalOf<ZendeskState>('zendesk', options);
  const kept = await journal.load();
  const { caps, autoConsent, now, world, stack } = options;
  const { definition, handle, front } = createZendesk({
    caps,
    autoConsent,
    now,
    seed: kept ? { accounts: [] } : seedFromWorld(world, stack.tickets.zendesk),
    onMutate: () => journal.touch(),
  });
  const served = await serve({ name: 'zendesk', create: instance(definition, kept), journal, ...front }, options.port);
  return {
    ...standing('zendesk', handle, served, journal),
    apps: () => Object.keys(handle.state.oauth.apps),
    registerApp: (app) => handle.registerApp(registered(app, handle.state.oauth.apps[app.clientId])),
    act: ({ act, tenant }) => {
      if (act === 'revoke') handle.revoke(tenant);
      else if (act === 'expire-access') handle.expireAccess(tenant);
      else if (act === 'expire-cursors') handle.expireCursors(tenant);
      else throw new UnknownActError('zendesk', act);
    },
    peak: () => Object.fromEntries(handle.subdomains.map((subdomain) => [subdomain, handle.peak(subdomain)])),
  };
}
