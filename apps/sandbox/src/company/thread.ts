import type { MailBag, Party } from './mail-draft.ts';
import type { Topic } from './mail-topics.ts';
import type { Random } from './random.ts';
import { drawSlots, fill, letter } from './text.ts';
import type { Cast } from './roster.ts';
import { staffAt, SUCCESS_MAILBOX } from './vendor.ts';
import type { Staff, WorldMail, WorldPerson } from './world.ts';

export interface ThreadPlan {
  readonly cast: Cast;
  readonly topic: Topic;
  /** Position of the first mail. */
  readonly start: number;
  /** Position after which nobody writes in this thread. */
  readonly end: number;
  /** Mails in the thread, before anything is cut at the end. */
  readonly length: number;
  readonly vendor: Staff;
  /** The customer's writer, if it must be a certain one. */
  readonly customer?: WorldPerson;
  /** Keeps a mail of the customer as the last one instead of dropping it. */
  readonly openEnd?: boolean;
  /** Share of mails that are logged in the CRM as well. */
  readonly logged: number;
}

/** True if the person was there at an instant. */
export function present(person: WorldPerson, at: number): boolean {
  return person.joinedAt <= at && (person.leftAt === undefined || at < person.leftAt);
}

/** Where a person writes from: now and then an alias, and very seldom, in an answer, a private address that nobody has on file. */
function addressOf(random: Random, person: WorldPerson, inAnswer: boolean): string {
  const [main = '', alias] = person.addresses;
  if (inAnswer && random.chance(0.006)) return `${main.split('@')[0]?.replaceAll(/[._]/g, '')}.private@outlook.com`;
  return alias !== undefined && random.chance(0.15) ? alias : main;
}

/** One of an account's people who are there; every second time the champion, less often where many are in touch. */
export function drawWriter(random: Random, cast: Cast, at: number): WorldPerson | undefined {
  const [champion] = cast.people;
  const share = cast.plot.story === 'ready-to-expand' ? 0.2 : 0.5;
  if (champion && present(champion, at) && random.chance(share)) return champion;
  const there = cast.people.filter((person) => present(person, at));
  return there.length === 0 ? undefined : random.pick(there);
}

function delay(random: Random, byVendor: boolean): number {
  const [low, high] = byVendor ? [12, 420] : [18, 900];
  return Math.exp(random.range(Math.log(low), Math.log(high)));
}

/** A colleague who answers in the CSM's place now and then, so that an answer may come from another mailbox. */
function answerer(random: Random, staff: Staff, first: boolean): Party {
  if (first || staff.role !== 'csm' || !random.chance(0.07)) return { name: staff.name, address: staff.email };
  return { name: staffAt(SUCCESS_MAILBOX).name, address: SUCCESS_MAILBOX };
}

/**
 * Writes a thread that goes back and forth. What would come after the end is never written, and neither is a customer's
 * mail that would then stay without an answer, unless the thread is to end open. Returns the mails written.
 */
export function writeThread(bag: MailBag, plan: ThreadPlan): readonly WorldMail[] {
  const { random, calendar } = bag;
  const { cast, topic, vendor } = plan;
  const startAt = calendar.timeOf(plan.start);
  const writer = plan.customer ?? drawWriter(random, cast, startAt);
  if (!writer) return [];
  const other = random.chance(0.35) ? drawWriter(random, cast, startAt) : undefined;
  const slots = drawSlots(random, cast.account.name, new Date(startAt).getUTCMonth() + 1);
  const subject = fill(random.pick(topic.subjects), slots);
  const steps: { position: number; byVendor: boolean }[] = [];
  let position = plan.start;
  for (let i = 0; i < plan.length; i += 1) {
    const byVendor = (topic.lead === 'vendor') === (i % 2 === 0);
    if (i > 0) position += delay(random, byVendor);
    if (position >= plan.end || !present(writer, calendar.timeOf(position))) break;
    steps.push({ position, byVendor });
  }
  // A thank-you may be the last word; a question may not.
  const lastWord = steps.length > 2 && random.chance(0.25);
  if (!plan.openEnd && !lastWord) while (steps.at(-1)?.byVendor === false) steps.pop();
  const written: WorldMail[] = [];
  let quote: { name: string; text: string } | undefined;
  for (const [index, step] of steps.entries()) {
    const at = calendar.timeOf(step.position);
    const customer: Party = { name: writer.name, address: addressOf(random, writer, index > 0 && !step.byVendor) };
    const colleague = other && other !== writer && present(other, at) ? other : undefined;
    const own = answerer(random, vendor, index === 0);
    const [from, to] = step.byVendor ? [own, customer] : [customer, { name: vendor.name, address: vendor.email }];
    const replies = step.byVendor ? topic.vendor : topic.customer;
    const isLastWord = index === steps.length - 1 && !step.byVendor;
    const closing = replies.filter((phrase) => !phrase.includes('?'));
    const phrases = index === 0 ? topic.openings : isLastWord && closing.length > 0 ? closing : replies;
    const text = fill(random.pick(phrases), slots);
    const cc: Party[] = colleague ? [{ name: colleague.name, address: colleague.addresses[0] ?? '' }] : [];
    if (own.address === SUCCESS_MAILBOX) cc.push({ name: vendor.name, address: vendor.email });
    if (step.byVendor && vendor.role === 'csm' && random.chance(0.05))
      cc.push({ name: cast.sales.name, address: cast.sales.email });
    const answers = written.at(-1);
    const mail = bag.add({
      at,
      from,
      to: [to],
      ...(cc.length > 0 ? { cc } : {}),
      subject: index === 0 ? subject : `Re: ${subject}`,
      body: letter(random, {
        to: to.name,
        from: from.name,
        text,
        signature: step.byVendor ? 'Lumen Ledger' : `${writer.title}, ${cast.account.name}`,
        ...(quote ? { quote } : {}),
      }),
      ...(answers ? { answers } : {}),
      loggedInCrm: random.chance(plan.logged),
    });
    quote = { name: from.name, text };
    written.push(mail);
  }
  return written;
}
