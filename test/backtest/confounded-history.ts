import { seededDraw } from '../../packages/lifecycle/src/backtest/seeded-draw.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** What makes a history hard to read. Times are epoch milliseconds. */
export interface HistoryOptions {
  readonly seed: number;
  readonly accounts?: number;
  readonly months?: number;
  readonly csms?: number;
  /** Share of accounts that churn after a decline of 30 to 60 days, and without any warning. */
  readonly churnShare?: number;
  readonly suddenShare?: number;
}

/** One account of the history and the truth about it. */
export interface TrueStory {
  readonly domain: string;
  readonly csm: string;
  readonly kind: 'healthy' | 'low_touch' | 'noisy' | 'declining' | 'sudden';
  readonly churnedAt: number | null;
  /** When the decline began; null without one. */
  readonly declineFrom: number | null;
}

export interface Outage {
  readonly source: string;
  readonly from: number;
  readonly to: number;
  /** When what was missing came; null where it never came. */
  readonly deliveredAt: number | null;
}

export interface MadeHistory {
  /** CloudEvents 1.0, one a line. */
  readonly lines: readonly string[];
  readonly stories: readonly TrueStory[];
  readonly outages: readonly Outage[];
  readonly from: number;
  readonly to: number;
}

interface Rhythm {
  /** Inbound mails a week, answers, meetings a week, tickets a month, people, usage a workday. */
  readonly mails: number;
  readonly meetings: number;
  readonly tickets: number;
  readonly people: number;
  readonly usage: number;
}

const rhythms: Record<TrueStory['kind'], (draw: () => number) => Rhythm> = {
  healthy: (draw) => ({
    mails: 1.5 + draw() * 4,
    meetings: 0.25 + draw() * 0.75,
    tickets: draw() * 3,
    people: 2 + Math.floor(draw() * 6),
    usage: 50 + draw() * 200,
  }),
  low_touch: (draw) => ({
    mails: 0.15 + draw() * 0.25,
    meetings: 0.05,
    tickets: draw() * 0.5,
    people: 1 + Math.floor(draw() * 2),
    usage: 20 + draw() * 60,
  }),
  noisy: (draw) => ({
    mails: 3 + draw() * 6,
    meetings: 0.5 + draw(),
    tickets: 3 + draw() * 4,
    people: 4 + Math.floor(draw() * 6),
    usage: 100 + draw() * 300,
  }),
  declining: (draw) => ({
    mails: 1.2 + draw() * 4,
    meetings: 0.2 + draw() * 0.7,
    tickets: draw() * 3,
    people: 2 + Math.floor(draw() * 5),
    usage: 50 + draw() * 200,
  }),
  sudden: (draw) => ({
    mails: 1.5 + draw() * 4,
    meetings: 0.25 + draw() * 0.7,
    tickets: draw() * 3,
    people: 2 + Math.floor(draw() * 5),
    usage: 50 + draw() * 200,
  }),
};

/**
 * A company's history with what misleads a rule: seasonal dips of everybody, accounts that hardly ever write and stay, accounts whose
 * rhythm swings, an outage of the mail source whose mails come late in one burst and one whose mails never come, and churn without
 * warning. The same seed gives the same history.
 */
export function makeHistory(options: HistoryOptions): MadeHistory {
  const { seed, accounts = 400, months = 18, csms = 10, churnShare = 0.15, suddenShare = 0.03 } = options;
  const draw = seededDraw(seed);
  const from = Date.UTC(2024, 8, 2);
  const to = from + Math.round(months * 30.4) * DAY;
  const outages: Outage[] = [
    { source: 'mail', from: from + 200 * DAY, to: from + 209 * DAY, deliveredAt: from + 209 * DAY + 2 * HOUR },
    { source: 'calendar', from: from + 400 * DAY, to: from + 411 * DAY, deliveredAt: null },
  ];
  const events: { at: number; recorded: number; source: string; type: string; subject: string; data: object }[] = [];
  const stories: TrueStory[] = [];
  const tell = (
    source: string,
    type: string,
    subject: string,
    at: number,
    data: object,
    delay = draw() * 600_000,
  ): void => {
    if (at < from || at >= to) return;
    const outage = outages.find((one) => one.source === source && at >= one.from && at < one.to);
    if (outage && outage.deliveredAt === null) return;
    events.push({ at, recorded: Math.max(at + delay, outage?.deliveredAt ?? 0), source, type, subject, data });
  };
  for (let index = 0; index < accounts; index += 1) {
    const domain = `customer-${index}.example`;
    const csm = `csm-${index % csms}@vendor.example`;
    const lot = draw();
    const kind: TrueStory['kind'] =
      lot < churnShare
        ? 'declining'
        : lot < churnShare + suddenShare
          ? 'sudden'
          : lot < 0.45
            ? 'low_touch'
            : lot < 0.6
              ? 'noisy'
              : 'healthy';
    const rhythm = rhythms[kind](draw);
    const churns = kind === 'declining' || kind === 'sudden';
    const churnedAt = churns ? from + Math.round((150 + draw() * ((to - from) / DAY - 160)) * DAY) : null;
    const declineFrom =
      kind === 'declining' && churnedAt !== null ? churnedAt - Math.round((30 + draw() * 30) * DAY) : null;
    stories.push({ domain, csm, kind, churnedAt, declineFrom });
    live({ domain, csm, kind, churnedAt, declineFrom }, rhythm);
  }
  events.sort((a, b) => a.recorded - b.recorded || a.at - b.at);
  const lines = events.map((event, index) =>
    JSON.stringify({
      specversion: '1.0',
      id: String(index),
      source: event.source,
      type: event.type,
      subject: event.subject,
      time: new Date(event.at).toISOString(),
      recordedtime: new Date(event.recorded).toISOString(),
      data: event.data,
    }),
  );
  return { lines, stories, outages, from, to };

  function live(story: TrueStory, rhythm: Rhythm): void {
    const { domain, csm, kind, churnedAt, declineFrom } = story;
    const end = churnedAt ?? to;
    tell('crm', 'crm.owner_changed', domain, from + HOUR, { owner: csm });
    tell('crm', 'crm.stage_changed', domain, from + 2 * HOUR, { to: 'customer' });
    const people = Array.from({ length: rhythm.people }, (_, at) => `person-${at}@${domain}`);
    let swing = 1;
    for (let day = from; day < end; day += DAY) {
      const weekday = new Date(day).getUTCDay();
      if (weekday === 0 || weekday === 6) continue;
      if (kind === 'noisy' && draw() < 0.05) swing = 0.4 + draw() * 1.6;
      const left =
        declineFrom !== null && day >= declineFrom
          ? Math.max(0, 1 - (day - declineFrom) / (end - declineFrom) / 0.8)
          : 1;
      const level = left * season(day) * swing;
      const somebody = () =>
        people[Math.floor(draw() * Math.max(1, Math.ceil(people.length * (left < 1 ? left : 1))))] ??
        `person-0@${domain}`;
      for (let n = poisson((rhythm.mails / 5) * level, draw); n > 0; n -= 1) {
        const at = day + (8 + draw() * 9) * HOUR;
        const thread = `${domain}-${at}`;
        const writer = somebody();
        tell('mail', 'email.received', domain, at, { from: writer, to: [csm], messageId: `<${thread}@${domain}>` });
        // We answer nearly always within the day.
        if (draw() < 0.97)
          tell('mail', 'email.sent', domain, at + (1 + draw() * 20) * HOUR, {
            from: csm,
            to: [somebody()],
            inReplyTo: `<${thread}@${domain}>`,
          });
      }
      // Ours go on however they behave.
      for (let n = poisson(rhythm.mails / 12, draw); n > 0; n -= 1)
        tell('mail', 'email.sent', domain, day + (8 + draw() * 9) * HOUR, {
          from: csm,
          to: [people[0] ?? `person-0@${domain}`],
        });
      for (let n = poisson((rhythm.meetings / 5) * season(day) * swing, draw); n > 0; n -= 1) {
        const at = day + (9 + Math.floor(draw() * 7)) * HOUR;
        const attendees = [csm, somebody()];
        if (draw() < left * 0.93) tell('calendar', 'meeting.held', domain, at, { attendees });
        else tell('calendar', 'meeting.canceled', domain, at - DAY, { attendees });
      }
      for (let n = poisson((rhythm.tickets / 21) * level, draw); n > 0; n -= 1) {
        const ticket = `${domain}-${day}-${n}`;
        const at = day + (8 + draw() * 9) * HOUR;
        tell('desk', 'ticket.opened', domain, at, { ticket, requester: somebody() });
        tell('desk', 'ticket.solved', domain, at + (0.5 + draw() * 6) * DAY, { ticket });
      }
      const used = Math.round(rhythm.usage * Math.max(0, level) * (0.8 + draw() * 0.4));
      tell('product', 'usage.recorded', domain, day + 23 * HOUR, { metric: 'sessions', value: used });
    }
    if (churnedAt !== null) tell('crm', 'account.churned', domain, churnedAt, {});
    // Contracts end at any time of the year and are renewed yearly.
    for (let at = from + Math.round(draw() * 365) * DAY; at < end - 5 * DAY; at += 365 * DAY)
      if (at > from + 30 * DAY && (churnedAt === null || at < churnedAt - 90 * DAY))
        tell('crm', 'account.renewed', domain, at, {});
  }
}

/** Everybody is away in August and around the new year. */
function season(day: number): number {
  const date = new Date(day);
  const [month, of] = [date.getUTCMonth() + 1, date.getUTCDate()];
  if ((month === 12 && of >= 22) || (month === 1 && of <= 3)) return 0.1;
  if (month === 8) return 0.45;
  if (month === 7 && of > 15) return 0.7;
  return 1;
}

/** Knuth's method: small means only. */
function poisson(mean: number, draw: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = draw(); product > limit; product *= draw()) count += 1;
  return count;
}
