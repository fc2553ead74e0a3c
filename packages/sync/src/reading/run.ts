import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyConnector, Fault, Stream } from '@waymark/connector-kit';
import {
  forgetPartitions,
  hintsOf,
  rematchWanted,
  wakeAccounts,
  type Database,
  type GrowingPause,
  type Installation,
  type StoredHint,
} from '@waymark/store';
import type { Limits } from '../installation/limits.ts';
import { settleRematch } from '../matching/attribution.ts';
import { LeaseLost } from './commit.ts';
import { foldFrom, isFirstRun } from './fold-pace.ts';
import { purgePairs } from '../matching/exclusion-purge.ts';
import { loadExclusions } from '../matching/exclusions.ts';
import { runPartition } from './partition.ts';
import type { Point } from './points.ts';
import { endsRun, failWhole, faultOf, leftAlone, resumeOf } from './stream-fault.ts';
import type { Sealer } from '../installation/tokens.ts';
import { waitingHints } from './waiting-hints.ts';

/** What a run tells while it goes on. */
export interface Progress {
  readonly workspaceId: string;
  readonly installationId: string;
  readonly connector: string;
  readonly label: string;
  readonly stream: string;
  readonly partition: string;
  readonly done: number;
  readonly expected: number | null;
  readonly finished: boolean;
}

type AnyStream = AnyConnector['streams'][number];

export interface RunOptions {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly workspaceId: string;
  readonly installation: Installation;
  readonly connector: AnyConnector;
  readonly client: unknown;
  readonly account: { readonly externalAccountId: string; readonly label: string; readonly address?: string };
  readonly leaseFence: number;
  readonly startedAt: number;
  /** Whether only what hints name is read, where there are any: the clock asks for the rest. */
  readonly hintedOnly: boolean;
  /** Since when to read again, whatever the cursor says, epoch ms; null where the cursor is enough. */
  readonly resyncSince: number | null;
  /** A person said that what a complete reading does not see was really deleted. */
  readonly deletionsConfirmed: boolean;
  /** Whether streams that failed are left alone until their time; a hint or a person asks for them sooner. */
  readonly patient: boolean;
  /** How long a stream that fails is left alone. */
  readonly pause: GrowingPause;
  /** The calls that it makes, and how long to wait before more of them. */
  readonly limits: Pick<Limits, 'calls' | 'breather'>;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly point: Point;
  readonly onProgress: (progress: Progress) => void;
  /** Accounts changed: somebody should fold them soon. */
  readonly onCommitted: () => void;
}

/** How one run of an installation ended. */
export interface RunResult {
  readonly faults: readonly { readonly stream: string; readonly partition: string; readonly fault: Fault }[];
  /** The provider asked us to come back later. */
  readonly resumeAt: number | null;
  readonly resumeReason: string | null;
  readonly records: number;
  /** The hints that this run has answered: their streams were read without a fault, or may not be read. */
  readonly answered: readonly StoredHint[];
  /** Keys of all hints that it has looked at. */
  readonly hintsSeen: readonly string[];
  /** The longest that a provider asked to be left alone, ms. */
  readonly retryAfterMs: number;
  /** When the first of the streams that failed, now or before, is to be tried again, epoch ms. */
  readonly retryAt: number | null;
  /** Streams that were read without a fault. */
  readonly read: number;
  /** Streams that failed before and were left alone. */
  readonly waiting: number;
}

/** How long a run goes on with hints that came while it read, ms: then the others have their turn. */
const longestRoundsMs = 5_000;

/**
 * Runs every stream of an installation once: backfill where it is new, live from its cursor else; then what hints ask for that came
 * meanwhile, so that none waits for another run. A stream without its scope is paused and the rest run (failure D13); a fault of one
 * stream is recorded and does not stop another, but a dead grant stops all.
 */
export async function runInstallation(options: RunOptions): Promise<RunResult> {
  const { installation, now } = options;
  const faults: RunFault[] = [];
  const unreadable = new Set<string>();
  const failed = new Set<string>();
  const retries: number[] = [];
  const hints: StoredHint[] = [];
  const answered: StoredHint[] = [];
  let records = 0;
  let read = 0;
  let waiting = 0;
  const streams = [...options.connector.streams].sort((a, b) => a.order - b.order);
  const look = async (): Promise<readonly StoredHint[]> => {
    const open = await options.database.inWorkspace(options.workspaceId, (tx) =>
      hintsOf(tx, installation.installationId, now()),
    );
    const known = new Set(hints.map((hint) => hint.dedupeKey));
    const fresh = open.filter((hint) => !known.has(hint.dedupeKey));
    hints.push(...fresh);
    return fresh;
  };
  const between = waitingHints(options, streams, async (stream, ids) => {
    const { faults: own, records: more } = await runStream(options, stream, ids, false);
    records += more;
    faults.push(...own);
    if (own.length > 0) failed.add(stream.name);
    return own.length === 0;
  });
  /** Reads these streams; false where the run is to end. */
  const readThese = async (asked: readonly AnyStream[], named: ReadonlyMap<string, readonly StoredHint[]>) => {
    for (const stream of asked) {
      const missing = stream.scopes.filter((scope) => !installation.grantedScopes.includes(scope));
      if (missing.length > 0) {
        if (stream.optional !== true && !unreadable.has(stream.name)) await pause(options, stream, missing);
        unreadable.add(stream.name);
        continue;
      }
      const own = named.get(stream.name) ?? [];
      const ids = own.flatMap((hint) => hint.externalIds);
      const patient = options.patient && !named.has(stream.name);
      const ended = await runStream(options, stream, [...new Set(ids)], patient, () => between(stream.name));
      records += ended.records;
      faults.push(...ended.faults);
      retries.push(...ended.retries);
      if (ended.waits) waiting += 1;
      else if (ended.faults.length === 0) read += 1;
      if (ended.faults.every(({ fault }) => fault.kind === 'scope-missing')) answered.push(...own);
      else failed.add(stream.name);
      if (ended.faults.some(({ fault }) => endsRun(fault))) return false;
    }
    return true;
  };
  const byStream = (some: readonly StoredHint[]) => Map.groupBy(some, (hint) => hint.stream);
  const first = byStream(await look());
  // What a run that was cut off left.
  await settleMatching(options);
  let goesOn = await readThese(
    options.hintedOnly && first.size > 0 ? streams.filter((stream) => first.has(stream.name)) : streams,
    first,
  );
  const until = now() + longestRoundsMs;
  for (let before = options.limits.calls; goesOn && !options.signal.aborted && now() < until;) {
    // Under a provider's cap a burst is read in fewer and larger parts; what comes meanwhile goes with the next.
    const breather = options.limits.breather(options.limits.calls - before);
    if (breather > 0) await sleep(breather, undefined, { signal: options.signal });
    before = options.limits.calls;
    const more = byStream(await look());
    if (more.size === 0) break;
    // A stream that failed is tried again at its time, with these hints as well.
    goesOn = await readThese(
      streams.filter((stream) => more.has(stream.name) && !failed.has(stream.name)),
      more,
    );
  }
  const known = new Set(streams.map((stream) => stream.name));
  const deferred = faults.map(({ fault }) => resumeOf(fault, now())).find((one) => one !== undefined);
  return {
    faults,
    resumeAt: deferred?.at ?? null,
    resumeReason: deferred?.reason ?? null,
    records,
    answered: [...answered, ...hints.filter((hint) => unreadable.has(hint.stream) || !known.has(hint.stream))],
    hintsSeen: hints.map((hint) => hint.dedupeKey),
    retryAfterMs: Math.max(0, ...faults.map(({ fault }) => ('retryAfterMs' in fault ? (fault.retryAfterMs ?? 0) : 0))),
    retryAt: retries.length > 0 ? Math.min(...retries) : null,
    read,
    waiting,
  };
}

interface RunFault {
  readonly stream: string;
  readonly partition: string;
  readonly fault: Fault;
}

async function runStream(
  options: RunOptions,
  stream: Stream<unknown, unknown, unknown>,
  ids: readonly string[],
  patient: boolean,
  between: () => Promise<void> = () => Promise.resolve(),
) {
  const faults: RunFault[] = [];
  const retries: number[] = [];
  let records = 0;
  let unsettled = false;
  const left = patient ? await leftAlone(options, stream) : new Map<string, number>();
  const whole = left.get('');
  if (whole !== undefined) return { records, faults, retries: [whole], waits: true };
  try {
    for (const partition of await partitionsOf(options, stream)) {
      const until = left.get(partition.id);
      if (until !== undefined) {
        retries.push(until);
        continue;
      }
      const ended = await runPartition(options, stream, partition, ids, between);
      records += ended.records;
      unsettled ||= ended.unsettled;
      if (!ended.fault) continue;
      if (ended.retryAt !== null) retries.push(ended.retryAt);
      faults.push({ stream: stream.name, partition: partition.id, fault: ended.fault });
      if (endsRun(ended.fault)) break;
    }
  } catch (error) {
    if (error instanceof LeaseLost || options.signal.aborted) throw error;
    const fault = faultOf(options.connector, error);
    faults.push({ stream: stream.name, partition: '', fault });
    const retryAt = await failWhole(options, stream, fault);
    if (retryAt !== null) retries.push(retryAt);
  }
  if (unsettled) await settleMatching(options);
  return { records, faults, retries, waits: retries.length > 0 && faults.length === 0 };
}

/** What pages asked to be matched again, of this run or of one that was cut off. */
async function settleMatching(options: RunOptions): Promise<void> {
  const isMoreToCome = isFirstRun(options.installation);
  const moved = await options.database.inWorkspace(
    options.workspaceId,
    async (tx) => {
      const changes = (await rematchWanted(tx)) ? await settleRematch(tx, options.now()) : [];
      await wakeAccounts(tx, changes, foldFrom(options.now(), isMoreToCome));
      // Matching or a thread may have led an excluded person's mail to the account of the pair.
      const purged = await purgePairs(tx, await loadExclusions(tx), options.now());
      return changes.length + purged.length;
    },
    { retry: true },
  );
  if (moved > 0 && !isMoreToCome) options.onCommitted();
}

/** The partitions to read; those that the provider lists no more are forgotten, so that nobody waits for them. */
async function partitionsOf(options: RunOptions, stream: Stream<unknown, unknown, unknown>) {
  if (!stream.partitions) return [{ id: '', label: stream.name }];
  const listed = await stream.partitions(options.client);
  const { installationId } = options.installation;
  if (listed.length > 0) {
    const ids = listed.map(({ id }) => id);
    await options.database.inWorkspace(options.workspaceId, (tx) =>
      forgetPartitions(tx, { installationId, stream: stream.name }, ids, options.now()),
    );
  }
  return listed;
}

async function pause(
  options: RunOptions,
  stream: Stream<unknown, unknown, unknown>,
  missing: readonly string[],
): Promise<void> {
  const message = `This stream needs the scope ${missing.join(', ')}: connect the account again and allow it.`;
  await failWhole(options, stream, {
    kind: 'scope-missing',
    message,
    ...(missing[0] && { scope: missing[0] }),
  });
}
