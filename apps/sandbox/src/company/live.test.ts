import { describe, expect, it } from 'vitest';
import { generateWorld } from './generate.ts';
import { createLive, type LiveTarget } from './live.ts';
import { liveStateSchema } from './live-state.ts';
import type { WorldMail, WorldTicket } from './world.ts';

const ANCHOR = Date.parse('2026-06-10T16:00:00Z');
const world = generateWorld({ seed: 7, anchor: ANCHOR });

function recorder(): {
  target: LiveTarget;
  mails: WorldMail[];
  tickets: Map<string, WorldTicket>;
  planned: string[];
  canceled: string[];
} {
  const mails: WorldMail[] = [];
  const tickets = new Map<string, WorldTicket>();
  const planned: string[] = [];
  const canceled: string[] = [];
  const target: LiveTarget = {
    deliver: (mail) => mails.push(mail),
    saveTicket: (ticket) => tickets.set(ticket.key, ticket),
    plan: (meeting) => planned.push(meeting.iCalUid),
    cancel: (uid) => canceled.push(uid),
  };
  return { target, mails, tickets, planned, canceled };
}

/** Forty steps, with a restart before one of them. */
function play(restartAt: number): { mails: WorldMail[]; tickets: Map<string, WorldTicket> } {
  const { target, mails, tickets } = recorder();
  let now = ANCHOR;
  let live = createLive({ world, target, now: () => now });
  for (let step = 0; step < 40; step += 1, now += 4000) {
    if (step === restartAt) {
      const state = liveStateSchema.parse(JSON.parse(JSON.stringify(live.state)));
      live = createLive({ world, target, now: () => now, state });
    }
    live.step();
  }
  return { mails, tickets };
}

describe('live mode', () => {
  it('raises a storm of urgent tickets on the promised account within 15 steps, a minute at four seconds each', () => {
    const { target, tickets } = recorder();
    let now = ANCHOR;
    const live = createLive({ world, target, now: () => now });
    for (let step = 0; step < 15; step += 1, now += 4000) live.step();
    const promised = world.manifest.find((story) => story.live);
    const storm = [...tickets.values()].filter((ticket) => ticket.account === promised?.account);
    expect(storm).toHaveLength(6);
    expect(storm.every((ticket) => ticket.priority === 'URGENT' && ticket.history.at(-1)?.status !== 'closed')).toBe(
      true,
    );
    expect(storm.some((ticket) => ticket.history.at(-1)?.status === 'escalated')).toBe(true);
  });

  it('goes on after a restart in the middle as if there had been none', () => {
    expect(play(17)).toEqual(play(-1));
  });

  it('leaves no customer without an answer and no ticket open for good', () => {
    const { target, mails, tickets, planned, canceled } = recorder();
    let now = ANCHOR;
    const live = createLive({ world, target, now: () => now });
    for (let step = 0; step < 150; step += 1, now += 4000) live.step();
    const answered = new Set(mails.flatMap((mail) => mail.inReplyTo ?? []));
    const early = mails.filter((mail) => !mail.inReplyTo && mail.at < ANCHOR + 140 * 4000);
    expect(early.length).toBeGreaterThan(20);
    expect(early.filter((mail) => !answered.has(mail.messageId))).toEqual([]);
    const old = [...tickets.values()].filter((ticket) => (ticket.history[0]?.at ?? 0) < ANCHOR + 130 * 4000);
    expect(old.filter((ticket) => ticket.history.at(-1)?.status !== 'closed')).toEqual([]);
    expect(canceled.length).toBeGreaterThan(0);
    expect(canceled.filter((uid) => !planned.includes(uid))).toEqual([]);
  });
});
