import { WORKDAY, type BusinessCalendar } from './business-calendar.ts';
import { HISTORY_DAYS } from './correspondence.ts';
import { autoReply, calendarReply, newsletter } from './machine-mail.ts';
import { createMailBag, type MailBag, type Party } from './mail-draft.ts';
import { FIRST_NAMES, LAST_NAMES } from './names.ts';
import type { Random } from './random.ts';
import type { Cast } from './roster.ts';
import { letter } from './text.ts';
import { present } from './thread.ts';
import { isWatched, staffAt, staffOf, SUCCESS_MAILBOX, SUPPORT_MAILBOX, VENDOR } from './vendor.ts';
import type { WorldMail, WorldMeeting } from './world.ts';

const LISTS = [
  [
    'The Retention Letter',
    'retention-letter.example',
    'weekly',
    ['Five questions for a better review', 'What churn hides', 'Onboarding in half the time'],
  ],
  [
    'Ledger & Close Weekly',
    'ledgerandclose.example',
    'weekly',
    ['Standards in short', 'Month end without the long night', 'Audit season is near'],
  ],
  ['SaaS Pricing Notes', 'saaspricingnotes.example', 'monthly', ['Seats or usage?', 'A year of price changes']],
] as const;

const STRANGERS = [
  [
    'talentbridge-recruiting.example',
    'Open positions in customer success',
    'I work with candidates who might fit your team. Would you be open to a short call?',
  ],
  [
    'confetti-events.example',
    'Speaking at our finance summit',
    'We are putting together the program and would like to invite someone of your team to speak.',
  ],
  [
    'northdesk-software.example',
    'A question about your help desk',
    'I noticed that you run a support team. We help teams like yours to answer faster.',
  ],
  [
    'gmail.com',
    'Is this the right address?',
    'I used your product at my former company and wanted to ask about a license for a small office.',
  ],
  [
    'outlook.com',
    'Student project on invoicing',
    'I am writing a thesis about invoicing software. Could I ask you three questions?',
  ],
  [
    'yahoo.com',
    'Invoice from last spring',
    'I found an invoice from your company in my papers and cannot match it. Whom may I ask?',
  ],
] as const;

const INTERNAL = [
  ['Handover notes', 'I put the notes of yesterday into the folder. Please add what I forgot.'],
  ['Forecast for the quarter', 'Could you check your renewals in the sheet before the call? Two look early to me.'],
  ['Lunch on Thursday', 'A few of us are going to the place around the corner. Join us?'],
  ['Release next week', 'Support would like to know which customers use the old export. Do you have a list?'],
  ['Review of the playbook', 'I made two changes on the first page. Please have a look when you find time.'],
] as const;

function everyone(): readonly Party[] {
  return VENDOR.staff
    .filter((staff) => staff.role !== 'shared')
    .map((staff) => ({ name: staff.name, address: staff.email }));
}

function newsletters(bag: MailBag, casts: readonly Cast[]): void {
  const { random, calendar } = bag;
  const readers = [...staffOf('csm'), ...staffOf('sales')];
  for (const [name, domain, rhythm, subjects] of LISTS) {
    const list = domain.split('.')[0] ?? 'list';
    for (let day = -HISTORY_DAYS + random.int(0, 6); day < 0; day += rhythm === 'weekly' ? 7 : 30) {
      for (const reader of readers.slice(0, rhythm === 'weekly' ? 3 : 5)) {
        const to = { name: reader.name, address: reader.email };
        const at = calendar.wall(day, 6, random.int(0, 40));
        bag.add(
          newsletter({
            at,
            from: { name, address: `hello@${domain}` },
            to,
            list,
            subject: random.pick(subjects),
            text: 'Three short reads for your week.',
          }),
        );
      }
    }
  }
  // The vendor's own news go to customers: outgoing, yet no answer to anybody. The last edition is two working days old.
  const from = { name: staffAt(SUCCESS_MAILBOX).name, address: SUCCESS_MAILBOX };
  const subscribed = casts.filter(
    (cast, index) => cast.plot.lifecycle === 'customer' && (!cast.plot.healthy || index % 5 === 0),
  );
  for (let edition = 0; edition < 12; edition += 1) {
    const at = calendar.timeOf(calendar.now - 2 * WORKDAY - 20 * WORKDAY * edition);
    for (const { people } of subscribed) {
      const reader = people.find((person) => present(person, at));
      if (!reader) continue;
      const to = { name: reader.name, address: reader.addresses[0] ?? '' };
      bag.add(
        newsletter({
          at,
          from,
          to,
          list: 'product-news',
          subject: `Lumen Ledger product news, edition ${12 - edition}`,
          text: 'What is new this month, and what comes next.',
        }),
      );
    }
  }
}

function internals(bag: MailBag): void {
  const { random, calendar } = bag;
  const staff = everyone();
  for (let day = -HISTORY_DAYS; day < 0; day += 1) {
    if (!calendar.isWorkday(day)) continue;
    for (let count = random.int(1, 2); count > 0; count -= 1) {
      const [from, to] = random.shuffle(staff);
      if (!from || !to || !(isWatched(from.address) || isWatched(to.address))) continue;
      const [subject, text] = random.pick(INTERNAL);
      const start = calendar.opening(day) + random.range(10, 400);
      const first = bag.add({
        at: calendar.timeOf(start),
        from,
        to: [to],
        subject,
        body: letter(random, { to: to.name, from: from.name, text }),
      });
      if (!random.chance(0.4)) continue;
      const body = letter(random, { to: from.name, from: to.name, text: 'Done, thanks for the reminder.' });
      bag.add({
        at: calendar.timeOf(start + random.range(5, 150)),
        from: to,
        to: [from],
        subject: `Re: ${subject}`,
        body,
        answers: first,
      });
    }
  }
}

function strangers(bag: MailBag): void {
  const { random, calendar } = bag;
  for (let index = 0; index < 110; index += 1) {
    const [domain, subject, text] = random.pick(STRANGERS);
    const [first, last] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
    const plain = `${first}.${last}`
      .normalize('NFD')
      .replaceAll('ø', 'o')
      .replaceAll(/[^a-zA-Z.]/g, '')
      .toLowerCase();
    const from = {
      name: `${first} ${last}`,
      address: `${plain}${domain.endsWith('.com') ? random.int(1, 60) : ''}@${domain}`,
    };
    const to = staffAt(random.pick([SUPPORT_MAILBOX, SUCCESS_MAILBOX, ...staffOf('csm').map((staff) => staff.email)]));
    const start = calendar.opening(-random.int(3, HISTORY_DAYS)) + random.range(5, 500);
    const body = letter(random, { to: to.name, from: from.name, text });
    bag.add({ at: calendar.timeOf(start), from, to: [{ name: to.name, address: to.email }], subject, body });
  }
}

/** Out-of-office replies to some of what staff sent, a minute or so later. */
function outOfOffice(bag: MailBag, casts: readonly Cast[], sent: readonly WorldMail[]): void {
  const { random, calendar } = bag;
  const people = new Map(casts.flatMap((cast) => cast.people.map((person) => [person.addresses[0], person] as const)));
  const staff = new Set(staffOf('csm').map((one) => one.email));
  for (const mail of sent) {
    const [to] = mail.to;
    const person = people.get(to?.address);
    if (mail.kind || !to || !person || !staff.has(mail.from.address) || !random.chance(0.03)) continue;
    const at = mail.at + random.int(20, 150) * 1000;
    if (at >= calendar.anchor || !present(person, at)) continue;
    const text = `Thank you for your mail. I am away until ${random.pick(['Monday', 'the end of the week', 'the 15th'])}. In urgent cases please call the office.`;
    bag.add(autoReply({ at, from: { name: to.name ?? '', address: to.address }, answers: mail, text }));
  }
}

function invitationReplies(bag: MailBag, meetings: readonly WorldMeeting[]): void {
  const { random, calendar } = bag;
  for (const meeting of meetings) {
    const [host, ...guests] = meeting.attendees;
    if (!host || meeting.private || meeting.calendars.length === 0) continue;
    for (const guest of guests.slice(0, 2)) {
      const at = meeting.createdAt + random.int(4, 600) * 60_000;
      const old = meeting.createdAt < calendar.wall(-HISTORY_DAYS, 0);
      if (
        old ||
        at >= calendar.anchor ||
        at >= meeting.start ||
        guest.response === 'needsAction' ||
        guest.address.endsWith('lumenledger.example')
      )
        continue;
      const response =
        guest.response === 'declined' ? 'DECLINED' : guest.response === 'tentative' ? 'TENTATIVE' : 'ACCEPTED';
      const from = { name: guest.name ?? '', address: guest.address };
      const to = { name: host.name ?? '', address: host.address };
      bag.add(
        calendarReply({ at, from, to, title: meeting.title, iCalUid: meeting.iCalUid, start: meeting.start, response }),
      );
    }
  }
}

/** All that fills mailboxes and is not the customer's voice: newsletters, internal mail, strangers, automatic replies. */
export function makeNoise(
  random: Random,
  calendar: BusinessCalendar,
  casts: readonly Cast[],
  mails: readonly WorldMail[],
  meetings: readonly WorldMeeting[],
): readonly WorldMail[] {
  const bag = createMailBag('n', random, calendar);
  newsletters(bag, casts);
  internals(bag);
  strangers(bag);
  outOfOffice(bag, casts, mails);
  invitationReplies(bag, meetings);
  return bag.mails;
}
