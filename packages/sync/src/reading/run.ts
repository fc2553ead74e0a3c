import {
  ConnectorFault,
  type AnyConnector,
  type Fault,
  type Page,
  type PullContext,
  type Stream,
} from '@waymark/connector-kit';
import {
  dropCursor,
  forgetPartitions,
  addHints,
  hintsOf,
  openStream,
  readSettings,
  rematchWanted,
  wakeAccounts,
  type Database,
  type GrowingPause,
  type Installation,
  type StoredHint,
  type StreamState,
} from '@waymark/store';
import { settleRematch } from '../matching/attribution.ts';
import { commitPage, LeaseLost, sealRejected } from './commit.ts';
import { healStream } from '../coverage/coverage.ts';
import { purgePairs } from '../matching/exclusion-purge.ts';
import { loadExclusions } from '../matching/exclusions.ts';
import type { Point } from './points.ts';
import { prepareRecord } from './prepare.ts';
import { readAhead } from './read-ahead.ts';
import { endsRun, fail, faultOf, leftAlone, PageNotStored, resumeOf } from './stream-fault.ts';
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
  /** The longest that a provider asked to be left alone, ms. */
  readonly retryAfterMs: number;
  /** When the first of the streams that failed, now or before, is to be tried again, epoch ms. */
  readonly retryAt: number | null;
  /** Streams that were read without a fault. */
  readonly read: number;
  /** Streams that failed before and were left alone. */
  readonly waiting: number;
}

const day = 86_400_000;

/**
 * Runs every stream of an installation once: backfill where it is new, live from its cursor else. A stream without its scope is
 * paused and the rest run (failure D13); a fault of one stream is recorded and does not stop another, but a dead grant stops all.
 */
export async function runInstallation(options: RunOptions): Promise<RunResult> {
  const faults: RunFault[] = [];
  const done = new Set<string>();
  const retries: number[] = [];
  let records = 0;
  let read = 0;
  let waiting = 0;
  const streams = [...options.connector.streams].sort((a, b) => a.order - b.order);
  const hints = await options.database.inWorkspace(options.workspaceId, (tx) =>
    hintsOf(tx, options.installation.installationId, options.startedAt),
  );
  const named = new Set(hints.map((hint) => hint.stream));
  const asked = options.hintedOnly && named.size > 0 ? streams.filter((stream) => named.has(stream.name)) : streams;
  const between = waitingHints(options, streams, async (stream, ids) => {
    const { faults: own, records: more } = await runStream(options, stream, ids, false);
    records += more;
    faults.push(...own);
    return own.length === 0;
  });
  for (const stream of asked) {
    const missing = stream.scopes.filter((scope) => !options.installation.grantedScopes.includes(scope));
    if (missing.length > 0) {
      if (stream.optional !== true) await pause(options, stream, missing);
      done.add(stream.name);
      continue;
    }
    const ids = hints.filter((hint) => hint.stream === stream.name).flatMap((hint) => hint.externalIds);
    const patient = options.patient && !named.has(stream.name);
    const ended = await runStream(options, stream, [...new Set(ids)], patient, () => between(stream.name));
    records += ended.records;
    faults.push(...ended.faults);
    retries.push(...ended.retries);
    if (ended.waits) waiting += 1;
    else if (ended.faults.length === 0) read += 1;
    if (ended.faults.every(({ fault }) => fault.kind === 'scope-missing')) done.add(stream.name);
    if (ended.faults.some(({ fault }) => endsRun(fault))) break;
  }
  const known = new Set(streams.map((stream) => stream.name));
  const deferred = faults.map(({ fault }) => resumeOf(fault, options.now())).find((one) => one !== undefined);
  return {
    faults,
    resumeAt: deferred?.at ?? null,
    resumeReason: deferred?.reason ?? null,
    records,
    answered: hints.filter((hint) => done.has(hint.stream) || !known.has(hint.stream)),
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
      if (!ended.fault) continue;
      if (ended.retryAt !== null) retries.push(ended.retryAt);
      faults.push({ stream: stream.name, partition: partition.id, fault: ended.fault });
      if (endsRun(ended.fault)) break;
    }
  } catch (error) {
    if (error instanceof LeaseLost || options.signal.aborted) throw error;
    const fault = faultOf(options.connector, error);
    faults.push({ stream: stream.name, partition: '', fault });
    const retryAt = await fail(options, stream, { id: '', label: stream.name }, fault);
    if (retryAt !== null) retries.push(retryAt);
  }
  await settleMatching(options);
  return { records, faults, retries, waits: retries.length > 0 && faults.length === 0 };
}

/** What pages asked to be matched again, of this run or of one that was cut off. */
async function settleMatching(options: RunOptions): Promise<void> {
  const moved = await options.database.inWorkspace(
    options.workspaceId,
    async (tx) => {
      const changes = (await rematchWanted(tx)) ? await settleRematch(tx) : [];
      await wakeAccounts(tx, changes, options.now());
      // Matching or a thread may have led an excluded person's mail to the account of the pair.
      const purged = await purgePairs(tx, await loadExclusions(tx), options.now());
      return changes.length + purged.length;
    },
    { retry: true },
  );
  if (moved > 0) options.onCommitted();
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
  await fail(
    options,
    stream,
    { id: '', label: stream.name },
    { kind: 'scope-missing', message, ...(missing[0] && { scope: missing[0] }) },
  );
}

/** Runs one partition; a cursor that the provider has forgotten is replaced once within the same run (A1). */
async function runPartition(
  options: RunOptions,
  stream: Stream<unknown, unknown, unknown>,
  partition: { readonly id: string; readonly label: string },
  ids: readonly string[],
  between: () => Promise<void>,
): Promise<{ readonly records: number; readonly fault?: Fault; readonly retryAt: number | null }> {
  const key = { installationId: options.installation.installationId, stream: stream.name, partition: partition.id };
  let records = 0;
  let expired: unknown;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const state = await options.database.inWorkspace(options.workspaceId, (tx) =>
      openStream(tx, { ...key, label: partition.label, sees: stream.sees ?? [] }),
    );
    try {
      records += await pullPartition(options, stream, state, { ids, expired, between });
      await options.database.inWorkspace(options.workspaceId, (tx) => healStream(tx, key, options.now()));
      return { records, retryAt: null };
    } catch (error) {
      if (error instanceof LeaseLost || options.signal.aborted) throw error;
      const fault = faultOf(options.connector, error);
      if (fault.kind === 'cursor-expired' && attempt === 0) {
        expired = state.cursor;
        const dropped = await options.database.inWorkspace(options.workspaceId, (tx) =>
          dropCursor(tx, key, options.leaseFence),
        );
        if (!dropped) throw new LeaseLost();
        continue;
      }
      const retryAt = await fail(options, stream, partition, fault);
      return { records, fault, retryAt };
    }
  }
  return { records, retryAt: null };
}

/** What a page says of other streams: the next run reads it. */
function hintsIn({ installation, now }: RunOptions, page: Page<unknown>): StoredHint[] {
  const { installationId } = installation;
  return (page.hints ?? []).map(({ stream, ids, dedupeKey }) => ({
    installationId,
    stream,
    dedupeKey,
    externalIds: ids,
    receivedAt: now(),
  }));
}

async function pullPartition(
  options: RunOptions,
  stream: Stream<unknown, unknown, unknown>,
  opened: StreamState,
  asked: { readonly ids: readonly string[]; readonly expired: unknown; readonly between: () => Promise<void> },
): Promise<number> {
  const { ids, expired } = asked;
  const { database, workspaceId, installation } = options;
  // After the stream was opened: an exclusion that comes later makes its pages unfit to be stored.
  const { settings, exclusions } = await database.inWorkspace(workspaceId, async (tx) => ({
    settings: await readSettings(tx),
    exclusions: await loadExclusions(tx),
  }));
  const start = options.now();
  const again = opened.backfillDoneAt === null ? null : options.resyncSince;
  const resync = again !== null;
  const since = resync ? again : Math.min(opened.backfilledFrom ?? Infinity, start - settings.historyDays * day);
  const from = usableCursor(stream, opened);
  const mode = opened.backfillDoneAt === null ? 'backfill' : resync || from === null ? 'resync' : 'live';
  const context: PullContext = { mode, since, until: start, ids, ...(expired !== undefined && { expired }) };
  let state = opened;
  let records = 0;
  let finished = false;
  const pages = stream.pull(options.client, from, opened.partition, context);
  // A history is many pages: reading goes on while one is stored.
  for await (const page of mode === 'backfill' ? readAhead(pages) : pages) {
    options.signal.throwIfAborted();
    await options.point('page-read');
    const mapping = {
      ownDomains: settings.ownDomains,
      account: options.account,
      settings: installation.settings,
      keepSubjects: installation.settings.keepSubjects === true,
      readAt: options.now(),
    };
    const prepared = page.records.map((record) =>
      prepareRecord(workspaceId, installation.installationId, stream, record, mapping, exclusions),
    );
    const sealed = await sealRejected(options.sealer, workspaceId, installation.installationId, prepared);
    const outcome = await database
      .inWorkspace(
        workspaceId,
        async (tx) => {
          const stored = await commitPage(tx, {
            installation,
            stream,
            state,
            page,
            records: prepared,
            mode,
            leaseFence: options.leaseFence,
            at: options.now(),
            since,
            deletionsConfirmed: options.deletionsConfirmed,
            sealed,
            exclusions,
          });
          await addHints(tx, hintsIn(options, page));
          await options.point('page-stored');
          return stored;
        },
        { retry: true },
      )
      .catch((cause: unknown) => {
        throw cause instanceof LeaseLost ? cause : new PageNotStored(stream.name, cause);
      });
    await options.point('page-committed');
    records += page.records.length;
    finished = page.done;
    state = { ...state, cursorVersion: outcome.cursorVersion, progressDone: state.progressDone + page.records.length };
    options.onProgress({
      workspaceId,
      installationId: installation.installationId,
      connector: installation.connector,
      label: installation.label,
      stream: stream.name,
      partition: opened.partition,
      done: state.progressDone,
      expected: page.expected ?? null,
      finished: page.done,
    });
    if (outcome.accounts.length > 0) options.onCommitted();
    if (mode !== 'live' && !page.done) await asked.between();
  }
  // A reading that ends without its last page has proved nothing (failure A4).
  if (!finished) {
    throw new ConnectorFault({
      kind: 'transient',
      message: `The stream ${stream.name} ended without its last page: it is read again from the last one that was stored.`,
    });
  }
  return records;
}

/** The stored cursor, unless its kind or format is another than the connector's: then one clean resync (failure B3). */
function usableCursor(stream: Stream<unknown, unknown, unknown>, state: StreamState): unknown {
  if (state.cursor === null || state.cursorKind !== stream.cursor.kind || state.cursorFormat !== stream.cursor.version)
    return null;
  const parsed = stream.cursor.schema.safeParse(state.cursor);
  return parsed.success ? parsed.data : null;
}
