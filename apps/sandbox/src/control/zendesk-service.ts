import type { ZendeskHandle } from '../zendesk/handle.ts';
import { seedFromWorld } from '../zendesk/seed.ts';
import type { ZendeskState } from '../zendesk/state.ts';
import { createZendesk } from '../zendesk/zendesk.ts';
import { demoApp, UnknownActError } from './service.ts';
import { instance, journalOf, serve, type Running, type ServiceOptions } from './serving.ts';

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
    name: 'zendesk',
    handle,
    url: served.url,
    port: served.port,
    faults: served.faults,
    apps: () => Object.keys(handle.state.oauth.apps),
    registerApp: ({ clientId, clientSecret, name, redirectUris }) => {
      const old = handle.state.oauth.apps[clientId];
      handle.registerApp({
        clientId,
        clientSecret: clientSecret ?? old?.clientSecret ?? demoApp.clientSecret,
        redirectUris: redirectUris ?? old?.redirectUris ?? [],
        name: name ?? old?.name ?? demoApp.name,
      });
    },
    act: ({ act, tenant }) => {
      if (act === 'revoke') handle.revoke(tenant);
      else if (act === 'expire-access') handle.expireAccess(tenant);
      else if (act === 'expire-cursors') handle.expireCursors(tenant);
      else throw new UnknownActError('zendesk', act);
    },
    peak: () => Object.fromEntries(handle.subdomains.map((subdomain) => [subdomain, handle.peak(subdomain)])),
    unknownPaths: () => handle.unknownPaths,
    touch: () => journal.touch(),
    close: served.close,
  };
}
