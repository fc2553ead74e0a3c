import { ConnectorFault, type AnyConnector, type Fault, type Stream } from '@waymark/connector-kit';
import { errorCode, openStream, recordFault, streamStates, type GrowingPause } from '@waymark/store';
import { defectOf } from './defect.ts';
import type { RunOptions } from './run.ts';

/** What the next stream would meet as well: a dead grant, a used up quota, a provider that wants to be left alone. */
export const endsRun = (fault: Fault): boolean =>
  fault.kind === 'auth-revoked' || fault.kind === 'quota-exhausted' || resumeOf(fault, 0) !== undefined;

/** Until when a fault asks to be left alone, with its reason, as of `now`; undefined where it does not say. */
export function resumeOf(fault: Fault, now: number): { readonly at: number; readonly reason: string } | undefined {
  if (fault.kind === 'quota-exhausted') return { at: fault.resumeAt, reason: fault.message };
  if (fault.kind === 'rate-limited' && fault.retryAfterMs !== undefined)
    return { at: now + fault.retryAfterMs, reason: fault.message };
  return undefined;
}

/** The partitions of a stream that failed and whose time has not come, with that time; '' where none of them is to be read. */
export async function leftAlone(
  options: RunOptions,
  stream: Stream<unknown, unknown, unknown>,
): Promise<ReadonlyMap<string, number>> {
  const states = await partitionStates(options, stream);
  const now = options.now();
  const left = new Map(
    states.flatMap((state) =>
      state.retryAt !== null && state.retryAt > now ? [[state.partition, state.retryAt] as const] : [],
    ),
  );
  return left.size > 0 && left.size === states.length ? left.set('', Math.min(...left.values())) : left;
}

async function partitionStates(options: RunOptions, { name }: Stream<unknown, unknown, unknown>) {
  const states = await options.database.inWorkspace(options.workspaceId, (tx) =>
    streamStates(tx, options.installation.installationId),
  );
  return states.filter((state) => state.stream === name);
}

/**
 * Records the fault of a stream that did not come to its partitions, as where the provider does not list them for a moment: of those that
 * are known, else of the stream as one. A further one made of it would pass for a history that is still to be read. Returns as `fail`.
 */
export async function failWhole(
  options: RunOptions,
  stream: Stream<unknown, unknown, unknown>,
  fault: Fault,
): Promise<number | null> {
  const known = (await partitionStates(options, stream)).map((state) => ({
    id: state.partition,
    label: state.label ?? stream.name,
  }));
  const times: number[] = [];
  for (const partition of known.length > 0 ? known : [{ id: '', label: stream.name }]) {
    const retryAt = await fail(options, stream, partition, fault);
    if (retryAt !== null) times.push(retryAt);
  }
  return times.length > 0 ? Math.min(...times) : null;
}

/** Records the fault of a stream. Returns until when the clock leaves it alone, epoch ms; null where it does not. */
export async function fail(
  options: RunOptions,
  stream: Stream<unknown, unknown, unknown>,
  partition: { id: string; label: string },
  fault: Fault,
): Promise<number | null> {
  const key = { installationId: options.installation.installationId, stream: stream.name, partition: partition.id };
  return options.database.inWorkspace(options.workspaceId, async (tx) => {
    await openStream(tx, { ...key, label: partition.label, sees: stream.sees ?? [] });
    const pausedReason = fault.kind === 'scope-missing' ? fault.message : null;
    const pause = pauseAfter(fault, options.pause);
    return recordFault(tx, key, { kind: fault.kind, message: fault.message, pausedReason }, options.now(), pause);
  });
}

/** The pause after a fault; none where the provider says itself when to come back, or where looking costs nothing but the poll's call. */
export function pauseAfter(fault: Fault, pause: GrowingPause): GrowingPause | undefined {
  return fault.kind === 'scope-missing' || resumeOf(fault, 0) !== undefined ? undefined : pause;
}

/** A page that was read and could not be stored: nothing of the vendor's, so its connector is not asked what it means. */
export class PageNotStored extends Error {
  constructor(stream: string, cause: unknown) {
    super(`A page of ${stream} could not be stored (${describe(cause)}): nothing of it is lost, it is read again.`, {
      cause,
    });
    this.name = 'PageNotStored';
  }
}

/** What may be told of an error of ours. A database's message can hold a row's values: its SQLSTATE alone is told. */
function describe(cause: unknown): string {
  const code = errorCode(cause);
  if (code !== undefined) return code;
  return cause instanceof Error ? `${cause.name}: ${cause.message.slice(0, 200)}` : 'unknown';
}

/** The fault that an error of a run is. */
export function faultOf(connector: AnyConnector, error: unknown): Fault {
  if (error instanceof PageNotStored) return { kind: 'transient', message: error.message };
  return error instanceof ConnectorFault ? error.fault : (defectOf(error) ?? connector.classify(error));
}
