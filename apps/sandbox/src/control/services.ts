import { worldOf } from '../company/stack.ts';
import { createGoogle, type GoogleHandle } from '../google/google.ts';
import { seedFromWorld as googleSeed } from '../google/seed.ts';
import type { GoogleState } from '../google/state.ts';
import type { HubSpotHandle } from '../hubspot/handle.ts';
import { createHubSpot } from '../hubspot/hubspot.ts';
import { seedFromWorld as hubspotSeed } from '../hubspot/seed.ts';
import type { HubSpotState } from '../hubspot/state.ts';
import type { SlackHandle } from '../slack/handle.ts';
import { seedFromWorld as slackSeed } from '../slack/seed.ts';
import { createSlack } from '../slack/slack.ts';
import type { SlackState } from '../slack/state.ts';
import { secondGoogleUser } from './second-tenant.ts';
import { demoApp, UnknownActError } from './service.ts';
import { instance, journalOf, registered, serve, standing, type Running, type ServiceOptions } from './serving.ts';

/** Starts Google with the sample mailboxes and calendars, or with what an earlier run kept. */
export async function startGoogle(options: ServiceOptions): Promise<Running<GoogleHandle>> {
  const journal = journalOf<GoogleState>('google', options);
  const kept = await journal.load();
  const { caps, autoConsent, now, world, stack } = options;
  const own = kept ? [] : googleSeed(world, stack.mailboxes.google).users;
  const seed = { users: kept ? [] : [...own, secondGoogleUser(world.anchor)] };
  const google = createGoogle({ caps, autoConsent, now, seed, onChange: () => journal.touch() });
  const { handle, faultBody, tenantOf } = google;
  const served = await serve(
    { name: 'google', create: instance(google.definition, kept), faultBody, tenantOf, journal, state: handle.state },
    options.port,
  );
  const apps = (): GoogleState['oauth']['apps'] => handle.state().oauth.apps;
  return {
    ...standing('google', handle, served, journal),
    apps: () => Object.keys(apps()),
    registerApp: (app) => handle.registerApp(registered(app, apps()[app.clientId])),
    act: ({ act, tenant }) => {
      if (act === 'revoke') handle.revokeUser(tenant);
      else if (act === 'expire-access') handle.expireAccess(tenant);
      else if (act === 'expire-cursors') {
        handle.expireHistory(tenant);
        handle.expireSyncTokens(tenant);
      } else throw new UnknownActError('google', act);
    },
    peak: () => handle.peaks(),
  };
}

/** Starts HubSpot with the sample portal and a second one, or with what an earlier run kept. */
export async function startHubSpot(options: ServiceOptions): Promise<Running<HubSpotHandle>> {
  const journal = journalOf<HubSpotState>('hubspot', options);
  const kept = await journal.load();
  const { caps, autoConsent, now, world, stack } = options;
  const part = { accounts: stack.accounts.hubspot, tickets: stack.tickets.hubspot };
  const seed = kept ? { portals: [] } : hubspotSeed(worldOf(world, part));
  const { definition, handle, front } = createHubSpot({
    caps,
    autoConsent,
    now,
    seed,
    onMutate: () => journal.touch(),
  });
  const served = await serve({ name: 'hubspot', create: instance(definition, kept), journal, ...front }, options.port);
  return {
    ...standing('hubspot', handle, served, journal),
    apps: () => Object.keys(handle.state.apps),
    registerApp: (app) => {
      const old = handle.state.apps[app.clientId];
      const hook = app.webhookUrl ?? old?.webhookUrl;
      const types = app.subscriptions ?? old?.subscriptions;
      handle.registerApp({
        ...registered(app, handle.state.oauth.apps[app.clientId]),
        ...(hook === undefined ? {} : { webhookUrl: hook }),
        ...(types === undefined ? {} : { subscriptions: types }),
      });
    },
    act: ({ act, tenant }) => {
      if (act === 'revoke') handle.revoke(Number(tenant));
      else if (act === 'expire-access') handle.expireAccess(Number(tenant));
      else throw new UnknownActError('hubspot', act);
    },
    peak: () => Object.fromEntries(handle.portalIds.map((portal) => [portal, handle.peak(portal)])),
  };
}

/** Starts Slack with the sample team and a second one, or with what an earlier run kept. */
export async function startSlack(options: ServiceOptions): Promise<Running<SlackHandle>> {
  const journal = journalOf<SlackState>('slack', options);
  const kept = await journal.load();
  const { caps, autoConsent, now, world } = options;
  const slack = createSlack({ caps, autoConsent, now, seed: slackSeed(world) });
  const { definition, handle, front } = slack;
  handle.onChange(() => journal.touch());
  const served = await serve({ name: 'slack', create: instance(definition, kept), journal, ...front }, options.port);
  const appOf = (clientId: string): SlackState['apps'][string] | undefined =>
    Object.values(handle.workspace.state.apps).find((app) => app.clientId === clientId);
  return {
    ...standing('slack', handle, served, journal),
    apps: () => Object.values(handle.workspace.state.apps).map((app) => app.clientId),
    registerApp: (app) => {
      const old = appOf(app.clientId);
      const target = app.requestUrl ?? old?.requestUrl;
      handle.registerApp({
        ...(old ? { commands: old.commands, events: old.events } : {}),
        ...registered(app, old),
        signingSecret: app.signingSecret ?? old?.signingSecret ?? demoApp.signingSecret,
        ...(target === undefined ? {} : { requestUrl: target }),
      });
      journal.touch();
    },
    act: ({ act, tenant }) => {
      if (act === 'revoke') handle.revokeTokens(tenant);
      else if (act === 'invite') inviteBots(handle, tenant);
      else throw new UnknownActError('slack', act);
      journal.touch();
    },
    peak: () =>
      handle.window.totals().map((total) => ({
        ...total,
        peakPerSecond: handle.window.peak(total.key, 1000),
        peakPerMinute: handle.window.peak(total.key, 60_000),
      })),
  };
}

/** Puts the bots of a team into its channels that are shared with a customer, as a person does by /invite. */
function inviteBots(handle: SlackHandle, team: string): void {
  const { users, channels } = handle.workspace.state;
  const bots = Object.values(users).filter((user) => user.isBot && user.team === team);
  for (const channel of Object.values(channels)) {
    if (channel.team !== team || channel.sharedWith === undefined) continue;
    for (const bot of bots) if (!channel.members.includes(bot.id)) handle.invite(channel.id, bot.id);
  }
}
