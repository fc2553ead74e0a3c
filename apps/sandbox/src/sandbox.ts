import { generateWorld } from './company/generate.ts';
import { createLive, type Live } from './company/live.ts';
import { stackOf, type Stack, type StackName } from './company/stack.ts';
import type { Story, World } from './company/world.ts';
import { serveControl } from './control/control-server.ts';
import { readHome, refuseRunning, writeHome } from './control/home.ts';
import { liveTarget } from './control/live-target.ts';
import { demoApp, type RunningService } from './control/service.ts';
import { startMicrosoft } from './control/microsoft-service.ts';
import { startSalesforce } from './control/salesforce-service.ts';
import { startGoogle, startHubSpot, startSlack } from './control/services.ts';
import type { Running } from './control/serving.ts';
import { startZendesk } from './control/zendesk-service.ts';
import type { GoogleHandle } from './google/google.ts';
import type { HubSpotHandle } from './hubspot/handle.ts';
import type { MicrosoftHandle } from './microsoft/microsoft.ts';
import type { SalesforceHandle } from './salesforce/handle.ts';
import type { SlackHandle } from './slack/handle.ts';
import type { ZendeskHandle } from './zendesk/handle.ts';

export interface SandboxPorts {
  readonly google: number;
  readonly hubspot: number;
  readonly slack: number;
  readonly microsoft: number;
  readonly salesforce: number;
  readonly zendesk: number;
  readonly control: number;
}

export interface SandboxOptions {
  /** The folder that keeps the state across restarts; memory only without it. */
  readonly home?: string;
  /** Decides the sample company; 7 without it. A kept home's own seed wins. */
  readonly seed?: number;
  /** Whose products the sample company uses; Google and HubSpot without it. A kept home's own stack wins. */
  readonly stack?: StackName;
  /** Epoch milliseconds at which the sample ends; the first start without it. A kept home's own anchor wins. */
  readonly anchor?: number;
  /** Consent pages redirect at once when the request names the account; false without it. */
  readonly autoConsent?: boolean;
  /** Rate caps: the vendors' own (the default), or generous ones for a first look. */
  readonly caps?: 'vendor' | 'generous';
  /** Lets time go on: something happens every few seconds; false without it. */
  readonly live?: boolean;
  /** Milliseconds between live steps; 4,000 without it. */
  readonly liveIntervalMs?: number;
  /** Where to listen; the ports kept in the home, else free ones. A port that is taken is replaced by a free one. */
  readonly ports?: Partial<SandboxPorts>;
  readonly now?: () => number;
  /** Told of what went wrong in the background, such as a state that could not be written. */
  readonly onError?: (error: unknown) => void;
}

export interface Sandbox {
  readonly google: Running<GoogleHandle>;
  readonly hubspot: Running<HubSpotHandle>;
  readonly slack: Running<SlackHandle>;
  readonly microsoft: Running<MicrosoftHandle>;
  readonly salesforce: Running<SalesforceHandle>;
  readonly zendesk: Running<ZendeskHandle>;
  readonly control: { readonly url: string };
  readonly urls: Readonly<Record<keyof SandboxPorts, string>>;
  readonly world: World;
  readonly stack: Stack;
  readonly manifest: readonly Story[];
  /** Turns live mode on or off. */
  readonly live: (on: boolean) => void;
  /** One live step now; a line for each thing that happened. */
  readonly tick: () => Promise<readonly string[]>;
  /** Stops everything and writes the state; safe to call twice. */
  readonly close: () => Promise<void>;
}

const DEFAULT_SEED = 7;
const DEFAULT_STACK: StackName = 'google-hubspot';
const LIVE_INTERVAL_MS = 4000;

function registerDemoApp(service: RunningService): void {
  if (!service.apps().includes(demoApp.clientId)) service.registerApp({ clientId: demoApp.clientId });
}

/** Steps live mode by a timer that never keeps the process alive. */
function metronome(
  step: () => Promise<unknown>,
  everyMs: number,
  onError: (error: unknown) => void,
): (on: boolean) => void {
  let timer: NodeJS.Timeout | undefined;
  return (on) => {
    clearInterval(timer);
    timer = on ? setInterval(() => void step().catch(onError), everyMs).unref() : undefined;
  };
}

/**
 * Starts the outside world on loopback: all vendors, of which those of the stack hold the sample company, and a control server. With
 * a home, a second start goes on where the first one was: same anchor, same ports where they are free, same state. Throws
 * SandboxRunningError, HomeUnreadableError or JournalUnreadableError, each of which says what to do.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { home, now = Date.now, caps = 'vendor', autoConsent = false, onError = () => undefined } = options;
  const kept = home === undefined ? undefined : await readHome(home);
  if (home !== undefined && kept) await refuseRunning(home, kept);
  const seed = kept?.seed ?? options.seed ?? DEFAULT_SEED;
  const anchor = kept?.anchor ?? options.anchor ?? now();
  const ports: { readonly [Name in keyof SandboxPorts]?: number | undefined } = { ...kept?.ports, ...options.ports };
  const world = generateWorld({ seed, anchor });
  const stack = stackOf(world, kept?.stack ?? options.stack ?? DEFAULT_STACK);

  const shared = { world, stack, caps, autoConsent, now, home, onError };
  const started: RunningService[] = [];
  const closeServices = async (): Promise<void> => {
    const results = await Promise.allSettled(started.map((service) => service.close()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
  const remember = async <Handle>(starting: Promise<Running<Handle>>): Promise<Running<Handle>> => {
    const service = await starting;
    started.push(service);
    return service;
  };
  try {
    // One after the other: with the ports kept, one service must not take another's.
    const google = await remember(startGoogle({ ...shared, port: ports.google }));
    const hubspot = await remember(startHubSpot({ ...shared, port: ports.hubspot }));
    const slack = await remember(startSlack({ ...shared, port: ports.slack }));
    const microsoft = await remember(startMicrosoft({ ...shared, port: ports.microsoft }));
    const salesforce = await remember(startSalesforce({ ...shared, port: ports.salesforce }));
    const zendesk = await remember(startZendesk({ ...shared, port: ports.zendesk }));
    const services = { google, hubspot, slack, microsoft, salesforce, zendesk };
    for (const service of started) registerDemoApp(service);

    const live: Live = createLive({
      world,
      target: liveTarget(world, stack, {
        google: google.handle,
        hubspot: hubspot.handle,
        microsoft: microsoft.handle,
        salesforce: salesforce.handle,
        zendesk: zendesk.handle,
      }),
      now,
      ...(kept?.live ? { state: kept.live } : {}),
    });
    let closing: Promise<void> | undefined;
    let saving: Promise<void> = Promise.resolve();
    let controlPort = ports.control ?? 0;
    const urls = {
      google: google.url,
      hubspot: hubspot.url,
      slack: slack.url,
      microsoft: microsoft.url,
      salesforce: salesforce.url,
      zendesk: zendesk.url,
      control: '',
    };
    const save = (): Promise<void> => {
      if (home === undefined) return Promise.resolve();
      const bound = {
        google: google.port,
        hubspot: hubspot.port,
        slack: slack.port,
        microsoft: microsoft.port,
        salesforce: salesforce.port,
        zendesk: zendesk.port,
        control: controlPort,
      };
      const state = live.state.step === 0 ? {} : { live: live.state };
      const write = (): Promise<void> =>
        writeHome(home, { pid: process.pid, seed, stack: stack.name, anchor, urls, ports: bound, ...state });
      saving = saving.then(write, write);
      return saving;
    };
    const tick = async (): Promise<readonly string[]> => {
      if (closing) return [];
      const happened = live.step();
      await save();
      return happened;
    };
    let isLive = false;
    const beat = metronome(tick, options.liveIntervalMs ?? LIVE_INTERVAL_MS, onError);
    const turn = (on: boolean): void => {
      isLive = on;
      beat(on);
    };
    const control = await serveControl({
      services: started,
      manifest: world.manifest,
      company: world.vendor,
      stack,
      status: () => ({
        pid: process.pid,
        urls,
        anchor: new Date(anchor).toISOString(),
        seed,
        stack: stack.name,
        caps,
        live: isLive,
        step: live.state.step,
        sample: true,
      }),
      live: { turn, tick },
      port: ports.control,
    });
    urls.control = control.url;
    controlPort = control.port;
    await save();
    turn(options.live ?? false);
    const close = async (): Promise<void> => {
      turn(false);
      await control.close();
      await Promise.all([closeServices(), save()]);
    };
    return {
      ...services,
      control,
      urls,
      world,
      stack,
      manifest: world.manifest,
      live: turn,
      tick,
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await closeServices().catch(onError);
    throw error;
  }
}
