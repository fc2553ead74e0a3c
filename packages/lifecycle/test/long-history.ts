import type { Fact } from '../src/course/state.ts';
import { ANN, BOB, DAY, History, MONDAY } from './account.ts';

/** A repeatable source of numbers from 0 to 1 (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A history of one account of so many facts over so many days, in order of time: talk, meetings, tickets, use, silences in between. */
export function longHistory(count: number, days: number, seed: number): Fact[] {
  const random = randomOf(seed);
  const history = new History();
  for (let at = 0; at < count; at++) {
    // Twice in the history nothing is heard for a twentieth of it.
    const share = at / count;
    const when = days * (share * 0.9 + (share > 0.3 ? 0.05 : 0) + (share > 0.7 ? 0.05 : 0));
    const lot = random();
    const who = random() < 0.7 ? ANN : BOB;
    const thread = `t${Math.floor(random() * 30)}`;
    if (lot < 0.35) history.from(when, who, thread);
    else if (lot < 0.7) history.to(when, who, thread);
    else if (lot < 0.78) history.meeting('meeting.held', when);
    else if (lot < 0.82) history.meeting('meeting.canceled', when, { startsAt: MONDAY + when * DAY + DAY });
    else if (lot < 0.88)
      history.add('ticket.opened', when, {
        direction: 'inbound',
        attributes: { ticketId: `k${at % 9}`, priority: 'high' },
      });
    else if (lot < 0.94) history.add('ticket.solved', when, { attributes: { ticketId: `k${(at + 4) % 9}` } });
    else history.add('usage.recorded', when, { attributes: { metric: 'logins', value: Math.floor(random() * 50) } });
  }
  return history.facts;
}
