import type { Touchpoint } from '@waymark/journey';
import { addressKey } from '@waymark/identity';
import {
  accounts,
  gaps,
  installations,
  pastCoverage,
  sourceOutagesInForce,
  streamStates,
  type Gap,
  type Installation,
  type PastCoverage,
  type StoredOutage,
  type StreamState,
  type Tx,
} from '@waymark/store';
import { seesPeople, silentReason, touchpointsOf } from './coverage.ts';

/** What one partition of a stream watched, epoch ms: everything between the two was read; a gap after it is named with its reason. */
export interface WatchedPart {
  readonly stream: string;
  readonly partition: string;
  readonly label: string | null;
  readonly touchpoints: readonly Touchpoint[];
  readonly from: number;
  readonly to: number;
  /** Whether it goes on: false for what is read no more. */
  readonly current: boolean;
}

/** A stretch in which a partition was not read, or was read and told nothing of anybody for far too long, epoch ms. */
export interface UnwatchedPart {
  readonly stream: string;
  readonly partition: string;
  readonly label: string | null;
  readonly touchpoints: readonly Touchpoint[];
  readonly from: number;
  /** Null: it goes on. */
  readonly to: number | null;
  readonly reason: string;
  /** When a later run read what was missed; null where nothing did. */
  readonly readLaterAt: number | null;
}

/** What one installation watched over time. An installation that was switched off keeps what it watched until then. */
export interface WatchedTime {
  readonly installationId: string;
  /** Since when everything that it sees has been read; null before the first complete reading. */
  readonly from: number | null;
  readonly to: number | null;
  readonly watched: readonly WatchedPart[];
  readonly gaps: readonly UnwatchedPart[];
}

/** A CSM with customers whose mailbox no active installation reads: what they write and receive is seen by chance alone. */
export interface UnwatchedMailbox {
  readonly address: string;
  readonly customers: number;
  /** Whether an installation of it is there and not read, such as after its grant died. */
  readonly installed: boolean;
}

/** What is watched in a workspace, from when to when, and what is not. Only streams that see contact count. */
export interface Coverage {
  readonly installations: readonly WatchedTime[];
  readonly unwatchedMailboxes: readonly UnwatchedMailbox[];
}

/** Reads what was watched from when to when, as of `now`; gaps that were read later are told for a month. */
export async function watchedTimes(tx: Tx, now: number): Promise<Coverage> {
  const all = await installations(tx);
  const states = (await streamStates(tx)).filter((state) => state.sees.length > 0);
  const past = await pastCoverage(tx);
  const known = (await gaps(tx, { unhealedOnly: false })).filter(
    (gap) => gap.healedAt === null || gap.healedAt > now - toldForMs,
  );
  const silences = (await sourceOutagesInForce(tx)).filter((one) => one.to === null);
  return {
    installations: all.map((one) => watchedBy(one, states, { past, known, silences })),
    unwatchedMailboxes: await unwatchedMailboxes(tx, all, states),
  };
}

const toldForMs = 30 * 86_400_000;

function watchedBy(
  { installationId, connector, label, status, statusReason }: Installation,
  states: readonly StreamState[],
  {
    past,
    known,
    silences,
  }: {
    readonly past: readonly PastCoverage[];
    readonly known: readonly Gap[];
    readonly silences: readonly StoredOutage[];
  },
): WatchedTime {
  const own = states.filter((state) => state.installationId === installationId);
  const byPart = new Map(own.map((state) => [`${state.stream}|${state.partition}`, state]));
  const current = own.flatMap((state): WatchedPart[] => {
    const { stream, partition, label, backfilledFrom: from, lastSuccessAt: to } = state;
    if (from === null || to === null) return [];
    return [{ stream, partition, label, touchpoints: touchpointsOf(state), from, to, current: status === 'active' }];
  });
  const ended = past
    .filter((part) => part.installationId === installationId)
    .map((part): WatchedPart => {
      const { stream, partition, label, from, to } = part;
      return { stream, partition, label, touchpoints: touchpointsOf(part), from, to, current: false };
    });
  const opened = known.filter((gap) => gap.installationId === installationId);
  const silent = silences.flatMap((one) =>
    one.installationId === installationId
      ? own
          .filter((state) => state.sees.includes(one.touchpoint))
          .map(({ stream, partition, label: name }): UnwatchedPart => ({
            stream,
            partition,
            label: name,
            from: one.from,
            to: one.to,
            readLaterAt: null,
            touchpoints: touchpointsOf({ sees: [one.touchpoint] }),
            reason: silentReason(`${connector} ${label}`),
          }))
      : [],
  );
  const isOpen = (state: StreamState) =>
    opened.some((gap) => gap.stream === state.stream && gap.partition === state.partition && gap.healedAt === null);
  // Between the end of an installation and the next look at gaps its own state says it.
  const stopped = status === 'active' ? [] : own.filter((state) => !isOpen(state) && state.lastSuccessAt !== null);
  return {
    installationId,
    from: current.length > 0 ? Math.max(...current.map((part) => part.from)) : null,
    to: current.length > 0 ? Math.min(...current.map((part) => part.to)) : null,
    watched: [...current, ...ended],
    gaps: [
      ...opened.map((gap): UnwatchedPart => {
        const state = byPart.get(`${gap.stream}|${gap.partition}`);
        return {
          stream: gap.stream,
          partition: gap.partition,
          label: state?.label ?? null,
          touchpoints: state ? touchpointsOf(state) : [],
          from: gap.from,
          to: gap.to,
          reason: gap.reason,
          readLaterAt: gap.healedAt,
        };
      }),
      ...stopped.map((state): UnwatchedPart => ({
        stream: state.stream,
        partition: state.partition,
        label: state.label,
        touchpoints: touchpointsOf(state),
        from: state.lastSuccessAt ?? 0,
        to: null,
        reason: statusReason ?? status,
        readLaterAt: null,
      })),
      ...silent,
    ],
  };
}

async function unwatchedMailboxes(
  tx: Tx,
  all: readonly Installation[],
  states: readonly StreamState[],
): Promise<readonly UnwatchedMailbox[]> {
  const reading = new Set(states.filter(seesPeople).map((state) => state.installationId));
  const mailboxes = all.filter((one) => one.address !== null && reading.has(one.installationId));
  const keys = (some: readonly Installation[]) => new Set(some.map((one) => addressKey(one.address ?? '')));
  const watched = keys(mailboxes.filter((one) => one.status === 'active'));
  const installed = keys(mailboxes);
  const customers = new Map<string, number>();
  for (const account of await accounts(tx)) {
    if (!account.isCustomer || account.mergedInto !== null || account.csmEmail === null) continue;
    const csm = account.csmEmail.toLowerCase();
    if (!watched.has(addressKey(csm))) customers.set(csm, (customers.get(csm) ?? 0) + 1);
  }
  return [...customers]
    .map(([address, count]) => ({ address, customers: count, installed: installed.has(addressKey(address)) }))
    .sort((a, b) => b.customers - a.customers || a.address.localeCompare(b.address));
}
