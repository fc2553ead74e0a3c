import { z } from 'zod';
import { STORM_SUBJECTS, TICKET_SUBJECTS, TOPICS } from './mail-topics.ts';
import { createRandom, type Random } from './random.ts';
import { drawSlots, fill, letter } from './text.ts';
import { isWatched, staffAt, VENDOR } from './vendor.ts';
import type { Story, World, WorldAccount, WorldMail, WorldMeeting, WorldPerson, WorldTicket } from './world.ts';

type TicketStatus = WorldTicket['history'][number]['status'];

/** What live mode acts on: the services, in the sample's own terms. Tickets are named by the id that `openTicket` gave. */
export interface LiveTarget {
  readonly deliver: (mail: WorldMail) => void;
  readonly openTicket: (ticket: WorldTicket) => string;
  readonly moveTicket: (id: string, status: TicketStatus, at: number) => void;
  readonly plan: (meeting: WorldMeeting) => void;
}

const party = z.strictObject({ name: z.string(), address: z.string() });

/** Where live mode is; kept across restarts, so that the story does not begin anew and no mail of a customer stays unanswered. */
export const liveStateSchema = z.strictObject({
  step: z.int(),
  awaiting: z.array(
    z.strictObject({
      due: z.int(),
      messageId: z.string(),
      references: z.array(z.string()),
      subject: z.string(),
      company: z.string(),
      customer: party,
      csm: party,
    }),
  ),
  tickets: z.array(z.strictObject({ due: z.int(), id: z.string() })),
});

export type LiveState = z.infer<typeof liveStateSchema>;

export const LIVE_START: LiveState = { step: 0, awaiting: [], tickets: [] };

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

/** The steps at which the storm's tickets come: at one step every four seconds the rule's threshold falls within half a minute. */
const STORM_STEPS = [2, 3, 5, 7, 9, 12] as const;
const STORM_ENDS = 90;

function peopleOf(world: World, account: WorldAccount): readonly WorldPerson[] {
  return world.people.filter((person) => person.account === account.key && person.leftAt === undefined && person.inCrm);
}

/** The healthy accounts whose everyday goes on in live mode, and the one whose trouble begins. */
function cast(world: World): { calm: readonly WorldAccount[]; story: Story; troubled: WorldAccount } {
  const accounts = new Map(world.accounts.map((account) => [account.key, account]));
  const story = world.manifest.find((one) => one.live);
  const troubled = story && accounts.get(story.account);
  if (!story || !troubled) throw new RangeError('The manifest names no account for live mode; mark one story as live.');
  const calm = world.manifest.flatMap((one) =>
    one.story === 'healthy' && !one.live ? (accounts.get(one.account) ?? []) : [],
  );
  return { calm, story, troubled };
}

/** Plays the present: mail and its answers, small tickets that are solved, meetings, and one storm of urgent tickets. */
export function createLive(options: LiveOptions): Live {
  const { world, target, now } = options;
  const { calm, story, troubled } = cast(world);
  let state: LiveState = options.state ?? LIVE_START;

  const write = (random: Random, account: WorldAccount): string => {
    const [champion] = peopleOf(world, account);
    if (!champion) return 'Nobody is there to write.';
    const csm = staffAt(account.csm ?? account.owner);
    const at = now();
    const slots = drawSlots(random, account.name, new Date(at).getUTCMonth() + 1);
    const topic = random.pick(TOPICS.filter((one) => one.lead === 'customer' && one.phase === 'running'));
    const subject = fill(random.pick(topic.subjects), slots);
    const from = { name: champion.name, address: champion.addresses[0] ?? '' };
    const to = { name: csm.name, address: csm.email };
    const messageId = `live.${state.step}.${Math.floor(random.next() * 1e9).toString(36)}.${at.toString(36)}@mail.${from.address.split('@')[1]}`;
    const body = letter(random, {
      to: to.name,
      from: from.name,
      text: fill(random.pick(topic.openings), slots),
      signature: account.name,
    });
    target.deliver({
      messageId,
      at,
      from,
      to: [to],
      subject,
      body,
      mailboxes: [to.address].filter(isWatched),
      loggedInCrm: false,
    });
    const due = state.step + random.int(2, 5);
    state = {
      ...state,
      awaiting: [
        ...state.awaiting,
        { due, messageId, references: [], subject, company: account.name, customer: from, csm: to },
      ],
    };
    return `${account.name}: ${from.name} writes "${subject}".`;
  };

  const answer = (random: Random): string[] => {
    const due = state.awaiting.filter((one) => one.due <= state.step);
    state = { ...state, awaiting: state.awaiting.filter((one) => one.due > state.step) };
    return due.map((one) => {
      const at = now();
      const text =
        'Thank you for asking. I have looked at it: the setting is on for you now. Please tell me if anything is unclear.';
      target.deliver({
        messageId: `${one.messageId.split('@')[0]}.re@mail.${VENDOR.domains[0]}`,
        at,
        from: one.csm,
        to: [one.customer],
        subject: `Re: ${one.subject}`,
        body: letter(random, { to: one.customer.name, from: one.csm.name, text, signature: VENDOR.name }),
        inReplyTo: one.messageId,
        references: [...one.references, one.messageId],
        mailboxes: [one.csm.address].filter(isWatched),
        loggedInCrm: false,
      });
      return `${one.company}: ${one.csm.name} answers.`;
    });
  };

  const open = (
    account: WorldAccount,
    subject: string,
    priority: WorldTicket['priority'],
    due: number,
    stages: readonly TicketStatus[],
  ): string => {
    const at = now();
    const id = target.openTicket({
      key: `live-${account.key}-${state.step}`,
      account: account.key,
      requester: peopleOf(world, account)[0]?.key ?? '',
      subject,
      priority,
      history: stages.map((status, index) => ({ at: at - (stages.length - 1 - index), status })),
    });
    state = { ...state, tickets: [...state.tickets, { due, id }] };
    return `${account.name}: ticket "${subject}" (${priority}).`;
  };

  const close = (): string[] => {
    const due = state.tickets.filter((ticket) => ticket.due <= state.step);
    state = { ...state, tickets: state.tickets.filter((ticket) => ticket.due > state.step) };
    return due.map((ticket) => {
      target.moveTicket(ticket.id, 'closed', now());
      return 'A ticket is solved.';
    });
  };

  const meet = (random: Random, account: WorldAccount): string => {
    const [champion] = peopleOf(world, account);
    const csm = staffAt(account.csm ?? account.owner);
    const at = now();
    const start = Math.ceil(at / 1_800_000) * 1_800_000 + random.int(2, 9) * 86_400_000;
    const title = `Walk-through: ${account.name}`;
    target.plan({
      iCalUid: `live-${account.key}-${state.step}-${at.toString(36)}@calendar.lumenledger.example`,
      title,
      organizer: csm.email,
      attendees: [
        { address: csm.email, name: csm.name, response: 'accepted' },
        ...(champion
          ? [{ address: champion.addresses[0] ?? '', name: champion.name, response: 'needsAction' as const }]
          : []),
      ],
      start,
      end: start + 1_800_000,
      timezone: VENDOR.timezone,
      createdAt: at,
      status: 'confirmed',
      calendars: [csm.email].filter(isWatched),
    });
    return `${account.name}: a call is planned.`;
  };

  const everyday = (random: Random): string => {
    const account = random.pick(calm);
    const draw = random.next();
    if (draw < 0.6) return write(random, account);
    if (draw < 0.8) {
      const subject = fill(random.pick(TICKET_SUBJECTS), drawSlots(random, account.name, 6));
      return open(account, subject, random.pick(['LOW', 'MEDIUM']), state.step + random.int(6, 14), [
        'new',
        'waiting_us',
      ]);
    }
    return meet(random, account);
  };

  return {
    get state() {
      return state;
    },
    step: () => {
      state = { ...state, step: state.step + 1 };
      // Seeded by the step, so that a restart goes on with the same script.
      const random = createRandom(world.seed).fork(`live:${state.step}`);
      const storm = STORM_STEPS.findIndex((step) => step === state.step);
      const happened =
        storm >= 0
          ? open(
              troubled,
              STORM_SUBJECTS[storm] ?? story.summary,
              'URGENT',
              STORM_ENDS + storm,
              storm === 1 ? ['new', 'escalated'] : ['new', 'waiting_us'],
            )
          : everyday(random);
      return [happened, ...answer(random.fork('answer')), ...close()];
    },
  };
}
