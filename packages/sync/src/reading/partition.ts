import { ConnectorFault, type Fault, type Page, type PullContext, type Stream } from '@waymark/connector-kit';
import type { Exclusions } from '@waymark/identity';
import {
  addHints,
  dropCursor,
  openStream,
  readSettings,
  type StoredHint,
  type StreamState,
  type WorkspaceSettings,
} from '@waymark/store';
import { healStream } from '../coverage/coverage.ts';
import { loadExclusions } from '../matching/exclusions.ts';
import { commitPage, LeaseLost, sealRejected } from './commit.ts';
import { prepareRecord } from './prepare.ts';
import { readAhead } from './read-ahead.ts';
import type { RunOptions } from './run.ts';
import { fail, faultOf, PageNotStored } from './stream-fault.ts';

const day = 86_400_000;

/** How the reading of one partition ended. */
interface PartitionEnd {
  readonly records: number;
  readonly fault?: Fault;
  readonly retryAt: number | null;
  /** Whether anything may have to be matched again, or purged where it was matched to. */
  readonly unsettled: boolean;
}

/** Runs one partition; a cursor that the provider has forgotten is replaced once within the same run (A1). */
export async function runPartition(
  options: RunOptions,
  stream: Stream<unknown, unknown, unknown>,
  partition: { readonly id: string; readonly label: string },
  ids: readonly string[],
  between: () => Promise<void>,
): Promise<PartitionEnd> {
  const key = { installationId: options.installation.installationId, stream: stream.name, partition: partition.id };
  const pulled = { records: 0, unsettled: false };
  let expired: unknown;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const opened = await options.database.inWorkspace(options.workspaceId, async (tx) => ({
      state: await openStream(tx, { ...key, label: partition.label, sees: stream.sees ?? [] }),
      settings: await readSettings(tx),
      // After the stream was opened: an exclusion that comes later makes its pages unfit to be stored.
      exclusions: await loadExclusions(tx),
    }));
    pulled.unsettled ||= opened.exclusions.accountPairs.length > 0;
    try {
      await pullPartition(options, stream, opened, { ids, expired, between }, pulled);
      return { ...pulled, retryAt: null };
    } catch (error) {
      if (error instanceof LeaseLost || options.signal.aborted) throw error;
      const fault = faultOf(options.connector, error);
      if (fault.kind === 'cursor-expired' && attempt === 0) {
        expired = opened.state.cursor;
        const dropped = await options.database.inWorkspace(options.workspaceId, (tx) =>
          dropCursor(tx, key, options.leaseFence),
        );
        if (!dropped) throw new LeaseLost();
        continue;
      }
      const retryAt = await fail(options, stream, partition, fault);
      return { ...pulled, fault, retryAt };
    }
  }
  return { ...pulled, retryAt: null };
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
  {
    state: opened,
    settings,
    exclusions,
  }: { readonly state: StreamState; readonly settings: WorkspaceSettings; readonly exclusions: Exclusions },
  asked: { readonly ids: readonly string[]; readonly expired: unknown; readonly between: () => Promise<void> },
  pulled: { records: number; unsettled: boolean },
): Promise<void> {
  const { ids, expired } = asked;
  const { database, workspaceId, installation } = options;
  const start = options.now();
  const again = opened.backfillDoneAt === null ? null : options.resyncSince;
  const resync = again !== null;
  const since = resync ? again : Math.min(opened.backfilledFrom ?? Infinity, start - settings.historyDays * day);
  const from = usableCursor(stream, opened);
  const mode = opened.backfillDoneAt === null ? 'backfill' : resync || from === null ? 'resync' : 'live';
  const context: PullContext = { mode, since, until: start, ids, ...(expired !== undefined && { expired }) };
  let state = opened;
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
      judgeSentiment: settings.sentiment === 'en',
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
          if (page.done) await healStream(tx, state, options.now());
          await options.point('page-stored');
          return stored;
        },
        { retry: true },
      )
      .catch((cause: unknown) => {
        throw cause instanceof LeaseLost ? cause : new PageNotStored(stream.name, cause);
      });
    await options.point('page-committed');
    pulled.records += page.records.length;
    pulled.unsettled ||= outcome.rematch;
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
    if (outcome.accounts.length > 0 && !outcome.isMoreToCome) options.onCommitted();
    if (mode !== 'live' && !page.done) await asked.between();
  }
  // A reading that ends without its last page has proved nothing (failure A4).
  if (!finished) {
    throw new ConnectorFault({
      kind: 'transient',
      message: `The stream ${stream.name} ended without its last page: it is read again from the last one that was stored.`,
    });
  }
}

/** The stored cursor, unless its kind or format is another than the connector's: then one clean resync (failure B3). */
function usableCursor(stream: Stream<unknown, unknown, unknown>, state: StreamState): unknown {
  if (state.cursor === null || state.cursorKind !== stream.cursor.kind || state.cursorFormat !== stream.cursor.version)
    return null;
  const parsed = stream.cursor.schema.safeParse(state.cursor);
  return parsed.success ? parsed.data : null;
}
