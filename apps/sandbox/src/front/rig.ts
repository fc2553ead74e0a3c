import { createEmulator, type EmulatorDefinition } from 'emulate';
import type { FaultPlan } from './faults.ts';
import { Journal } from './journal.ts';
import { serveEmulator, type ServeOptions } from './serve.ts';

/** The OAuth app of every rig. */
export const RIG_APP = {
  clientId: 'rig-client',
  clientSecret: 'rig-secret',
  redirectUris: ['http://localhost:9/callback'],
} as const;

/** A service as it is made, before it is served. */
interface Service<State extends object, Handle> {
  readonly definition: EmulatorDefinition<State>;
  readonly handle: Handle;
  readonly front: Pick<ServeOptions<State>, 'faultBody' | 'tenantOf' | 'exempt' | 'state' | 'log'>;
}

/** A service behind a real server, for tests of it. */
export interface Rig<Handle> {
  readonly url: string;
  readonly handle: Handle;
  readonly faults: FaultPlan;
  /** The rig's clock: real time, or the instant at which it stands, plus what a test adds. */
  readonly clock: { offset: number; standsAt?: number | undefined };
  /** The rig's time, epoch ms. */
  now(): number;
  /** Back to the seed, and furnished anew. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves a service on loopback. `file` keeps its state over restarts; what `furnish` adds to the seed is added where no state was kept,
 * and after each reset.
 */
export async function serveRig<State extends object, Handle>(options: {
  readonly name: string;
  readonly file: string | undefined;
  readonly create: (now: () => number, touch: () => void) => Service<State, Handle>;
  readonly furnish: (handle: Handle) => void;
}): Promise<Rig<Handle>> {
  const clock: Rig<Handle>['clock'] = { offset: 0 };
  const now = (): number => (clock.standsAt ?? Date.now()) + clock.offset;
  const journal = new Journal<State>({ file: options.file });
  const { definition, handle, front } = options.create(now, () => journal.touch());
  const kept = await journal.load();
  const served = await serveEmulator({
    name: options.name,
    create: (baseUrl) =>
      createEmulator({ service: definition, listen: false, baseUrl, ...(kept === undefined ? {} : { seed: kept }) }),
    journal,
    ...front,
  });
  if (kept === undefined) options.furnish(handle);
  return {
    url: served.url,
    handle,
    faults: served.faults,
    clock,
    now,
    reset: async () => {
      await served.instance.reset();
      options.furnish(handle);
    },
    close: () => served.close(),
  };
}
