import { WORKDAY } from './business-calendar.ts';
import type { MailBag, Party } from './mail-draft.ts';
import { autoReply, bounce } from './machine-mail.ts';
import type { Cast } from './roster.ts';
import { letter } from './text.ts';
import { staffAt, SUCCESS_MAILBOX } from './vendor.ts';
import type { WorldMail, WorldPerson } from './world.ts';

interface Scene {
  readonly csm: Party;
  readonly champion: Party;
  readonly second: Party;
  /** The position on the last working day on or before a day, at a minute of it. */
  readonly on: (day: number, minute: number) => number;
  readonly out: (position: number, to: Party, subject: string, text: string, answers?: WorldMail) => WorldMail;
  readonly into: (
    position: number,
    from: Party,
    subject: string,
    text: string,
    answers?: WorldMail,
    to?: Party,
  ) => WorldMail;
}

function party(person: WorldPerson | undefined): Party {
  return { name: person?.name ?? '', address: person?.addresses[0] ?? '' };
}

function stage(bag: MailBag, cast: Cast): Scene {
  const { random, calendar } = bag;
  const csm: Party = { name: cast.csm.name, address: cast.csm.email };
  const write: (
    position: number,
    from: Party,
    to: Party,
    subject: string,
    text: string,
    answers?: WorldMail,
  ) => WorldMail = (position, from, to, subject, text, answers) =>
    bag.add({
      at: calendar.timeOf(position),
      from,
      to: [to],
      subject: answers ? `Re: ${answers.subject.replace(/^Re: /, '')}` : subject,
      body: letter(random, { to: to.name, from: from.name, text }),
      ...(answers ? { answers } : {}),
      loggedInCrm: random.chance(0.18),
    });
  return {
    csm,
    champion: party(cast.people[0]),
    second: party(cast.people[1] ?? cast.people[0]),
    on: (day, minute) => calendar.opening(day) + minute,
    out: (position, to, subject, text, answers) => write(position, csm, to, subject, text, answers),
    into: (position, from, subject, text, answers, to = csm) => write(position, from, to, subject, text, answers),
  };
}

function goneQuiet(bag: MailBag, { csm, champion, on, out }: Scene): void {
  const { calendar } = bag;
  out(
    on(-40, 95),
    champion,
    'Checking in',
    'I have not heard from you for a while and wanted to ask how the close went. Shall we find half an hour?',
  );
  const second = out(
    on(-28, 180),
    champion,
    'Our next call',
    'I would like to show you two things that other teams found useful. Would next week suit you?',
  );
  bag.add(
    autoReply({
      at: calendar.timeOf(on(-28, 182)),
      from: champion,
      answers: { ...second, from: { name: csm.name, address: csm.address } },
      text: 'I am out of the office with limited access to mail. I will answer on my return.',
    }),
  );
  out(
    on(-13, 240),
    champion,
    'Is everything all right?',
    'I tried to reach you twice. If priorities have changed on your side, a short word would help me plan.',
  );
}

function championLeft(bag: MailBag, scene: Scene, farewell: boolean): void {
  const { champion, second, on, out, into } = scene;
  if (farewell) {
    const last = on(-21, 300);
    const goodbye = into(
      last,
      champion,
      'My last day',
      'A short note to say that this week is my last one here. It has been a pleasure working with you. The team will find a successor.',
    );
    out(last + 60, champion, '', 'Thank you for everything, and all the best! Who will take over from you?', goodbye);
  }
  for (const [day, minute, text] of [
    [-14, 90, 'I am preparing our next review. Are the figures from last time still right?'],
    [-8, 130, 'Trying once more, as my last mail did not arrive. Is there a new address?'],
  ] as const) {
    const sent = out(on(day, minute), champion, 'Preparing our next review', text);
    bag.add(bounce({ at: bag.calendar.timeOf(on(day, minute + 1)), recipient: champion.address, answers: sent }));
  }
  const asked = out(
    on(-6, 200),
    second,
    'Who is my contact now?',
    'My mails to your colleague come back. Whom should I talk to about the rollout?',
  );
  const answer = into(
    on(-6, 330),
    second,
    '',
    'We have not decided that yet. For daily matters you can write to me for now.',
    asked,
  );
  out(on(-6, 345), second, '', 'Thank you. I would be glad to meet whoever takes over.', answer);
}

function renewalSlipping({ champion, second, on, out, into }: Scene): void {
  const first = on(-31, 100);
  const offer = out(
    first,
    champion,
    'Your renewal',
    'Here is the draft for the next term. Could we go through it this week?',
  );
  const reply = into(
    first + 6.6 * WORKDAY,
    champion,
    '',
    'Sorry for the delay. Budgets are being reviewed, I cannot commit to a date yet.',
    offer,
  );
  out(
    first + 7 * WORKDAY,
    champion,
    '',
    'Understood. What would help your CFO to decide? I can send a summary of what was achieved.',
    reply,
  );
  const chase = on(-11, 150);
  const later = out(
    chase,
    second,
    'Renewal: can I help?',
    'Your term ends soon and I have no answer on the draft yet. Is there anything in the way?',
  );
  const short = into(
    chase + 1.4 * WORKDAY,
    second,
    '',
    'We have to move it again, probably to the end of next month.',
    later,
  );
  out(
    chase + 1.6 * WORKDAY,
    second,
    '',
    'Thank you for letting me know. I will adjust the draft and come back to you.',
    short,
  );
}

function unanswered(bag: MailBag, { champion, into }: Scene, shared: boolean): void {
  const { now } = bag.calendar;
  if (shared) {
    const mailbox: Party = { name: staffAt(SUCCESS_MAILBOX).name, address: SUCCESS_MAILBOX };
    into(
      now - 5 * WORKDAY - 45,
      champion,
      'Adding an entity before year end',
      'We are adding an entity and need to know by the end of the week whether our plan covers it. Who can tell us?',
      undefined,
      mailbox,
    );
    return;
  }
  const first = into(
    now - 5 * WORKDAY - 70,
    champion,
    'Approvals stuck for two days',
    'Since Monday our approvals do not reach the second approver. Could you look into it? The payment run depends on it.',
  );
  into(
    now - 3 * WORKDAY - 35,
    champion,
    '',
    'Just making sure that you have seen this. We had to run the payments by hand.',
    first,
  );
}

function noShows({ champion, on, out, into }: Scene): void {
  for (const day of [-44, -29, -13]) {
    const missed = out(
      on(day, 420),
      champion,
      'Missed you today',
      'I was on the call and had no luck. Shall I send a new time?',
    );
    const sorry = into(
      on(day, 520),
      champion,
      '',
      'Apologies, something came up here. Please send another slot.',
      missed,
    );
    out(on(day, 540), champion, '', 'No problem, a new invitation is on its way.', sorry);
  }
}

/** The mails that make a story, beside the ordinary ones. */
export function writeStory(bag: MailBag, cast: Cast): void {
  const scene = stage(bag, cast);
  const enterprise = cast.plot.tier === 'enterprise';
  switch (cast.plot.story) {
    case 'gone-quiet':
      return goneQuiet(bag, scene);
    case 'champion-left':
      return championLeft(bag, scene, !enterprise);
    case 'renewal-slipping':
      return renewalSlipping(scene);
    case 'unanswered':
      return unanswered(bag, scene, cast.plot.toShared === true);
    case 'meeting-no-shows':
      return cast.plot.series === 0 ? noShows(scene) : undefined;
    default:
      return undefined;
  }
}
