/** What became of the meetings of a stretch. */
export interface Attendance {
  readonly held: number;
  /** Called off or missed. */
  readonly missed: number;
}

/** Of so many meetings so many fall through before anything is known of an account. */
const meetingsAtFirst = 10;
const missedAtFirst = 1.5;
/** What a meeting that falls through tells beyond that one less was held. */
const beyondHeld = 0.7;
/** What the square of a deviation is by chance. */
const byChance = 1;
/** One that falls through is chance. */
export const fewestMeetings = 2;

/**
 * How far more meetings fall through than is usual with the account, in standard deviations: the signed root of the deviance of a binomial
 * share against the usual one (P. McCullagh, J. A. Nelder, "Generalized Linear Models", 1989, chapter 4.4), less what the fall of meetings
 * held tells already. 0 where no more fall through than usual.
 */
export function missedDeviation(now: Attendance, before: Attendance): number {
  const all = now.held + now.missed;
  const usual = (before.missed + missedAtFirst) / (before.held + before.missed + meetingsAtFirst);
  const share = now.missed / all;
  if (all < fewestMeetings || share <= usual) return 0;
  const held = share < 1 ? (1 - share) * Math.log((1 - share) / (1 - usual)) : 0;
  return Math.sqrt(Math.max(0, 2 * beyondHeld * all * (share * Math.log(share / usual) + held) - byChance));
}
