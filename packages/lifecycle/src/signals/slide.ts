/** Weeks whose average is held against that of as many before: long enough that a good or a bad week alone makes no turn. */
const stretch = 3;
/** A stretch has fallen when it is below the one before by a tenth at least. */
const fallen = 0.9;

/**
 * For how many weeks an account has slid: each three weeks brought at least a tenth less than the three before, back from the latest.
 * Shares of the usual, the latest week first; 0 where the latest three weeks are no lower, and where the account slid for as long before
 * and came back. Who swings turns again within a few weeks, so that a run of falls tells a slide from a swing where their depth alone
 * does not.
 */
export function slideOf(latest: readonly number[], before: readonly number[]): number {
  const slid = runOf(latest, before, 0);
  // What it did before without leaving tells nothing now.
  for (let from = slid + stretch; slid > 0 && from < latest.length + before.length; from += 1)
    if (runOf(latest, before, from) >= slid) return 0;
  return slid;
}

/** For how many weeks it fell and fell up to a week, back from it. */
function runOf(latest: readonly number[], before: readonly number[], to: number): number {
  let slid = 0;
  let level = averageAt(latest, before, to);
  for (let from = to + stretch; from + stretch <= latest.length + before.length; from += stretch) {
    const earlier = averageAt(latest, before, from);
    if (!(level < fallen * earlier)) break;
    slid += stretch;
    level = earlier;
  }
  return slid;
}

function averageAt(latest: readonly number[], before: readonly number[], from: number): number {
  let total = 0;
  for (let week = from; week < from + stretch; week += 1)
    total += latest[week] ?? before[week - latest.length] ?? Number.NaN;
  return total / stretch;
}
