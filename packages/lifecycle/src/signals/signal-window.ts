import type { Moment } from '../course/moment.ts';
import { NEVER, steady, type SignalReader } from './signal.ts';
import type { Mark } from '../tracks/tracks.ts';
import { DAY } from '../time/zone.ts';

/** How many marks (oldest first) lie in the `days` times 24 hours up to the moment. */
export function countedMarks(days: number, marksAt: (moment: Moment) => readonly Mark[]): SignalReader {
  const window = days * DAY;
  const within = (moment: Moment) => marksAt(moment).filter((mark) => moment.at - mark.at < window);
  return steady((moment) => within(moment).length, {
    turns: (moment) => {
      const first = within(moment)[0];
      return first === undefined ? NEVER : first.at + window;
    },
  });
}
