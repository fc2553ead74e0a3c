import { z } from 'zod';

/** An RFC 9562 uuid in lower case. */
export const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

/** Epoch milliseconds, whole, within what PostgreSQL's timestamptz and JavaScript's Date both hold. */
export const instant = z.number().int().min(-62_135_596_800_000).max(253_402_300_799_999);

/** The way by which vendor and customer meet. `waymark` is our own: answers to flags, playbook steps. */
export const touchpoint = z.enum(['email', 'meeting', 'ticket', 'crm', 'chat', 'survey', 'product', 'waymark']);
export type Touchpoint = z.infer<typeof touchpoint>;

/** Seen from the workspace, never from a mailbox: inbound comes from the customer, outbound from us. */
export const direction = z.enum(['inbound', 'outbound', 'internal', 'none']);
export type Direction = z.infer<typeof direction>;

/** Where a fact came from in time: read from history, as it happened, imported, or made by Waymark itself. */
export const origin = z.enum(['backfill', 'live', 'import', 'waymark']);
export type Origin = z.infer<typeof origin>;

export const participantRole = z.enum([
  'from',
  'to',
  'cc',
  'organizer',
  'attendee',
  'requester',
  'assignee',
  'contact',
  'respondent',
  'actor',
]);

/** One who took part. `address` is a lower-case e-mail address; `external` a provider's own key where there is none. */
export const participant = z.object({
  role: participantRole,
  address: z.string().max(320).optional(),
  name: z.string().max(500).optional(),
  external: z.string().max(500).optional(),
  /** Answer to an invitation, where the provider tells it. */
  response: z.enum(['accepted', 'declined', 'tentative', 'none']).optional(),
});
export type Participant = z.infer<typeof participant>;

/** What a provider knew: where a fact was seen. One event may have many. */
export const sighting = z.object({
  connector: z.string().min(1).max(100),
  installationId: uuid.optional(),
  object: z.string().min(1).max(100),
  externalId: z.string().min(1).max(1000),
  url: z.string().max(2000).optional(),
});
export type Sighting = z.infer<typeof sighting>;

const attributes = <T extends z.ZodRawShape>(shape: T) => z.looseObject(shape);

/** How what the customer wrote sounds, where that is judged or told: a lexicon or model, and the words that it rests on. */
const tone = {
  sentiment: z.number().min(-1).max(1).optional(),
  sentimentPhrase: z.string().max(200).optional(),
  sentimentBy: z.string().max(100).optional(),
};

const mail = attributes({
  ...tone,
  threadId: z.string().max(1000).optional(),
  /** Message-IDs named by In-Reply-To and References, oldest first, at most 50. */
  references: z.array(z.string().max(1000)).max(50).optional(),
  /** Opt-in per installation. */
  subject: z.string().max(1000).optional(),
  bounce: z.boolean().optional(),
  /** Addresses that a bounce names as undeliverable. */
  failedRecipients: z.array(z.string().max(320)).max(100).optional(),
  calendarReply: z.boolean().optional(),
});

const meeting = attributes({
  startsAt: instant.optional(),
  endsAt: instant.optional(),
  /** Set for all-day meetings instead of an instant: `YYYY-MM-DD`. */
  date: z.string().optional(),
  timezone: z.string().max(100).optional(),
  seriesId: z.string().max(1000).optional(),
  title: z.string().max(1000).optional(),
  /** Whether `held` is what a provider recorded or our own conclusion from answers and time. */
  heldBasis: z.enum(['recorded', 'assumed']).optional(),
});

const ticket = attributes({
  ...tone,
  ticketId: z.string().max(500),
  priority: z.enum(['low', 'medium', 'high', 'urgent']).optional(),
  status: z.string().max(200).optional(),
  subject: z.string().max(1000).optional(),
});

const deal = attributes({
  dealId: z.string().max(500).optional(),
  pipeline: z.string().max(200).optional(),
  stage: z.string().max(200).optional(),
  stageLabel: z.string().max(200).optional(),
  from: z.string().max(200).optional(),
  amount: z.number().optional(),
  currency: z.string().max(10).optional(),
  /** What the deal is about, where the pipeline tells it. */
  kind: z.enum(['new', 'renewal', 'expansion']).optional(),
  name: z.string().max(1000).optional(),
  closeAt: instant.optional(),
  previousCloseAt: instant.optional(),
});

const change = attributes({
  from: z.string().max(500).optional(),
  to: z.string().max(500),
  property: z.string().max(200).optional(),
});

/** The closed vocabulary: type -> attributes. A connector cannot add to it silently. */
export const vocabulary = {
  'email.received': mail,
  'email.sent': mail,
  'email.internal': mail,
  'meeting.scheduled': meeting,
  'meeting.held': meeting,
  'meeting.canceled': meeting,
  'meeting.no_show': meeting,
  'ticket.opened': ticket,
  'ticket.replied': ticket,
  'ticket.escalated': ticket,
  'ticket.solved': ticket,
  'ticket.reopened': ticket,
  'ticket.status_changed': ticket,
  'deal.created': deal,
  'deal.stage_changed': deal,
  'deal.close_date_changed': deal,
  'deal.won': deal,
  'deal.lost': deal,
  'crm.stage_changed': change,
  'crm.owner_changed': attributes({ from: z.string().max(500).optional(), owner: z.string().max(500) }),
  'crm.property_changed': change,
  'contact.added': attributes({ contact: z.string().max(500).optional(), persona: z.string().max(100).optional() }),
  'contact.left': attributes({ contact: z.string().max(500).optional(), persona: z.string().max(100).optional() }),
  'chat.received': attributes({ ...tone, channel: z.string().max(200).optional() }),
  'chat.sent': attributes({ channel: z.string().max(200).optional() }),
  'survey.responded': attributes({
    ...tone,
    score: z.number(),
    kind: z.enum(['nps', 'csat', 'ces', 'other']).optional(),
    scale: z.number().optional(),
  }),
  'usage.recorded': attributes({ metric: z.string().max(200), value: z.number() }),
  'account.renewed': attributes({ until: instant.optional() }),
  'account.churned': attributes({ reason: z.string().max(1000).optional() }),
  'playbook.started': attributes({ playbook: z.string().max(200), flagId: uuid.optional() }),
  'playbook.step_done': attributes({ playbook: z.string().max(200), step: z.string().max(200) }),
  'milestone.reached': attributes({ milestone: z.string().max(200) }),
  'flag.answered': attributes({
    flagId: uuid.optional(),
    rule: z.string().max(200).optional(),
    answer: z.enum(['claimed', 'snoozed', 'not_a_risk', 'wrong_account', 'useful', 'reopened']),
    until: instant.optional(),
    by: z.string().max(500).optional(),
  }),
} as const;

export type EventType = keyof typeof vocabulary;
export type Attributes<T extends EventType> = z.infer<(typeof vocabulary)[T]>;
export const eventTypes = Object.keys(vocabulary) as readonly EventType[];

/** Whether a string is a type of the vocabulary. */
export function isEventType(type: string): type is EventType {
  return Object.hasOwn(vocabulary, type);
}

/** The fields that every event has, whatever its type. */
const common = {
  /** When it was true. */
  occurredAt: instant,
  touchpoint,
  direction,
  participants: z.array(participant).max(1000),
  /** Written by a machine: kept, and left out of engagement. */
  automated: z.boolean(),
  /** The account key as the source gives it (domain or CRM id), where the source knows the account itself. */
  subject: z.string().max(1000).optional(),
};

const stored = {
  ...common,
  id: uuid,
  workspaceId: uuid,
  /** When Waymark knew it; equal to `occurredAt` and `knownAssumed` where a backfill read it. */
  recordedAt: instant,
  knownAssumed: z.boolean(),
  origin,
  /** The account by today's matching; null while the event is in the review queue. */
  accountId: uuid.nullable(),
  sightings: z.array(sighting).min(1),
};

type DraftOf<T extends EventType> = {
  readonly type: T;
  /** What makes this fact the same fact wherever it is seen, e.g. `mail:<message-id>|<sender>`. Hashed with workspace and type into the id. */
  readonly identity: string;
  readonly occurredAt: number;
  readonly touchpoint: Touchpoint;
  readonly direction: Direction;
  readonly participants: readonly Participant[];
  readonly automated: boolean;
  readonly subject?: string;
  readonly attributes: Attributes<T>;
  /** Which sighting's form speaks for the event when several are seen: 0 first (a mailbox before a CRM copy). */
  readonly rank: number;
};

/** What a mapper returns: a fact without workspace, id or account. */
export type EventDraft = { [T in EventType]: DraftOf<T> }[EventType];

type EventOf<T extends EventType> = Omit<DraftOf<T>, 'identity' | 'rank'> & {
  readonly id: string;
  readonly workspaceId: string;
  readonly recordedAt: number;
  readonly knownAssumed: boolean;
  readonly origin: Origin;
  readonly accountId: string | null;
  readonly sightings: readonly Sighting[];
};

/** A small immutable fact about one account. */
export type JourneyEvent = { [T in EventType]: EventOf<T> }[EventType];

const variants = eventTypes.map((type) => z.object({ ...stored, type: z.literal(type), attributes: vocabulary[type] }));

const draftVariants = eventTypes.map((type) =>
  z.object({
    ...common,
    type: z.literal(type),
    attributes: vocabulary[type],
    identity: z.string().min(1).max(3000),
    rank: z.number().int().min(0).max(9),
  }),
);

type AtLeastTwo<T> = [T, T, ...T[]];

/** Parses a stored event; the closed union over `type`. */
export const journeyEvent = z.discriminatedUnion('type', variants as AtLeastTwo<(typeof variants)[number]>);

/** Parses what a mapper returned; the runner checks every draft with it. */
export const eventDraft = z.discriminatedUnion('type', draftVariants as AtLeastTwo<(typeof draftVariants)[number]>);

/** Whether a value is a well-formed draft. `eventDraft.safeParse` tells what is wrong with one that is not. */
export function isEventDraft(value: unknown): value is EventDraft {
  return eventDraft.safeParse(value).success;
}

/** Whether a value is a well-formed event. */
export function isJourneyEvent(value: unknown): value is JourneyEvent {
  return journeyEvent.safeParse(value).success;
}
