import { sourceOutages } from '@waymark/lifecycle';
import {
  heardSources,
  noteSourceCheck,
  sourceCheckDue,
  wakeAllAccounts,
  writeSourceOutages,
  type Tx,
} from '@waymark/store';

/**
 * Looks which imported sources tell nothing of anybody for far longer than is usual with them, and has every account judged with it
 * where that changed. Looks only when a source has been silent for so long, on the first call, or with `again`: after an import. Says
 * whether it changed.
 */
export async function keepSourceOutages(
  tx: Tx,
  now: number,
  options: { readonly again?: boolean } = {},
): Promise<boolean> {
  const isDue = (check: Awaited<ReturnType<typeof sourceCheckDue>>) =>
    check === undefined || (check.nextAt !== null && check.nextAt <= now) || options.again === true;
  if (!isDue(await sourceCheckDue(tx))) return false;
  // Another process may have looked while this one waited.
  if (!isDue(await sourceCheckDue(tx, { lock: true }))) return false;
  const { outages, nextAt } = sourceOutages(await heardSources(tx, now), now);
  const changed = await writeSourceOutages(tx, outages, now);
  await noteSourceCheck(tx, now, nextAt);
  if (changed) await wakeAllAccounts(tx, now);
  return changed;
}
