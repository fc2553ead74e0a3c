import { LIVE_START, type Duty, type LiveState } from './live-state.ts';
import { STORM_SUBJECTS, TICKET_SUBJECTS, TOPICS } from './mail-topics.ts';
import { createRandom, type Random } from './random.ts';
import { drawSlots, fill, letter } from './text.ts';
import { isWatched, staffAt, VENDOR } from './vendor.ts';
import type { World, WorldAccount, WorldMail, WorldMeeting, WorldPerson, WorldTicket } from './world.ts';

/** What live mode acts on: the services, in the sample's own terms. */
export interface LiveTarget {
  readonly deliver: (mail: WorldMail) => void;
  /** Enters a ticket, or moves the one with this key on to where its history now ends. */
  readonly saveTicket: (ticket: WorldTicket) => void;
  readonly plan: (meeting: WorldMeeting) => void;
  readonly cancel: (iCalUid: string, at: number) => void;
}

export interface LiveOptions {
  readonly world: World;
  readonly target: LiveTarget;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly state?: LiveState;
}

export interface Live {
  readonly state: LiveState;
  /** Lets a little time pass: one thing or two happen. A line for each. */
  readonly step: () => readonly string[];
}

/** The steps at which the storm's tickets come: at one step every four seconds two urgent ones are there after 12 seconds. */
const STORM_STEPS = [2, 3, 5, 7, 9, 12] as const;
const STORM_SOLVED = 90;

/** Who plays: an account with its champion and its CSM. */
interface Pair {
  readonly account: WorldAccount;
  readonly champion: WorldPerson;
  readonly customer: { readonly name: string; readonly address: string };
  readonly csm: { readonly name: string; readonly address: string };
}

function pairOf(world: World, key: string): Pair | undefined {
  const account = world.accounts.find((one) => one.key === key);
  const champion = world.people.find((one) => one.account === key && one.persona === 'champion' && one.inCrm);
  if (!account || !champion) return undefined;
  const csm = staffAt(account.csm ?? account.owner);
  return {
    account,
    champion,
    customer: { name: champion.name, address: champion.addresses[0] ?? '' },
    csm: { name: csm.name, address: csm.email },
  };
}

/**
 * Plays the present: mail and its answers, small tickets that are solved, meetings that are planned and called off, and once,
 * in the first minute, the storm of urgent tickets that the manifest promises. It is solved some minutes later.
 */
export function createLive(options: LiveOptions): Live {
  const { world, target, now } = options;
  const pairs = (keys: readonly string[]): Pair[] => keys.flatMap((key) => pairOf(world, key) ?? []);
  const calm = pairs(world.manifest.filter((one) => one.story === 'healthy' && !one.live).map((one) => one.account));
  const [troubled] = pairs(world.manifest.filter((one) => one.live).map((one) => one.account));
  if (!troubled) throw new RangeError('The manifest names no account for live mode; mark one story as live.');
  let { step, duties } = options.state ?? LIVE_START;
  const owe = (duty: Duty): void => {
    duties = [...duties, duty];
  };

  const write = (random: Random, { account, champion, customer, csm }: Pair): string => {
    const at = now();
    const slots = drawSlots(random, account.name, new Date(at).getUTCMonth() + 1);
    const topic = random.pick(TOPICS.filter((one) => one.lead === 'customer' && one.phase === 'running'));
    const subject = fill(random.pick(topic.subjects), slots);
    const messageId = `live.${step}.${at.toString(36)}@mail.${customer.address.split('@')[1]}`;
    const text = fill(random.pick(topic.openings), slots);
    const signature = `${champion.title}, ${account.name}`;
    const body = letter(random, { to: csm.name, from: customer.name, text, signature });
    const mailboxes = [csm.address].filter(isWatched);
    target.deliver({ messageId, at, from: customer, to: [csm], subject, body, mailboxes, loggedInCrm: false });
    owe({ kind: 'answer', due: step + random.int(2, 5), messageId, subject, company: account.name, customer, csm });
    return `${account.name}: ${customer.name} writes "${subject}".`;
  };

  const openTicket = (
    { account, champion }: Pair,
    subject: string,
    priority: WorldTicket['priority'],
    then: 'waiting_us' | 'escalated',
    due: number,
  ): string => {
    const at = now();
    const ticket = {
      key: `live-${account.key}-${step}`,
      account: account.key,
      requester: champion.key,
      subject,
      priority,
      history: [
        { at: at - 1, status: 'new' as const },
        { at, status: then },
      ],
    };
    target.saveTicket(ticket);
    owe({ kind: 'solve', due, company: account.name, ticket });
    return `${account.name}: ticket "${subject}" (${priority}${then === 'escalated' ? ', escalated' : ''}).`;
  };

  const plan = (random: Random, { account, customer, csm }: Pair): string => {
    const at = now();
    const start = Math.ceil(at / 1_800_000) * 1_800_000 + random.int(2, 9) * 86_400_000;
    const iCalUid = `live-${account.key}-${step}-${at.toString(36)}@calendar.${VENDOR.domains[0]}`;
    target.plan({
      iCalUid,
      title: `Walk-through: ${account.name}`,
      organizer: csm.address,
      attendees: [
        { ...csm, response: 'accepted' },
        { ...customer, response: 'needsAction' },
      ],
      start,
      end: start + 1_800_000,
      timezone: VENDOR.timezone,
      createdAt: at,
      status: 'confirmed',
      calendars: [csm.address].filter(isWatched),
    });
    if (random.chance(0.25)) owe({ kind: 'cancel', due: step + random.int(5, 12), company: account.name, iCalUid });
    return `${account.name}: a call is planned.`;
  };

  const everyday = (random: Random): string => {
    const pair = random.pick(calm);
    const draw = random.next();
    if (draw < 0.6) return write(random, pair);
    if (draw >= 0.8) return plan(random, pair);
    const subject = fill(random.pick(TICKET_SUBJECTS), drawSlots(random, pair.account.name, 6));
    return openTicket(pair, subject, random.pick(['LOW', 'MEDIUM']), 'waiting_us', step + random.int(6, 14));
  };

  const fulfil = (duty: Duty, random: Random): string => {
    const at = now();
    switch (duty.kind) {
      case 'solve':
        target.saveTicket({ ...duty.ticket, history: [...duty.ticket.history, { at, status: 'closed' }] });
        return `${duty.company}: "${duty.ticket.subject}" is solved.`;
      case 'cancel':
        target.cancel(duty.iCalUid, at);
        return `${duty.company}: the planned call is called off.`;
      case 'answer': {
        const { customer, csm, messageId, subject, company } = duty;
        const text =
          'Thank you for asking. I looked at it and changed the setting for you. Please tell me if it is not right yet.';
        target.deliver({
          messageId: `${messageId.split('@')[0]}.re@mail.${VENDOR.domains[0]}`,
          at,
          from: csm,
          to: [customer],
          subject: `Re: ${subject}`,
          body: letter(random, { to: customer.name, from: csm.name, text, signature: VENDOR.name }),
          inReplyTo: messageId,
          references: [messageId],
          mailboxes: [csm.address].filter(isWatched),
          loggedInCrm: false,
        });
        return `${company}: ${csm.name} answers.`;
      }
    }
  };

  return {
    get state() {
      return { step, duties };
    },
    step: () => {
      step += 1;
      // Seeded by the step, so that a restart goes on with the same script.
      const random = createRandom(world.seed).fork(`live:${step}`);
      const storm = STORM_STEPS.findIndex((one) => one === step);
      const subject = STORM_SUBJECTS[storm];
      const happened =
        subject === undefined
          ? everyday(random)
          : openTicket(troubled, subject, 'URGENT', storm === 1 ? 'escalated' : 'waiting_us', STORM_SOLVED + 2 * storm);
      const due = duties.filter((duty) => duty.due <= step);
      duties = duties.filter((duty) => duty.due > step);
      return [happened, ...due.map((duty) => fulfil(duty, random.fork('duty')))];
    },
  };
}
