import { createMicrosoft, type MicrosoftHandle } from '../microsoft/microsoft.ts';
import { seedFromWorld } from '../microsoft/seed.ts';
import type { MicrosoftState } from '../microsoft/state.ts';
import { secondMicrosoftTenant } from './second-tenant.ts';
import { demoApp, UnknownActError } from './service.ts';
import { instance, journalOf, registered, serve, standing, type Running, type ServiceOptions } from './serving.ts';

/** Starts Microsoft with the mailboxes and calendars that the stack puts there and a second tenant, or with what an earlier run kept. */
export async function startMicrosoft(options: ServiceOptions): Promise<Running<MicrosoftHandle>> {
  const journal = journalOf<MicrosoftState>('microsoft', options);
  const kept = await journal.load();
  const { caps, autoConsent, now, world, stack } = options;
  const part = { mailboxes: stack.mailboxes.microsoft, clientId: demoApp.clientId };
  const seed = kept
    ? { tenants: [] }
    : { tenants: [...seedFromWorld(world, part).tenants, secondMicrosoftTenant(world.anchor)] };
  const { definition, handle, faultBody, tenantOf } = createMicrosoft({
    caps,
    autoConsent,
    now,
    seed,
    onChange: () => journal.touch(),
  });
  const served = await serve(
    { name: 'microsoft', create: instance(definition, kept), faultBody, tenantOf, journal, state: handle.state },
    options.port,
  );
  const apps = (): MicrosoftState['oauth']['apps'] => handle.state().oauth.apps;
  return {
    ...standing('microsoft', handle, served, journal),
    apps: () => Object.keys(apps()),
    registerApp: (app) => handle.registerApp(registered(app, apps()[app.clientId])),
    act: ({ act, tenant }) => {
      if (act === 'revoke') handle.revokeUser(tenant);
      else if (act === 'expire-access') handle.expireAccess(tenant);
      else if (act === 'expire-cursors') handle.expireDelta(tenant);
      else throw new UnknownActError('microsoft', act);
    },
    peak: () => handle.peaks(),
  };
}
