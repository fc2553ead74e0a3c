import { knownLulls, type Lull } from '@waymark/lifecycle';
import {
  dayTotals,
  installations,
  readSeason,
  streamStates,
  wakeAllAccounts,
  writeSeason,
  type StreamState,
  type Tx,
} from '@waymark/store';

const DAY = 86_400_000;
/** A stream that has failed for longer is not about to end its reading: the season of all others does not wait for it. */
const PATIENCE = DAY;

/**
 * Works out anew, once a day and whenever a history has been read to its end, when the whole workspace was quieter than usual, and has
 * every account judged with it where that changed. While a history is being read nothing is: half of one looks like a quiet season. One
 * that has failed for a day, or whose installation is not active, is not being read. Says whether it changed.
 */
export async function keepSeason(tx: Tx, now: number, options: { readonly again?: boolean } = {}): Promise<boolean> {
  const today = Math.floor(now / DAY) * DAY;
  const before = await readSeason(tx);
  const states = await streamStates(tx);
  const active = new Set(
    (await installations(tx)).filter((one) => one.status === 'active').map((one) => one.installationId),
  );
  if (states.some((state) => active.has(state.installationId) && isBeingRead(state, now))) return false;
  const basis = states
    .filter((state) => state.backfillDoneAt !== null)
    .map((state) => `${state.installationId}|${state.stream}|${state.partition}`)
    .sort()
    .join('\n');
  if (before && before.day >= today && before.basis === basis && options.again !== true) return false;
  const totals = await dayTotals(tx);
  const lulls = (['contact', 'product'] as const).flatMap((of): readonly Lull[] => {
    const happenings = totals
      .filter((one) => one.of === of && one.day < today)
      .map(({ day, count, weight }) => ({ occurredAt: day, recordedAt: day + DAY - 1, weight, count }));
    return knownLulls(of, happenings, today + 1).at(-1)?.lulls ?? [];
  });
  const changed = JSON.stringify(lulls) !== JSON.stringify(before?.lulls ?? []);
  await writeSeason(tx, { day: today, basis, lulls }, now);
  if (changed) await wakeAllAccounts(tx, now);
  return changed;
}

function isBeingRead({ backfillDoneAt, pausedReason, fault }: StreamState, now: number): boolean {
  return backfillDoneAt === null && pausedReason === null && (fault === null || now - fault.since < PATIENCE);
}
