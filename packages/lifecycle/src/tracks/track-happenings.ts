import { countOn } from './day-counts.ts';
import { markOf } from './fact.ts';
import type { Fact } from '../course/state.ts';
import type { DayCounts, Mark } from './tracks.ts';

/** What happened of one type. */
export interface Happenings {
  days: DayCounts;
  last: Mark;
}

/** Whether a fact counts under its type. What machines write and what is ours alone does not. */
export function isCounted(fact: Fact): boolean {
  const isWord = fact.touchpoint === 'email' || fact.touchpoint === 'chat';
  return !(fact.automated && isWord) && (fact.direction !== 'internal' || fact.type === 'email.internal');
}

/** Counts a fact under its type. Says whether it did. */
export function takeHappening(track: Record<string, Happenings>, fact: Fact): boolean {
  if (!isCounted(fact)) return false;
  const known = track[fact.type];
  if (known) {
    known.last = markOf(fact);
    countOn(known.days, fact.occurredAt);
  } else {
    const days: DayCounts = [];
    countOn(days, fact.occurredAt);
    track[fact.type] = { days, last: markOf(fact) };
  }
  return true;
}

/** A copy that can be changed without changing the original. */
export function copyHappenings(track: Readonly<Record<string, Happenings>>): Record<string, Happenings> {
  const made: Record<string, Happenings> = {};
  for (const type in track) {
    const known = track[type];
    if (known) made[type] = { days: known.days.slice(), last: known.last };
  }
  return made;
}
