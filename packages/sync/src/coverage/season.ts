import { knownLulls, type Lull, type Unheard } from '@waymark/lifecycle';
import {
  dayTotals,
  gaps,
  installations,
  readSeason,
  sourceOutagesInForce,
  streamStates,
  wakeAllAccounts,
  writeSeason,
  type Gap,
  type StreamState,
  type Tx,
} from '@waymark/store';
import { touchpointsOf } from './coverage.ts';

const DAY = 86_400_000;
/** A stream that has failed for longer is not about to end its reading: the season of all others does not wait for it. */
const PATIENCE = DAY;

/**
 * Works out anew, once a day and whenever a history has been read to its end, when the whole workspace was quieter than usual, and has
 * every account judged with it where that changed. While a history is being read nothing is: half of one looks like a quiet season. One
 * that has failed for a day, or whose installation is not active, is not being read. Nor is a source that tells nothing a quiet season:
 * days in an outage or a gap are judged by the other sources, and the season is worked out anew when one of them comes, ends or is filled.
 * Says whether it changed.
 */
export async function keepSeason(tx: Tx, now: number, options: { readonly again?: boolean } = {}): Promise<boolean> {
  const today = Math.floor(now / DAY) * DAY;
  const before = await readSeason(tx);
  const states = await streamStates(tx);
  if (await isHistoryBeingRead(tx, now)) return false;
  const unheard = await unheardSources(tx, states);
  const basis = [
    ...states
      .filter((state) => state.backfillDoneAt !== null)
      .map((state) => `${state.installationId}|${state.stream}|${state.partition}`),
    ...unheard.map(({ source, from, to }) => `unheard ${source} ${from} ${to}`),
  ]
    .sort()
    .join('\n');
  if (before && before.day >= today && before.basis === basis && options.again !== true) return false;
  const totals = await dayTotals(tx, { bySource: unheard.length > 0 });
  const lulls = (['contact', 'product'] as const).flatMap((of): readonly Lull[] => {
    const happenings = totals
      .filter((one) => one.of === of && one.day < today)
      .map(({ day, of: _of, ...said }) => ({ occurredAt: day, recordedAt: day + DAY - 1, ...said }));
    return knownLulls(of, happenings, today + 1, unheard).at(-1)?.lulls ?? [];
  });
  const changed = JSON.stringify(lulls) !== JSON.stringify(before?.lulls ?? []);
  await writeSeason(tx, { day: today, basis, lulls }, now);
  if (changed) await wakeAllAccounts(tx, now);
  return changed;
}

/** Whether a history is being read, of which half is not yet to be judged by. */
export async function isHistoryBeingRead(tx: Tx, now: number): Promise<boolean> {
  const active = new Set(
    (await installations(tx)).filter((one) => one.status === 'active').map((one) => one.installationId),
  );
  return (await streamStates(tx)).some((state) => active.has(state.installationId) && isBeingRead(state, now));
}

function isBeingRead({ backfillDoneAt, pausedReason, fault }: StreamState, now: number): boolean {
  return backfillDoneAt === null && pausedReason === null && (fault === null || now - fault.since < PATIENCE);
}

/** The stretches in which nothing was heard of a source, as far as is known now: outages of imports, and installations mostly unread. */
async function unheardSources(tx: Tx, states: readonly StreamState[]): Promise<readonly Unheard[]> {
  const unheard = (source: string, from: number, to: number | null): Unheard => ({
    source,
    from,
    to,
    knownFrom: -Infinity,
    overAt: to === null ? null : -Infinity,
    filledAt: null,
  });
  const imported = (await sourceOutagesInForce(tx)).map(({ source, touchpoint, from, to }) =>
    unheard(`${touchpoint} ${source}`, from, to),
  );
  const found = await gaps(tx, { unhealedOnly: true });
  if (found.length === 0) return imported;
  const keyOf = (one: Pick<Gap, 'installationId' | 'stream' | 'partition'>) =>
    `${one.installationId}|${one.stream}|${one.partition}`;
  const sees = new Map(states.map((state) => [keyOf(state), touchpointsOf(state)]));
  const watching = Map.groupBy(
    states.flatMap((state) => touchpointsOf(state).map((touchpoint) => `${touchpoint} ${state.installationId}`)),
    (source) => source,
  );
  const missing = Map.groupBy(
    found.flatMap((gap) =>
      (sees.get(keyOf(gap)) ?? []).map((touchpoint) => ({ gap, source: `${touchpoint} ${gap.installationId}` })),
    ),
    ({ source }) => source,
  );
  return [
    ...imported,
    ...[...missing].flatMap(([source, own]) =>
      mostlyMissing(
        own.map(({ gap }) => gap),
        watching.get(source)?.length ?? 1,
      ).map(({ from, to }) => unheard(source, from, to)),
    ),
  ];
}

/** When at least half of so many partitions were not read: one mailbox of a hundred says little of what the others tell. */
function mostlyMissing(
  found: readonly Gap[],
  partitions: number,
): readonly { readonly from: number; readonly to: number | null }[] {
  const turns = found
    .flatMap(({ from, to }) => [{ at: from, by: 1 }, ...(to === null ? [] : [{ at: to, by: -1 }])])
    .toSorted((a, b) => a.at - b.at || b.by - a.by);
  const stretches: { from: number; to: number | null }[] = [];
  let missing = 0;
  for (const { at, by } of turns) {
    missing += by;
    const last = stretches.at(-1);
    const isOpen = last?.to === null;
    if (missing * 2 >= partitions && !isOpen) stretches.push({ from: at, to: null });
    else if (missing * 2 < partitions && last && isOpen) last.to = at;
  }
  return stretches;
}
