import { knownLulls, type Lull } from '@waymark/lifecycle';
import { dayTotals, readSeason, streamStates, wakeAllAccounts, writeSeason, type Tx } from '@waymark/store';

const DAY = 86_400_000;

/**
 * Works out anew, once a day and whenever a history has been read to its end, when the whole workspace was quieter than usual, and has
 * every account judged with it where that changed. While a history is being read nothing is: half of one looks like a quiet season.
 * Says whether it changed.
 */
export async function keepSeason(tx: Tx, now: number, options: { readonly again?: boolean } = {}): Promise<boolean> {
  const today = Math.floor(now / DAY) * DAY;
  const before = await readSeason(tx);
  const states = await streamStates(tx);
  if (states.some((state) => state.backfillDoneAt === null && state.pausedReason === null)) return false;
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
  await writeSeason(tx, today, basis, lulls);
  if (changed) await wakeAllAccounts(tx, now);
  return changed;
}
