import type { CoverageGap } from '@waymark/lifecycle';
import type { Touchpoint } from '@waymark/journey';
import { contentUuid } from '@waymark/journey';
import {
  gaps,
  healGaps,
  openGap,
  streamStates,
  wakeAllAccounts,
  type Installation,
  type StreamState,
  type Tx,
} from '@waymark/store';

/** How long a stream may be silent towards us before its absence proves nothing, ms. */
const tolerance = 6 * 3_600_000;

/** Streams that see contact with customers, and through which touchpoints. Others (owners, companies) carry no absence. */
const sees: Readonly<Record<string, readonly Touchpoint[]>> = {
  messages: ['email'],
  events: ['meeting'],
  mail: ['email'],
  calendar: ['meeting'],
  emails: ['email'],
  meetings: ['meeting'],
  tickets: ['ticket'],
  'channel-messages': ['chat'],
};

/** The touchpoints that a stream would see. */
export function touchpointsOf(stream: string): readonly Touchpoint[] {
  return sees[stream] ?? [];
}

/**
 * Opens a gap for each partition that has not been read for too long, from its last good read on. A dead grant or a switched-off
 * installation counts at once. Returns how many streams are in a gap.
 */
export async function watchCoverage(tx: Tx, installations: readonly Installation[], at: number): Promise<number> {
  const byId = new Map(installations.map((one) => [one.installationId, one]));
  let open = 0;
  let opened = 0;
  for (const state of await streamStates(tx)) {
    const owner = byId.get(state.installationId);
    if (touchpointsOf(state.stream).length === 0 || state.lastSuccessAt === null || !owner) continue;
    const why = reason(state, owner, at);
    if (!why) continue;
    open += 1;
    const gapId = contentUuid(
      'gap',
      tx.workspaceId,
      state.installationId,
      state.stream,
      state.partition,
      String(state.lastSuccessAt),
    );
    const isNew = await openGap(tx, {
      gapId,
      installationId: state.installationId,
      stream: state.stream,
      partition: state.partition,
      from: state.lastSuccessAt,
      reason: why,
    });
    if (isNew) opened += 1;
  }
  if (opened > 0) await wakeAllAccounts(tx, at);
  return open;
}

function reason(state: StreamState, owner: Installation, at: number): string | undefined {
  if (owner.status !== 'active') return owner.statusReason ?? owner.status;
  if (state.pausedReason) return state.pausedReason;
  if (state.lastSuccessAt !== null && at - state.lastSuccessAt > tolerance)
    return state.fault?.message ?? 'It was not read.';
  return undefined;
}

/** A run went through from the last cursor on, so nothing is missing any more: what waited for that is judged now. */
export async function healStream(
  tx: Tx,
  key: { readonly installationId: string; readonly stream: string; readonly partition: string },
  at: number,
): Promise<void> {
  if ((await healGaps(tx, key, at)) > 0) await wakeAllAccounts(tx, at);
}

/** What the engine has to know of coverage for one account. */
export interface AccountCoverage {
  readonly gaps: readonly CoverageGap[];
  readonly watchedFrom?: number;
}

/**
 * The gaps, and from when on anything is watched, for the installations that would see contact with an account. A history that is still
 * being read is a gap as well: what it has not brought yet proves no silence.
 */
export async function coverageIndex(tx: Tx): Promise<(relevant: ReadonlySet<string> | null) => AccountCoverage> {
  const all = await gaps(tx, { unhealedOnly: true });
  const states = (await streamStates(tx)).filter((state) => touchpointsOf(state.stream).length > 0);
  const unread = states.filter((state) => state.backfillDoneAt === null && state.pausedReason === null);
  return (relevant) => {
    const counts = ({ installationId }: { readonly installationId: string }) =>
      relevant === null || relevant.has(installationId);
    const seesPeople = (state: StreamState) =>
      touchpointsOf(state.stream).some((touchpoint) => touchpoint === 'email' || touchpoint === 'meeting');
    const starts = states.filter((state) => counts(state) && seesPeople(state)).map((state) => state.backfilledFrom);
    const known = starts.filter((start) => start !== null);
    const reading = [...new Set(unread.filter(counts).flatMap((state) => touchpointsOf(state.stream)))].sort();
    return {
      gaps: [
        ...all
          .filter(counts)
          .map((gap) => ({ from: gap.from, to: gap.to, touchpoints: touchpointsOf(gap.stream), reason: gap.reason })),
        ...(reading.length > 0
          ? [{ from: beginning, to: null, touchpoints: reading, reason: 'The history is still being read.' }]
          : []),
      ],
      ...(known.length > 0 && { watchedFrom: Math.min(...known) }),
    };
  };
}

/** Before anything that a provider could tell of, epoch ms: 1970. */
const beginning = 0;
