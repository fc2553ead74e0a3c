import { WORKDAY, type BusinessCalendar } from './business-calendar.ts';
import { HISTORY_DAYS } from './correspondence.ts';
import { createMailBag, type MailBag } from './mail-draft.ts';
import { STORM_SUBJECTS, TICKET_SUBJECTS } from './mail-topics.ts';
import type { Random } from './random.ts';
import type { Cast } from './roster.ts';
import { drawSlots, fill, letter } from './text.ts';
import { drawWriter } from './thread.ts';
import { staffAt, staffOf, SUPPORT_MAILBOX } from './vendor.ts';
import type { WorldMail, WorldPerson, WorldTicket } from './world.ts';

export interface HelpDesk {
  readonly tickets: readonly WorldTicket[];
  /** Those tickets that came or were answered by mail to the shared mailbox. */
  readonly mails: readonly WorldMail[];
}

type Step = WorldTicket['history'][number];

const RATE = { enterprise: 1.35, mid: 0.72, small: 0.3 } as const;

/** The usual course of a ticket: answered within hours, closed within days, sometimes after a reopening or an escalation. */
function course(random: Random, calendar: BusinessCalendar, opened: number, escalates: boolean): Step[] {
  const history: Step[] = [];
  let position = opened;
  const step = (status: Step['status'], low: number, high: number): void => {
    position += random.range(low, high);
    if (position < calendar.now) history.push({ at: calendar.timeOf(position), status });
  };
  step('new', 0, 0);
  step('waiting_us', 10, 120);
  step('waiting_customer', 40, 500);
  if (escalates) {
    step('waiting_us', 60, 600);
    step('escalated', 30, 300);
    step('waiting_customer', 200, 900);
  } else if (random.chance(0.35)) {
    step('waiting_us', 60, 900);
    step('waiting_customer', 40, 500);
  }
  step('closed', 30, 900);
  if (random.chance(0.05)) {
    step('waiting_us', 300, 1200);
    step('closed', 60, 900);
  }
  return history;
}

function byMail(bag: MailBag, requester: WorldPerson, ticket: WorldTicket, opened: number, end: number): void {
  const { random, calendar } = bag;
  const answered = opened + random.range(25, 400);
  if (answered >= end) return;
  const customer = { name: requester.name, address: requester.addresses[0] ?? '' };
  const mailbox = { name: staffAt(SUPPORT_MAILBOX).name, address: SUPPORT_MAILBOX };
  const agent = random.pick(staffOf('support'));
  const asked = bag.add({
    at: calendar.timeOf(opened - 1),
    from: customer,
    to: [mailbox],
    subject: ticket.subject,
    body: letter(random, {
      to: 'Support',
      from: customer.name,
      text: 'This happens since this morning. A screenshot is in the portal. Could you have a look?',
    }),
  });
  bag.add({
    kind: 'notification',
    at: calendar.timeOf(opened) + 20_000,
    from: mailbox,
    to: [customer],
    subject: `[Ticket received] ${ticket.subject}`,
    body: 'Your request has been received. A colleague will answer soon. This message was sent automatically.',
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    answers: asked,
  });
  bag.add({
    at: calendar.timeOf(answered),
    from: { name: `${agent.name} (${mailbox.name})`, address: mailbox.address },
    to: [customer],
    subject: `Re: ${ticket.subject}`,
    body: letter(random, {
      to: customer.name,
      from: agent.name,
      text: random.pick([
        'Thank you for the report. We could reproduce it and are working on a fix; a way around it is described in the portal.',
        'Thank you. Could you tell us which entity this was, and at what time? We will look at the log.',
        'This was caused by a setting that changed with the last update. It is corrected; please try again.',
      ]),
    }),
    answers: asked,
  });
}

function storm(
  random: Random,
  cast: Cast,
  calendar: BusinessCalendar,
): { opened: number; ticket: Omit<WorldTicket, 'key'> }[] {
  const large = cast.plot.tier === 'enterprise';
  const count = large ? 8 : 7;
  const subjects = random.shuffle(STORM_SUBJECTS);
  return Array.from({ length: count }, (_, index) => {
    const opened = calendar.now - (large ? 6 : 5) * WORKDAY + (index * (large ? 6 : 5) * WORKDAY) / (count + 0.5) + 30;
    const history: Step[] = [{ at: calendar.timeOf(opened), status: 'new' }];
    const then = (minutes: number, status: Step['status']): void => {
      if (opened + minutes < calendar.now) history.push({ at: calendar.timeOf(opened + minutes), status });
    };
    then(25, 'waiting_us');
    if (large && index === 0) then(400, 'closed');
    if (large && (index === 2 || index === 4)) then(180, 'escalated');
    const urgent = large ? index === 2 : index === 1 || index === 3 || index === 5;
    return {
      opened,
      ticket: {
        account: cast.account.key,
        requester: cast.people[index % Math.min(3, cast.people.length)]?.key ?? '',
        subject: subjects[index] ?? 'Month-end close blocked',
        priority: urgent ? 'URGENT' : 'HIGH',
        history,
      },
    };
  });
}

/** The tickets of one account. A healthy one has at most one that is open and recent, and that one is not urgent. */
export function support(random: Random, calendar: BusinessCalendar, cast: Cast): HelpDesk {
  const { plot, account } = cast;
  if (plot.since === undefined) return { tickets: [], mails: [] };
  const bag = createMailBag(`${account.key}-t`, random.fork('mail'), calendar);
  const tickets: WorldTicket[] = [];
  const from = Math.max(-HISTORY_DAYS, plot.formerly ? -HISTORY_DAYS : plot.since + 12);
  const lastDay = Math.min(plot.quietFrom ?? 0, plot.cadence ? -35 : plot.story === 'ready-to-expand' ? -25 : 0);
  const end = lastDay === 0 ? calendar.now : calendar.opening(lastDay);
  const rate = plot.cadence ? 0.12 : RATE[plot.tier];
  let recent = 0;
  for (let day = from + random.range(0, 20); day < lastDay; day += -Math.log(1 - random.next()) * (30.4 / rate)) {
    const opened = calendar.opening(Math.floor(day)) + random.range(15, WORKDAY - 15);
    const paused = plot.formerly && day > plot.formerly.churned && day < plot.since;
    if (paused || opened >= end - 60) continue;
    const late = opened > calendar.now - 12 * WORKDAY;
    if (late) recent += 1;
    const requester = drawWriter(random, cast, calendar.timeOf(opened));
    if (!requester || recent > 1) continue;
    const month = new Date(calendar.timeOf(opened)).getUTCMonth() + 1;
    const escalates = !late && day < -60 && random.chance(0.05);
    const ticket: WorldTicket = {
      key: `${account.key}-t${tickets.length + 1}`,
      account: account.key,
      requester: requester.key,
      subject: fill(random.pick(TICKET_SUBJECTS), drawSlots(random, account.name, month)),
      priority: escalates
        ? random.pick(['HIGH', 'URGENT'] as const)
        : random.pick(late ? (['LOW', 'MEDIUM'] as const) : (['LOW', 'MEDIUM', 'MEDIUM', 'MEDIUM', 'HIGH'] as const)),
      history: course(random, calendar, opened, escalates),
    };
    tickets.push(ticket);
    if (random.chance(0.4)) byMail(bag, requester, ticket, opened, end);
  }
  if (plot.story === 'ticket-storm') {
    for (const { opened, ticket } of storm(random, cast, calendar)) {
      const full: WorldTicket = { key: `${account.key}-t${tickets.length + 1}`, ...ticket };
      tickets.push(full);
      const requester = cast.people.find((person) => person.key === full.requester);
      if (requester) byMail(bag, requester, full, opened, end);
    }
  }
  return { tickets, mails: bag.mails };
}
