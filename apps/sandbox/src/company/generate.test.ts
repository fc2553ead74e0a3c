import { describe, expect, it } from 'vitest';
import { createBusinessCalendar, WORKDAY } from './business-calendar.ts';
import { digestWorld } from './digest.ts';
import { generateWorld } from './generate.ts';
import { instancesOf } from './instances.ts';
import { isWatched, VENDOR } from './vendor.ts';
import type { World, WorldAccount, WorldMail } from './world.ts';

const DAY = 86_400_000;
const FREE = new Set(['gmail.com', 'outlook.com', 'yahoo.com']);

/** A weekday noon, a weekend night, a holiday, the days after it, an early morning, both changes of the clock. */
const ANCHORS = [
  '2026-06-10T16:00:00Z',
  '2026-11-21T20:48:00Z',
  '2026-11-26T15:00:00Z',
  '2027-01-01T09:00:00Z',
  '2027-01-04T08:00:00Z',
  '2026-03-08T18:00:00Z',
  '2026-11-01T12:30:00Z',
  '2028-02-29T23:59:00Z',
].map((text) => Date.parse(text));

const worlds: readonly (readonly [string, World])[] = ANCHORS.flatMap((anchor, index) =>
  (index === 0 ? [7, 1, 4242] : [7]).map(
    (seed) => [`seed ${seed} at ${new Date(anchor).toISOString()}`, generateWorld({ seed, anchor })] as const,
  ),
);
const first = generateWorld({ seed: 7, anchor: ANCHORS[0] ?? 0 });

/** What may be expected of a reader of the log: who wrote last and when, what waits, what is open. */
function pulse(world: World, account: WorldAccount) {
  const addresses = new Set(
    world.people.filter((person) => person.account === account.key).flatMap((person) => person.addresses),
  );
  const own = new Set(VENDOR.staff.map((staff) => staff.email));
  const inbound: WorldMail[] = [];
  const waiting = new Map<string, number>();
  const answered = new Set<string>();
  let accountWaits: number | undefined;
  for (const mail of world.mails) {
    if (mail.kind) continue;
    const root = mail.references?.[0] ?? mail.messageId;
    if (addresses.has(mail.from.address)) {
      inbound.push(mail);
      // The last word in a thread that we answered is a thank-you, if it is one.
      if (!answered.delete(root) && !waiting.has(root)) waiting.set(root, mail.at);
      accountWaits ??= mail.at;
    } else if (own.has(mail.from.address) && mail.to.some((to) => addresses.has(to.address))) {
      waiting.delete(root);
      answered.add(root);
      accountWaits = undefined;
    }
  }
  const meetings = world.meetings
    .filter((meeting) => meeting.attendees.some((attendee) => addresses.has(attendee.address)))
    .flatMap((meeting) => instancesOf(meeting, world.anchor))
    .filter((instance) => instance.end < world.anchor)
    .toSorted((a, b) => a.start - b.start);
  const failed = meetings.map((instance) => instance.canceled || instance.outcome === 'no_show');
  const tickets = world.tickets.filter((ticket) => ticket.account === account.key);
  const open = tickets.filter((ticket) => ticket.history.at(-1)?.status !== 'closed');
  return {
    inbound,
    lastInbound: inbound.at(-1)?.at ?? 0,
    /** Oldest mail of the customer that nobody has answered, per thread and for the account as a whole. */
    waits: [...waiting.values()],
    accountWaits,
    lastHeld: meetings.filter((instance) => !instance.canceled && instance.outcome !== 'no_show').at(-1)?.start ?? 0,
    streak: failed.length - 1 - failed.lastIndexOf(false),
    open,
    severe: open.filter((ticket) => ticket.priority === 'URGENT' || ticket.history.at(-1)?.status === 'escalated'),
    tickets,
  };
}

function longestGap(times: readonly number[]): number {
  return times.reduce((longest, time, index) => Math.max(longest, time - (times[index - 1] ?? time)), 0);
}

describe('generateWorld', () => {
  it('gives the same world for the same seed and anchor, and another for another seed', () => {
    const again = generateWorld({ seed: 7, anchor: first.anchor });
    expect(digestWorld(again)).toBe(digestWorld(first));
    expect(digestWorld(generateWorld({ seed: 8, anchor: first.anchor }))).not.toBe(digestWorld(first));
  });

  it('tells the same stories of the same accounts at any anchor', () => {
    for (const [, world] of worlds.filter(([name]) => name.startsWith('seed 7'))) {
      expect(world.manifest).toEqual(first.manifest);
      expect(world.accounts.map((account) => account.domains)).toEqual(
        first.accounts.map((account) => account.domains),
      );
    }
  });

  it('has the size of a small company', () => {
    const instances = first.meetings.flatMap((meeting) => instancesOf(meeting, first.anchor)).length;
    expect(first.mails.length).toBeGreaterThan(7_500);
    expect(first.mails.length).toBeLessThan(12_000);
    expect(instances).toBeGreaterThan(1_800);
    expect(instances).toBeLessThan(3_500);
    expect(first.tickets.length).toBeGreaterThan(350);
    expect(first.tickets.length).toBeLessThan(700);
    expect(first.accounts.filter((account) => account.lifecycle === 'customer')).toHaveLength(60);
  });

  it('invents every address: .example or free mail', () => {
    const addresses = first.mails.flatMap((mail) =>
      [mail.from, ...mail.to, ...(mail.cc ?? [])].map((party) => party.address),
    );
    for (const address of new Set(addresses)) {
      const domain = address.split('@')[1] ?? '';
      expect(domain.endsWith('.example') || FREE.has(domain), address).toBe(true);
    }
  });

  it('counts each at-risk story in its manifest, with its rule', () => {
    const rules = first.manifest.filter((story) => !story.healthy).map((story) => story.rule);
    expect(rules.length).toBeGreaterThanOrEqual(10);
    const expected = [
      'gone_quiet',
      'champion_left',
      'onboarding_behind',
      'ticket_load',
      'renewal_weak',
      'unanswered_mail',
      'meeting_streak',
    ];
    for (const rule of expected) expect(rules.filter((one) => one === rule)).toHaveLength(2);
    expect(first.manifest).toHaveLength(first.accounts.length);
    expect(new Set(first.manifest.filter((story) => story.healthy).map((story) => story.rule))).toEqual(
      new Set([undefined, 'ready_to_expand']),
    );
    expect(first.manifest.filter((story) => story.live)).toHaveLength(1);
  });

  it('keeps weekends and holidays quiet', () => {
    const calendar = createBusinessCalendar({ anchor: first.anchor, zone: VENDOR.timezone });
    const today = calendar.wall(0, 0);
    const written = first.mails.filter((mail) => !mail.kind);
    const off = written.filter((mail) => !calendar.isWorkday(Math.floor((mail.at - today) / DAY + 0.05)));
    expect(off.length / written.length).toBeLessThan(0.02);
  });
});

describe.each(worlds)('the sample with %s', (_, world) => {
  const people = new Map(
    world.people.flatMap((person) => person.addresses.map((address) => [address, person] as const)),
  );
  const pulses = new Map(world.accounts.map((account) => [account.key, pulse(world, account)]));
  const of = (key: string): ReturnType<typeof pulse> => {
    const found = pulses.get(key);
    if (!found) throw new Error(key);
    return found;
  };
  const since = (time: number): number => (world.anchor - time) / DAY;
  const calendar = createBusinessCalendar({ anchor: world.anchor, zone: VENDOR.timezone });
  const twoWorkdaysAgo = calendar.timeOf(calendar.now - 2 * WORKDAY);

  it('has nothing after the anchor but plans', () => {
    const times = [
      ...world.mails.map((mail) => mail.at),
      ...world.meetings.flatMap((meeting) => [
        meeting.createdAt,
        meeting.canceledAt ?? 0,
        ...(meeting.exceptions ?? []).map((one) => one.canceledAt ?? 0),
      ]),
      ...world.tickets.flatMap((ticket) => ticket.history.map((step) => step.at)),
      ...world.deals.flatMap((deal) => [...deal.history, ...deal.closeDates].map((step) => step.at)),
      ...world.accounts.flatMap((account) =>
        [...account.lifecycleHistory, ...(account.onboarding ?? [])].map((step) => step.at),
      ),
    ];
    expect(Math.max(...times)).toBeLessThanOrEqual(world.anchor);
    expect(since(world.mails[0]?.at ?? 0)).toBeGreaterThan(355);
  });

  it('lets nobody write before they came or after they went', () => {
    const wrong = world.mails.filter((mail) => {
      const person = people.get(mail.from.address);
      return person && (mail.at < person.joinedAt || (person.leftAt !== undefined && mail.at > person.leftAt));
    });
    expect(wrong.map((mail) => [mail.messageId, mail.subject])).toEqual([]);
  });

  it('has unique ids and references to mails that came before', () => {
    const seen = new Set<string>();
    for (const mail of world.mails) {
      for (const reference of [...(mail.references ?? []), ...(mail.inReplyTo ? [mail.inReplyTo] : [])]) {
        if (!seen.has(reference)) expect.fail(`${mail.messageId} refers to ${reference}, which did not come before it`);
      }
      expect(seen.has(mail.messageId)).toBe(false);
      seen.add(mail.messageId);
    }
    expect(new Set(world.meetings.map((meeting) => meeting.iCalUid)).size).toBe(world.meetings.length);
    expect(new Set(world.accounts.map((account) => account.key)).size).toBe(world.accounts.length);
    expect(new Set(world.people.flatMap((person) => person.addresses)).size).toBe(
      world.people.flatMap((person) => person.addresses).length,
    );
  });

  it('keeps every mail and every planned meeting in a connected mailbox only', () => {
    expect(world.mails.filter((mail) => mail.mailboxes.length === 0)).toEqual([]);
    expect(
      [
        ...world.mails.flatMap((mail) => mail.mailboxes),
        ...world.meetings.flatMap((meeting) => meeting.calendars),
      ].filter((one) => !isWatched(one)),
    ).toEqual([]);
  });

  it('points exceptions at instances of their series', () => {
    for (const meeting of world.meetings) {
      if (!meeting.exceptions) continue;
      const starts = new Set(instancesOf(meeting, world.anchor + 200 * DAY).map((instance) => instance.originalStart));
      expect(
        meeting.exceptions.filter((exception) => !starts.has(exception.originalStart)),
        meeting.rrule,
      ).toEqual([]);
      expect(starts.has(meeting.start), `${meeting.rrule} starts with its first instance`).toBe(true);
    }
  });

  it('keeps each healthy customer clear of every rule', () => {
    for (const story of world.manifest.filter((one) => one.healthy)) {
      const account = world.accounts.find((one) => one.key === story.account);
      if (account?.lifecycle !== 'customer') continue;
      const now = of(story.account);
      const at = (what: string): string => `${story.name} (${story.story}): ${what}`;
      expect(since(now.lastInbound), at('days since the last inbound mail')).toBeLessThan(
        story.story === 'healthy-low-touch' ? 14 : 9,
      );
      expect(now.waits, at('threads that wait')).toEqual([]);
      expect(now.open.length, at('open tickets')).toBeLessThanOrEqual(1);
      expect(now.severe, at('severe tickets')).toEqual([]);
      expect(
        now.tickets.filter((ticket) => since(ticket.history[0]?.at ?? 0) < 14).length,
        at('tickets in two weeks'),
      ).toBeLessThanOrEqual(2);
      expect(now.streak, at('meetings that failed in a row')).toBeLessThan(2);
      const champion = world.people.find((person) => person.account === story.account && person.persona === 'champion');
      expect(champion?.leftAt).toBeUndefined();
      const wrote = now.inbound.findLast((mail) => champion?.addresses.includes(mail.from.address))?.at ?? 0;
      expect(since(wrote), at('days since the champion wrote')).toBeLessThan(14);
      const renewal = ((account.renewalAt ?? 0) - world.anchor) / DAY;
      if (renewal < 100) {
        expect(
          now.inbound.filter((mail) => since(mail.at) < 30).length,
          at('inbound mails before renewal'),
        ).toBeGreaterThanOrEqual(4);
        expect(since(now.lastHeld), at('days since a meeting was held, before renewal')).toBeLessThan(22);
      }
      const age = since(account.customerSince ?? 0);
      const steps = new Map(
        (account.onboarding ?? []).map((step) => [step.status, (step.at - (account.customerSince ?? 0)) / DAY]),
      );
      if (age > 10) expect(steps.get('kickoff'), at('kickoff')).toBeLessThan(10);
      if (age > 20) expect(steps.get('training'), at('training')).toBeLessThan(20);
      if (age > 32) expect(steps.get('live'), at('go-live')).toBeLessThan(32);
      if (story.story === 'healthy-low-touch') {
        const gap = longestGap([...now.inbound.map((mail) => mail.at), world.anchor]);
        expect(gap / DAY, at('longest silence')).toBeLessThan(31);
      }
    }
  });

  it('gives each at-risk account what its rule looks for', () => {
    for (const story of world.manifest.filter((one) => !one.healthy)) {
      const now = of(story.account);
      const account = world.accounts.find((one) => one.key === story.account);
      const champion = world.people.find((person) => person.account === story.account && person.persona === 'champion');
      const live = account?.onboarding?.some((step) => step.status === 'live') ?? false;
      const proof: Record<string, () => boolean> = {
        gone_quiet: () => since(now.lastInbound) > 45 && since(now.lastHeld) > 45 && now.inbound.length > 30,
        champion_left: () =>
          (champion?.leftAt ?? Infinity) < world.anchor &&
          world.mails.filter(
            (mail) => mail.kind === 'bounce' && mail.headers?.['X-Failed-Recipients'] === champion?.addresses[0],
          ).length === 2 &&
          since(now.lastInbound) < 14,
        onboarding_behind: () => since(account?.customerSince ?? 0) > 65 && !live,
        ticket_load: () => now.open.length >= 6 && now.severe.length >= 2,
        renewal_weak: () =>
          (account?.renewalAt ?? 0) - world.anchor < 60 * DAY &&
          since(now.lastHeld) > 35 &&
          now.inbound.filter((mail) => since(mail.at) < 30).length <= 2,
        unanswered_mail: () =>
          now.waits.some((at) => at < twoWorkdaysAgo) && (now.accountWaits ?? Infinity) < twoWorkdaysAgo,
        meeting_streak: () => now.streak >= 3,
      };
      expect(proof[story.rule ?? '']?.(), `${story.name} (${story.story})`).toBe(true);
      if (story.rule !== 'unanswered_mail') expect(now.waits, `${story.name} waits for nothing`).toEqual([]);
    }
  });
});
