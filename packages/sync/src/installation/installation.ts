import { createSession } from './session.ts';
import { Limits, priority, type LimitSettings, type Priority } from './limits.ts';
import { defectOf } from '../reading/defect.ts';
import { endFirstReading, isFirstRun } from '../reading/fold-pace.ts';
import { runInstallation, type Progress, type RunResult } from '../reading/run.ts';
import { pauseAfter } from '../reading/stream-fault.ts';
import { LeaseLost } from '../reading/commit.ts';
import type { Point } from '../reading/points.ts';
import type { Sealer, TokenKeeper } from './tokens.ts';
import { ConnectorFault, type AnyConnector, type Fault, type Session } from '@waymark/connector-kit';
import type { AddressSource } from './addresses.ts';
import { openInbox } from '../push/inbox.ts';
import { issuerOf, NoSignIn, subjectOf } from './sign-in.ts';
import { keepPush, type PushAddressing } from '../push/push.ts';
import {
  countRevokedSignal,
  forgetRevokedSignals,
  installation as readInstallation,
  openStream,
  recordFault,
  hintsOf,
  releaseLease,
  renewLease,
  streamStates,
  takeLease,
  takeTheseHints,
  type Database,
  type Installation,
} from '@waymark/store';

/** How often a live stream is read when nobody asks for it, ms. */
const pollEveryMs = 5 * 60_000;
/** With the sweep of the other workers, which comes every few seconds, a dead one's work is in other hands within 30 s (I14). */
const defaultLeaseMs = 20_000;
/** When a stream that failed is tried again, ms: at first, and at the latest unless the provider said otherwise. */
const soonestRetryMs = 30_000;
const latestRetryMs = 15 * 60_000;
/** How long a provider's wish to be left alone is followed without ending the run as deferred, ms. */
const longestWishMs = 5 * 60_000;
const resyncEveryMs = 24 * 3_600_000;
const resyncWindowMs = 30 * 24 * 3_600_000;

export interface SyncDependencies {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly tokens: TokenKeeper;
  /** Loads a connector by name, once. */
  readonly connector: (id: string) => Promise<AnyConnector>;
  /** Base URLs of a connector for one installation, defaults and the operator's included. Throws AddressError. */
  readonly baseUrls: (connector: AnyConnector, source: AddressSource) => Readonly<Record<string, string>>;
  /** Where notices of subscriptions can reach us; without it nothing is subscribed. */
  readonly push?: PushAddressing;
  readonly limits: LimitSettings;
  readonly now: () => number;
  readonly random: () => number;
  readonly point: Point;
  /** This process, for leases. */
  readonly holder: string;
  readonly pollEveryMs?: number;
  /** How long a lease holds without its heartbeat, which comes three times as often; 20 s by default. */
  readonly leaseMs?: number;
  readonly onProgress: (progress: Progress) => void;
  readonly onCommitted: (workspaceId: string) => void;
}

export type SyncOutcome =
  /** Nothing asked for a run. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'ran'; readonly result: RunResult }
  | { readonly kind: 'busy' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'inactive' };

/** The limiters of each composition, by installation: they outlive a run, so that a window holds across runs. */
const limiters = new WeakMap<SyncDependencies, Map<string, Limits>>();

function limitsFor(deps: SyncDependencies, connector: AnyConnector, installationId: string): Limits {
  const own = limiters.get(deps) ?? new Map<string, Limits>();
  limiters.set(deps, own);
  const limits = own.get(installationId) ?? new Limits(connector.manifest.id, connector.manifest.buckets, deps.limits);
  own.set(installationId, limits);
  return limits;
}

/** A session of an installation for work of one priority: a run, a write-back, a doctor's check. */
export async function openSession(
  deps: SyncDependencies,
  workspaceId: string,
  installation: Installation,
  order: Priority,
  signal: AbortSignal,
): Promise<{ readonly connector: AnyConnector; readonly session: Session; readonly client: unknown }> {
  const { installationId } = installation;
  const connector = await deps.connector(installation.connector);
  const baseUrls = deps.baseUrls(connector, installation);
  const issuer = issuerOf(connector, baseUrls, installation.settings);
  const subject = await subjectOf(deps.database, workspaceId, installation);
  const inbox = openInbox(deps, workspaceId, installationId);
  deps.tokens.useGrant(installationId, installation.generation);
  const session = createSession({
    limits: limitsFor(deps, connector, installationId),
    priority: order,
    accessToken: () =>
      issuer ? deps.tokens.accessToken(workspaceId, installationId, issuer) : Promise.reject(new NoSignIn()),
    ...(issuer?.appScopes && { appToken: () => deps.tokens.appToken(workspaceId, issuer) }),
    refreshToken: async (usedAt) => {
      if (issuer) await deps.tokens.refresh(workspaceId, installationId, issuer, undefined, usedAt);
    },
    ...(subject !== undefined && { subject }),
    inbox,
    classify: (error) => connector.classify(error),
    baseUrls,
    settings: installation.settings,
    grantedScopes: installation.grantedScopes,
    signal,
    now: deps.now,
    random: deps.random,
    onRevoked: async (message) => {
      await deps.database.inWorkspace(workspaceId, (tx) => countRevokedSignal(tx, installationId, message, deps.now()));
    },
  });
  return { connector, session, client: await connector.connect(session) };
}

/** What a person asks of a run beyond what is due. */
export interface RunWish {
  /** Reads nothing unless the clock, a wish or a hint asks for it: what was to be read may have been by the run before. */
  readonly ifAsked?: boolean;
  /** Reads all streams now, those that are left alone because they failed as well. */
  readonly byHand?: boolean;
  /** Reads again everything since then, epoch ms, so that records set aside meet the connector as it is now. */
  readonly againSince?: number;
  /** Ends what complete readings do not see, however much it is. */
  readonly deletionsConfirmed?: boolean;
}

/**
 * Runs an installation once under its lease, and says when it is due again. A run of another worker makes it `busy`; nothing waits.
 * Faults are recorded with the streams and never thrown.
 */
export async function syncInstallation(
  deps: SyncDependencies,
  workspaceId: string,
  installationId: string,
  stop: AbortSignal,
  wish: RunWish = {},
): Promise<SyncOutcome> {
  const at = deps.now();
  const leaseMs = deps.leaseMs ?? defaultLeaseMs;
  const { fence, installation } = await deps.database.inWorkspace(workspaceId, async (tx) => {
    const before = wish.ifAsked === true ? await readInstallation(tx, installationId) : undefined;
    if (before && !isAsked(before, at)) return { installation: before, fence: undefined };
    const taken = await takeLease(tx, installationId, deps.holder, at, leaseMs);
    // As it is now: settings and scopes may have changed since it was listed, and behind the lock nobody's wish slips in between.
    return { fence: taken, installation: await readInstallation(tx, installationId) };
  });
  if (!installation || installation.status !== 'active') return { kind: 'inactive' };
  if (fence === undefined) return { kind: wish.ifAsked === true && !isAsked(installation, at) ? 'idle' : 'busy' };
  const lost = new AbortController();
  const heartbeat = setInterval(() => void beat(), leaseMs / 3);
  async function beat(): Promise<void> {
    const held = await deps.database
      .inWorkspace(workspaceId, (tx) => renewLease(tx, installationId, fence ?? 0, deps.now(), leaseMs))
      .catch(() => true);
    if (!held) lost.abort(new LeaseLost());
  }
  const { againSince } = wish;
  const nightly = installation.lastResyncAt !== null && at - installation.lastResyncAt > resyncEveryMs;
  const resync = nightly || againSince !== undefined;
  const fresh = installation.lastResyncAt === null;
  const hand = wish.byHand === true || againSince !== undefined;
  const dueAt = installation.nextRunAt;
  // A webhook asks for what it names; the rest of the streams keeps its own time.
  const early = dueAt !== null && dueAt > at && installation.wantedAt === null && !fresh && !resync && !hand;
  const byClock = dueAt !== null && dueAt <= at && installation.wantedAt === null && installation.hintedAt === null;
  let result: RunResult | undefined;
  try {
    const signal = AbortSignal.any([stop, lost.signal]);
    const isWanted = installation.wantedAt !== null || installation.hintedAt !== null;
    const order = isWanted ? priority.hint : fresh ? priority.backfill : priority.live;
    const { connector, client } = await openSession(deps, workspaceId, installation, order, signal);
    const limits = limitsFor(deps, connector, installationId);
    result = await runInstallation({
      database: deps.database,
      sealer: deps.sealer,
      workspaceId,
      installation,
      connector,
      client,
      account: {
        externalAccountId: installation.externalAccountId,
        label: installation.label,
        ...(installation.address !== null && { address: installation.address }),
      },
      leaseFence: fence,
      startedAt: at,
      hintedOnly: early,
      resyncSince: resync ? Math.min(againSince ?? Infinity, nightly ? at - resyncWindowMs : Infinity) : null,
      deletionsConfirmed: wish.deletionsConfirmed === true,
      patient: byClock && !hand,
      pause: growingPause(deps),
      limits,
      now: deps.now,
      signal,
      point: deps.point,
      onProgress: deps.onProgress,
      onCommitted: () => deps.onCommitted(workspaceId),
    });
    if (!result.faults.some(({ fault }) => fault.kind === 'auth-revoked' || fault.kind === 'quota-exhausted'))
      await keepPush(deps, workspaceId, { installation, connector, client, signal });
    if (result.faults.length === 0)
      await deps.database.inWorkspace(workspaceId, (tx) => forgetRevokedSignals(tx, installationId));
    return { kind: 'ran', result };
  } catch (error) {
    if (error instanceof LeaseLost || lost.signal.aborted) return { kind: 'lost' };
    const fault = error instanceof ConnectorFault ? error.fault : defectOf(error);
    if (!fault || stop.aborted) throw error;
    result = await refused(deps, workspaceId, installation, fault);
    return { kind: 'ran', result };
  } finally {
    clearInterval(heartbeat);
    await finish(deps, workspaceId, installation, { fence, startedAt: at, result, early, resynced: nightly || fresh });
  }
}

/** From half a minute to a quarter of an hour; faster where polling is. */
function growingPause(deps: SyncDependencies) {
  const every = deps.pollEveryMs ?? pollEveryMs;
  return { firstMs: Math.min(every, soonestRetryMs), longestMs: Math.min(3 * every, latestRetryMs) };
}

/** The provider let nobody in: every stream has that fault. */
async function refused(
  deps: SyncDependencies,
  workspaceId: string,
  installation: Installation,
  fault: Fault,
): Promise<RunResult> {
  const { installationId } = installation;
  const connector = await deps.connector(installation.connector);
  const pause = pauseAfter(fault, growingPause(deps));
  const { retries, hints } = await deps.database.inWorkspace(workspaceId, async (tx) => {
    const opened = new Set((await streamStates(tx, installationId)).map((state) => state.stream));
    for (const { name, sees } of connector.streams)
      if (!opened.has(name))
        await openStream(tx, { installationId, stream: name, partition: '', label: name, sees: sees ?? [] });
    const until: number[] = [];
    for (const state of await streamStates(tx, installationId)) {
      const { kind, message } = fault;
      const at = await recordFault(tx, state, { kind, message, pausedReason: state.pausedReason }, deps.now(), pause);
      if (at !== null) until.push(at);
    }
    return { retries: until, hints: await hintsOf(tx, installationId, deps.now()) };
  });
  return {
    faults: connector.streams.map((stream) => ({ stream: stream.name, partition: '', fault })),
    resumeAt: fault.kind === 'quota-exhausted' ? fault.resumeAt : null,
    resumeReason: fault.kind === 'quota-exhausted' ? fault.message : null,
    records: 0,
    answered: [],
    hintsSeen: hints.map((hint) => hint.dedupeKey),
    retryAfterMs: 'retryAfterMs' in fault ? (fault.retryAfterMs ?? 0) : 0,
    retryAt: retries.length > 0 ? Math.min(...retries) : null,
    read: 0,
    waiting: 0,
  };
}

async function finish(
  deps: SyncDependencies,
  workspaceId: string,
  installation: Installation,
  run: {
    readonly fence: number;
    readonly startedAt: number;
    readonly result: RunResult | undefined;
    /** It came before its time, by a hint. */
    readonly early: boolean;
    readonly resynced: boolean;
  },
): Promise<void> {
  const now = deps.now();
  // A right that is missing is there no sooner for asking again at once, and each look costs calls of a daily quota.
  const failed =
    run.result === undefined ||
    run.result.waiting > 0 ||
    run.result.faults.some(({ fault }) => fault.kind !== 'scope-missing');
  const every = deps.pollEveryMs ?? pollEveryMs;
  const hinted = (run.result?.answered.length ?? 0) > 0;
  const onTime = run.early && hinted && installation.nextRunAt !== null ? installation.nextRunAt : now + every;
  const soonest = now + Math.max(growingPause(deps).firstMs, Math.min(run.result?.retryAfterMs ?? 0, longestWishMs));
  const retry = run.result?.retryAt ?? soonest;
  // Where all streams failed there is nothing to read until the first of them is to be tried again.
  const again = (run.result?.read ?? 0) > 0 ? Math.min(onTime, retry) : retry;
  await deps.database
    .inWorkspace(workspaceId, async (tx) => {
      await takeTheseHints(tx, run.result?.answered ?? [], now);
      await releaseLease(
        tx,
        installation.installationId,
        run.fence,
        {
          nextRunAt: failed ? Math.max(again, run.result?.retryAfterMs ? soonest : 0) : onTime,
          resumeAt: run.result?.resumeAt ?? null,
          resumeReason: run.result?.resumeReason ?? null,
          resynced: run.resynced && run.result !== undefined && !failed,
          wantedAt: installation.wantedAt,
          hintsSeen: run.result?.hintsSeen,
        },
        run.startedAt,
      );
    })
    .catch(() => undefined);
  if (isFirstRun(installation) && (await endFirstReading(deps.database, workspaceId, now)))
    deps.onCommitted(workspaceId);
}

/** Whether the clock, a person or a hint asks for a run. */
const isAsked = ({ nextRunAt, wantedAt, hintedAt }: Installation, at: number): boolean =>
  nextRunAt === null || nextRunAt <= at || wantedAt !== null || hintedAt !== null;
