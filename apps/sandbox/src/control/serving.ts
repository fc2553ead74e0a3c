import { join } from 'node:path';
import { createEmulator, type CustomEmulator, type EmulatorDefinition } from 'emulate';
import type { Stack } from '../company/stack.ts';
import type { World } from '../company/world.ts';
import { Journal } from '../front/journal.ts';
import type { OAuthApp } from '../front/oauth.ts';
import { serveEmulator, type Served, type ServeOptions } from '../front/serve.ts';
import { demoApp, type AppRegistration, type RunningService, type ServiceName } from './service.ts';

export interface ServiceOptions {
  readonly world: World;
  /** Which part of the sample lives where. */
  readonly stack: Stack;
  readonly caps: 'vendor' | 'generous';
  readonly autoConsent: boolean;
  readonly now: () => number;
  /** The folder that keeps each service's state. */
  readonly home?: string | undefined;
  /** The port to listen on; a free one if it is taken or not given. */
  readonly port?: number | undefined;
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface Running<Handle> extends RunningService {
  readonly handle: Handle;
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
}

/** Serves on the wanted port, or on a free one where that is taken. */
export async function serve<State extends object>(
  options: ServeOptions<State>,
  port: number | undefined,
): Promise<Served<State>> {
  if (port === undefined) return serveEmulator(options);
  try {
    return await serveEmulator({ ...options, port });
  } catch (error) {
    if (!isTaken(error)) throw error;
    return serveEmulator(options);
  }
}

/** Where a service keeps its state: a file of its name in the home. */
export function journalOf<State extends object>(name: ServiceName, { home, onError }: ServiceOptions): Journal<State> {
  return new Journal<State>({
    ...(home === undefined ? {} : { file: join(home, `${name}.json`) }),
    ...(onError ? { onError } : {}),
  });
}

/** What makes an emulator once its address is known, from its kept state where there is one. */
export function instance<State extends object>(
  definition: EmulatorDefinition<State>,
  kept: State | undefined,
): (baseUrl: string) => Promise<CustomEmulator<State>> {
  return (baseUrl) =>
    createEmulator({ service: definition, listen: false, baseUrl, ...(kept === undefined ? {} : { seed: kept }) });
}

/** What every service gives in the same way once it is served. */
export function standing<Handle extends { readonly unknownPaths: readonly string[] }, State extends object>(
  name: ServiceName,
  handle: Handle,
  served: Served<State>,
  journal: Journal<State>,
): Pick<Running<Handle>, 'name' | 'handle' | 'url' | 'port' | 'faults' | 'unknownPaths' | 'touch' | 'close'> {
  return {
    name,
    handle,
    url: served.url,
    port: served.port,
    faults: served.faults,
    unknownPaths: () => handle.unknownPaths,
    touch: () => journal.touch(),
    close: served.close,
  };
}

interface RegisteredApp extends Required<OAuthApp> {
  readonly redirectUris: string[];
}

/** An app as it is registered from now on: what is left out keeps the value it had, or the demo's. */
export function registered(app: AppRegistration, old: OAuthApp | undefined): RegisteredApp {
  return {
    clientId: app.clientId,
    clientSecret: app.clientSecret ?? old?.clientSecret ?? demoApp.clientSecret,
    redirectUris: [...(app.redirectUris ?? old?.redirectUris ?? [])],
    name: app.name ?? old?.name ?? demoApp.name,
  };
}
