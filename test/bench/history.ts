import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** What a generated history is made of. */
export interface HistoryOptions {
  readonly events: number;
  readonly accounts: number;
  readonly until: number;
}

const day = 86_400_000;
const span = 540 * day;

/** A repeatable source of numbers from 0 to 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The lines of a history of 18 months in the order of time, as an export would give them: mail for the most part, then tickets, use, meetings, deals. */
export function* historyLines({ events, accounts, until }: HistoryOptions): Iterable<string> {
  const random = randomOf(7);
  const pick = (most: number): number => Math.floor(random() * most);
  const from = until - span;
  for (let at = 0; at < events; at += 1) {
    const account = pick(accounts);
    const domain = `customer-${account}.example`;
    const person = `person${pick(5)}@${domain}`;
    const ours = `csm${account % 12}@vendor.example`;
    const time = Math.floor(from + (span * (at + random())) / events);
    const kind = random();
    yield JSON.stringify({
      specversion: '1.0',
      id: `e-${at}`,
      source: 'https://crm.vendor.example/export',
      time: new Date(time).toISOString(),
      subject: domain,
      ...fact(kind, { at, account, time, domain, person, ours, pick }),
    });
  }
}

interface Scene {
  readonly at: number;
  readonly account: number;
  readonly time: number;
  readonly domain: string;
  readonly person: string;
  readonly ours: string;
  readonly pick: (most: number) => number;
}

function fact(kind: number, { at, account, time, domain, person, ours, pick }: Scene) {
  const ticket = `T-${account}-${Math.floor(at / 4000)}`;
  if (kind < 0.3)
    return {
      type: 'email.received',
      data: { from: person, to: [ours], messageId: `m${at}@mail.${domain}`, subject: 'Question' },
    };
  if (kind < 0.6) return { type: 'email.sent', data: { from: ours, to: [person], messageId: `m${at}@vendor.example` } };
  if (kind < 0.72) {
    const startsAt = new Date(time).toISOString();
    return { type: 'meeting.held', data: { organizer: ours, attendees: [person, ours], startsAt, title: 'Weekly' } };
  }
  if (kind < 0.76) return { type: 'meeting.canceled', data: { organizer: ours, attendees: [person] } };
  if (kind < 0.82) return { type: 'ticket.opened', data: { ticket, requester: person, priority: 'medium' } };
  if (kind < 0.88) return { type: 'ticket.solved', data: { ticket, assignee: ours } };
  if (kind < 0.97) return { type: 'usage.recorded', data: { metric: 'weekly_active_users', value: 20 + pick(30) } };
  if (kind < 0.985)
    return { type: 'deal.stage_changed', data: { dealId: `D-${account}`, stage: `s${pick(5)}`, kind: 'renewal' } };
  return { type: 'crm.stage_changed', data: { to: ['onboarding', 'live', 'at risk'][pick(3)] } };
}

/** Writes a history to a file, a line an event. Returns its bytes. */
export async function writeHistory(path: string, options: HistoryOptions): Promise<number> {
  const file = createWriteStream(path);
  for (const line of historyLines(options)) if (!file.write(`${line}\n`)) await once(file, 'drain');
  file.end();
  await once(file, 'finish');
  return file.bytesWritten;
}
