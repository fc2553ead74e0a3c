import { hurryWakes, isFirstRunOpen, type Database, type Installation } from '@waymark/store';
import { keepPeers } from '../coverage/peers.ts';
import { keepSeason } from '../coverage/season.ts';

/**
 * How long accounts wait for their fold while more of their history comes, ms: folded with each page, a year of a hundred accounts is
 * folded fifty times over, and by what is not to be judged yet.
 */
const waitWhileReadingMs = 30_000;

/** Whether an installation is in its first run: what it has to tell of an account comes from one stream after another. */
export const isFirstRun = ({ nextRunAt }: Pick<Installation, 'nextRunAt'>): boolean => nextRunAt === null;

/** From when on accounts are folded whose history changed at an instant: at once, or where more of it comes a while later. Epoch ms. */
export const foldFrom = (at: number, isMoreToCome: boolean): number => at + (isMoreToCome ? waitWhileReadingMs : 0);

/**
 * Once the first run of the last source has ended, lets the accounts be folded that waited for more, by what is now known of all of them.
 * Says whether any waited. Where it fails they are folded a while later.
 */
export async function endFirstReading(database: Database, workspaceId: string, now: number): Promise<boolean> {
  return database
    .inWorkspace(
      workspaceId,
      async (tx) => {
        if (await isFirstRunOpen(tx)) return false;
        // Before the fold and not after it: else each account is judged twice, and told of by the first.
        await keepSeason(tx, now);
        await keepPeers(tx, now);
        return hurryWakes(tx, now);
      },
      { retry: true },
    )
    .catch(() => false);
}
