import type { SalesforceHandle } from '../salesforce/handle.ts';
import { createSalesforce } from '../salesforce/salesforce.ts';
import { seedFromWorld } from '../salesforce/seed.ts';
import type { SalesforceState } from '../salesforce/state.ts';
import { UnknownActError } from './service.ts';
import { instance, journalOf, registered, serve, standing, type Running, type ServiceOptions } from './serving.ts';

/** Starts Salesforce with the accounts that the stack puts there and a second org, or with what an earlier run kept. */
export async function startSalesforce(options: ServiceOptions): Promise<Running<SalesforceHandle>> {
  const journal = journalOf<SalesforceState>('salesforce', options);
  const kept = await journal.load();
  const { caps, autoConsent, now, world, stack } = options;
  const part = { accounts: stack.accounts.salesforce, cases: stack.tickets.salesforce.length > 0 };
  const seed = kept ? { orgs: [] } : seedFromWorld(world, part);
  const { definition, handle, front } = createSalesforce({
    caps,
    autoConsent,
    now,
    seed,
    onMutate: () => journal.touch(),
  });
  const served = await serve(
    { name: 'salesforce', create: instance(definition, kept), journal, ...front },
    options.port,
  );
  const apps = (): SalesforceState['oauth']['apps'] => handle.state.oauth.apps;
  return {
    ...standing('salesforce', handle, served, journal),
    apps: () => Object.keys(apps()),
    registerApp: (app) => handle.registerApp(registered(app, apps()[app.clientId])),
    act: ({ act, tenant }) => {
      if (act === 'revoke') handle.revoke(tenant);
      else if (act === 'expire-access') handle.expireAccess(tenant);
      else if (act === 'expire-cursors') handle.expireLocators();
      else throw new UnknownActError('salesforce', act);
    },
    peak: () => Object.fromEntries(handle.orgIds.map((org) => [org, handle.peak(org)])),
  };
}
