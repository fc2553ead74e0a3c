import type { EventType, Touchpoint } from '@waymark/journey';
import { copyLayers, emptyRecord, noLayers, type Layers } from './layers.ts';
import { everyPart, part } from './reads.ts';
import type { DealMoves } from './track-deal-moves.ts';
import { copyExchange, emptyExchange, type ExchangeTrack } from './track-exchange.ts';
import { copyHappenings, type Happenings } from './track-happenings.ts';
import { copyService, emptyService, type ServiceTrack } from './track-service.ts';

/**
 * What the engine remembers of an account's facts: bounded, plain JSON, updated fact by fact. Keys made of outside text are
 * prefixed (`key`), so that none can be `__proto__`.
 */
export interface Tracks {
  contact: ContactTrack;
  mail: MailTrack;
  meetings: MeetingTrack;
  tickets: TicketTrack;
  people: PeopleTrack;
  deals: DealTrack;
  record: RecordTrack;
  exchange: ExchangeTrack;
  service: ServiceTrack;
  /** By event type. */
  happenings: Record<string, Happenings>;
}

/** Whom the customer's people are known by. */
export interface Company {
  isTheirs(address: string): boolean;
  /** Of a person's key in the tracks. */
  isChampion(name: string): boolean;
}

/** A fact as it is remembered: enough for evidence. */
export interface Mark {
  readonly id: string;
  readonly type: EventType;
  readonly at: number;
}

/** Counts per UTC day, oldest first. */
export type DayCounts = (readonly [day: number, count: number])[];

export interface ContactTrack {
  /** Last human contact from the customer, by touchpoint. */
  lastInbound: Partial<Record<Touchpoint, Mark>>;
  /** Starts of visits (contacts at least 20 hours apart), by touchpoint, over the last 360 days. */
  visits: Partial<Record<Touchpoint, number[]>>;
  /** The same for all touchpoints together. */
  allVisits: number[];
  /** Grows with every visit; a memo of the usual gap is good for one value. */
  visitVersion: number;
  /** Key `direction:touchpoint`. */
  counts: Record<string, DayCounts>;
  lastOutbound: Mark | null;
  /** Messages of ours since the customer was last in touch. */
  outboundSince: number;
  /** The last contact from the customer of each of the latest days with any, oldest first. */
  recent: Mark[];
}

export interface WaitingMail {
  readonly mark: Mark;
  readonly thread: string | null;
  readonly person: string | null;
}

export interface MailTrack {
  /** Customer mails that ask for an answer and have none, oldest first. */
  waiting: WaitingMail[];
  /** Threads in which we wrote last or the customer did: number of customer mails since our last, and when. */
  threads: Layers<{ readonly ours: boolean; readonly unansweredRun: number; readonly at: number }>;
  threadCount: number;
  /** Our last mail that answered one of theirs, and how long theirs had waited. */
  lastAnswer: { readonly mark: Mark; readonly tookMs: number } | null;
  /** When the mails that we answered lately had come, and when the answers went, oldest first. */
  answers: (readonly [from: number, to: number])[];
}

export interface MeetingTrack {
  lastHeld: Mark | null;
  /** The latest meetings held, oldest first. */
  recentHeld: Mark[];
  held: DayCounts;
  /** Canceled and missed meetings since the last one held; a series called off in one go counts once. */
  missed: (Mark & { readonly series: string | null; readonly startsAt: number | null })[];
  /** Starts of meetings that were called off or missed: a calendar that assumes them held is wrong. */
  calledOff: number[];
  /** Meetings called off or missed, by the day on which that was known. */
  calledOffDays: DayCounts;
  upcoming: { readonly mark: Mark; readonly startsAt: number; readonly series: string | null }[];
}

export interface OpenTicket {
  readonly opened: Mark;
  priority: 'low' | 'medium' | 'high' | 'urgent' | null;
  escalated: Mark | null;
  /** While solved it is kept for a while, in case it is reopened. */
  solvedAt: number | null;
  /** When anything last happened to it. */
  touchedAt: number;
}

export interface TicketTrack {
  tickets: Record<string, OpenTicket>;
  opened: DayCounts;
  reopened: DayCounts;
}

export interface PersonTrack {
  /** First and last contact from this person, and on how many days. */
  readonly first: Mark;
  last: Mark;
  days: number;
  lastDay: number;
  /** The days (UTC) with contact in about a year, oldest first; replaced, never changed in place. */
  recent: readonly number[];
}

export interface PeopleTrack {
  persons: Record<string, PersonTrack>;
  /** Addresses (or external ids) of champions told by events, beside those of the context. */
  champions: string[];
  /** Champions that events say have left, or whose mail bounces. */
  left: Record<string, Mark>;
  lastChampionAdded: number | null;
  /** Personas told by events, beside those of the context. */
  personas: Record<string, string>;
}

export interface DealState {
  readonly mark: Mark;
  kind: 'new' | 'renewal' | 'expansion' | null;
  closeAt: number | null;
  slips: number;
  /** The latest times that the close date was put off, oldest first. */
  putOff: (Mark & { readonly byMs: number })[];
  moves: DealMoves | null;
}

export interface DealTrack {
  open: Record<string, DealState>;
  /** Key: kind, or `unknown`. */
  won: Record<string, { count: number; last: Mark }>;
  lost: Record<string, { count: number; last: Mark }>;
}

export interface RecordTrack {
  crmStage: { readonly value: string; readonly mark: Mark } | null;
  properties: Record<string, { readonly value: string; readonly mark: Mark }>;
  survey: { readonly score: number; readonly mark: Mark } | null;
  usage: Record<string, (readonly [day: number, sum: number])[]>;
  renewals: number;
  lastRenewal: Mark | null;
  churned: Mark | null;
  /** Whether the account is a customer by what is dated: the event that made it one, or the last that ended it. */
  spell: { readonly customer: boolean; readonly mark: Mark; readonly endedAt: number | null } | null;
  /** The renewal date as the CRM's dated history has it; null inside where it was emptied, null outside where nothing is dated. */
  renewal: { readonly dueAt: number | null; readonly mark: Mark } | null;
  /** The tier by the dated history: null inside where it was emptied, absent where nothing is dated. `declared` as the declaration calls it. */
  tier?: { readonly value: string | null; readonly declared: boolean };
  /** The yearly value by the CRM's dated history, in the same way. */
  worth?: { readonly value: number | null };
  /** When events made it a customer for the first time; null where they show that it had been one before anything was dated. */
  since?: number | null;
  /** The CRM's stages, and whether a deal for new business was told, while nothing had shown a customer; absent before and after. */
  sale?: { readonly stages: readonly string[]; readonly deal: boolean };
  /** The latest survey answers, oldest first. */
  surveys: SurveyAnswer[];
  /** By metric, the last amount recorded and what is licensed or planned of it. */
  levels: Record<string, { readonly value: number; readonly limit: number | null; readonly mark: Mark }>;
  /** Until when the last renewal runs. */
  contract: { readonly until: number; readonly mark: Mark } | null;
}

export interface SurveyAnswer {
  /** From 0 to 100. */
  readonly score: number;
  readonly kind: string;
  readonly person: string | null;
  readonly mark: Mark;
}

/** Nothing remembered yet. */
export function emptyTracks(): Tracks {
  return {
    contact: {
      lastInbound: {},
      visits: {},
      allVisits: [],
      visitVersion: 0,
      counts: {},
      lastOutbound: null,
      outboundSince: 0,
      recent: [],
    },
    mail: { waiting: [], threads: noLayers(), threadCount: 0, lastAnswer: null, answers: [] },
    meetings: { lastHeld: null, recentHeld: [], held: [], missed: [], calledOff: [], calledOffDays: [], upcoming: [] },
    tickets: { tickets: emptyRecord(), opened: [], reopened: [] },
    people: { persons: {}, champions: [], left: {}, lastChampionAdded: null, personas: {} },
    deals: { open: {}, won: {}, lost: {} },
    record: {
      crmStage: null,
      properties: {},
      survey: null,
      usage: {},
      renewals: 0,
      lastRenewal: null,
      churned: null,
      spell: null,
      renewal: null,
      surveys: [],
      levels: {},
      contract: null,
    },
    exchange: emptyExchange(),
    service: emptyService(),
    happenings: {},
  };
}

/** A key made of outside text. */
export const key = (text: string): string => `:${text}`;

function mapValues<T>(record: Readonly<Record<string, T>>, copy: (value: T) => T): Record<string, T> {
  const made = emptyRecord<T>();
  for (const name in record) {
    const value = record[name];
    if (value !== undefined) made[name] = copy(value);
  }
  return made;
}

const same = <T>(value: T): T => value;
const shallow = <T extends object>(value: T): T => ({ ...value });
const list = <T>(values: T[]): T[] => values.slice();

/**
 * A copy that can be changed without changing the original. Marks, day counts, waiting mails, missed and coming meetings are
 * replaced and never changed, so both share them; many times faster than `structuredClone`. Given the parts that facts to come touch, as
 * bits of `part`, the others are shared as a whole.
 */
export function copyTracks(tracks: Tracks, touched: number = everyPart): Tracks {
  const { contact, mail, meetings, tickets, people, deals, record } = tracks;
  return {
    contact:
      (touched & part.contact) === 0
        ? contact
        : {
            ...contact,
            lastInbound: { ...contact.lastInbound },
            visits: mapValues(contact.visits, list),
            allVisits: list(contact.allVisits),
            counts: mapValues(contact.counts, list),
            recent: list(contact.recent),
          },
    mail:
      (touched & part.mail) === 0
        ? mail
        : {
            ...mail,
            waiting: list(mail.waiting),
            answers: list(mail.answers),
            threads: copyLayers(mail.threads),
          },
    meetings:
      (touched & part.meetings) === 0
        ? meetings
        : {
            ...meetings,
            held: list(meetings.held),
            recentHeld: list(meetings.recentHeld),
            missed: list(meetings.missed),
            calledOff: list(meetings.calledOff),
            calledOffDays: list(meetings.calledOffDays),
            upcoming: list(meetings.upcoming),
          },
    tickets:
      (touched & part.tickets) === 0
        ? tickets
        : {
            tickets: mapValues(tickets.tickets, shallow),
            opened: list(tickets.opened),
            reopened: list(tickets.reopened),
          },
    people:
      (touched & part.people) === 0
        ? people
        : {
            ...people,
            persons: mapValues(people.persons, shallow),
            champions: list(people.champions),
            left: mapValues(people.left, same),
            personas: mapValues(people.personas, same),
          },
    deals:
      (touched & part.deals) === 0
        ? deals
        : {
            open: mapValues(deals.open, (deal) => ({ ...deal, putOff: list(deal.putOff) })),
            won: mapValues(deals.won, same),
            lost: mapValues(deals.lost, same),
          },
    record:
      (touched & (part.record | part.spell | part.usage | part.surveys)) === 0
        ? record
        : {
            ...record,
            properties: mapValues(record.properties, same),
            usage: mapValues(record.usage, list),
            surveys: list(record.surveys),
            levels: mapValues(record.levels, same),
          },
    exchange: (touched & part.exchange) === 0 ? tracks.exchange : copyExchange(tracks.exchange),
    service: copyService(tracks.service),
    happenings: copyHappenings(tracks.happenings),
  };
}
