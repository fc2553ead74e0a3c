import type { Installation } from '@waymark/store';

/**
 * How long accounts wait for their fold while more of their history comes, ms: folded with each page, a year of a hundred accounts is
 * folded fifty times over, and by what is not to be judged yet.
 */
const waitWhileReadingMs = 30_000;

/** Whether an installation is in its first run: what it has to tell of an account comes from one stream after another. */
export const isFirstRun = ({ nextRunAt }: Pick<Installation, 'nextRunAt'>): boolean => nextRunAt === null;

/** From when on accounts are folded whose history changed at an instant: at once, or where more of it comes a while later. Epoch ms. */
export const foldFrom = (at: number, isMoreToCome: boolean): number => at + (isMoreToCome ? waitWhileReadingMs : 0);
