import type { Mark } from '../tracks/tracks.ts';
import { DAY } from '../time/zone.ts';

const HOUR = DAY / 24;
const MINUTE = HOUR / 60;

/** `1 ticket`, `3 tickets`, `no tickets`. */
export function counted(count: number, one: string, many: string): string {
  return count === 0 ? `no ${many}` : count === 1 ? `1 ${one}` : `${count} ${many}`;
}

/** `once`, `twice`, `3 times`. */
export function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}

/** A length of time as people round it: `20 minutes`, `5 hours`, `12 days`. */
export function span(ms: number): string {
  if (ms >= 20 * HOUR) return counted(Math.round(ms / DAY), 'day', 'days');
  if (ms >= HOUR) return counted(Math.round(ms / HOUR), 'hour', 'hours');
  return counted(Math.max(1, Math.round(ms / MINUTE)), 'minute', 'minutes');
}

/** What a contact was, in words. */
export function contactWord({ type }: Mark): string {
  const noun = type.slice(0, type.indexOf('.'));
  switch (noun) {
    case 'email':
      return 'a mail';
    case 'chat':
      return 'a chat message';
    case 'survey':
      return 'a survey answer';
    default:
      return `a ${noun}`;
  }
}
