import type { MapContext } from '@waymark/connector-kit';

/** Text that stands for what people wrote: it must never come out of the connector. */
export const canary = 'CANARY-what-a-person-wrote';

export const context: MapContext = {
  ownDomains: ['vendor.example.com'],
  account: { externalAccountId: 'acme', label: 'Zendesk acme' },
  settings: {},
  keepSubjects: false,
  readAt: Date.parse('2026-11-01T00:00:00Z'),
};

const REQUESTER = 3001;
export const AGENT = 9001;

type Change = readonly [field: string, value: string, previous?: string];

interface Entry {
  readonly at: string;
  readonly author?: number;
  readonly changes?: readonly Change[];
  readonly comments?: readonly { readonly public: boolean; readonly author?: number }[];
  readonly merged?: true;
}

interface Input {
  readonly id: number;
  readonly row?: Readonly<Record<string, unknown>>;
  readonly history: readonly Entry[];
  readonly statuses?: Readonly<Record<string, { readonly label: string; readonly category: string }>>;
  readonly tooOld?: boolean;
}

/** A ticket as a page carries it. */
export function ticket(input: Input) {
  return {
    ticket: {
      id: input.id,
      created_at: '2026-01-05T09:00:00Z',
      updated_at: '2026-01-09T09:00:00Z',
      status: 'open',
      priority: 'normal',
      requester_id: REQUESTER,
      submitter_id: REQUESTER,
      assignee_id: AGENT,
      organization_id: 7001,
      tags: [],
      channel: 'email',
      subject: 'Invoice',
      description: canary,
      ...input.row,
    },
    gathered: {
      url: `https://acme.zendesk.com/agent/tickets/${input.id}`,
      history: input.history.map((entry, index) => ({
        id: String(input.id * 100 + index),
        at: entry.at,
        author: String(entry.author ?? REQUESTER),
        changes: (entry.changes ?? []).map(([field, value, previous]) => ({
          field,
          value,
          ...(previous === undefined ? {} : { previous }),
        })),
        comments: (entry.comments ?? []).map((comment, place) => ({
          id: String(input.id * 1000 + index * 10 + place),
          public: comment.public,
          author: String(comment.author ?? entry.author ?? REQUESTER),
        })),
        ...(entry.merged === true ? { merged: true } : {}),
      })),
      people: {
        [REQUESTER]: {
          id: String(REQUESTER),
          side: 'customer',
          name: 'Noor Haddad',
          address: 'noor@fjord.example.com',
        },
        [AGENT]: { id: String(AGENT), side: 'agent', name: 'Sven Lund', address: 'sven.lund@vendor.example.com' },
      },
      statuses: input.statuses ?? {},
      tooOld: input.tooOld ?? false,
    },
  };
}

const opening: Entry = {
  at: '2026-01-05T09:00:00Z',
  changes: [
    ['status', 'new'],
    ['priority', 'low'],
  ],
  comments: [{ public: true }],
};

export const tickets = {
  /** Answered, made urgent, solved, reopened by the customer, solved again and closed by Zendesk itself. */
  reopened: ticket({
    id: 101,
    row: { status: 'closed', priority: 'urgent' },
    history: [
      opening,
      {
        at: '2026-01-05T10:00:00Z',
        author: AGENT,
        changes: [['status', 'open', 'new']],
        comments: [{ public: false }],
      },
      {
        at: '2026-01-05T11:00:00Z',
        author: AGENT,
        changes: [
          ['status', 'pending', 'open'],
          ['priority', 'urgent', 'low'],
        ],
        comments: [{ public: true }],
      },
      { at: '2026-01-06T09:00:00Z', author: AGENT, changes: [['status', 'solved', 'pending']] },
      { at: '2026-01-07T09:00:00Z', changes: [['status', 'open', 'solved']], comments: [{ public: true }] },
      { at: '2026-01-08T09:00:00Z', author: AGENT, changes: [['status', 'solved', 'open']] },
      { at: '2026-01-12T09:00:00Z', author: -1, changes: [['status', 'closed', 'solved']] },
    ],
  }),
  /** Tagged as escalated; another tag means nothing, and the tag's coming again means nothing either. */
  escalatedByTag: ticket({
    id: 102,
    history: [
      opening,
      { at: '2026-01-05T10:00:00Z', author: AGENT, changes: [['tags', 'billing', '']] },
      { at: '2026-01-05T11:00:00Z', author: AGENT, changes: [['tags', 'billing escalated', 'billing']] },
      { at: '2026-01-05T12:00:00Z', author: AGENT, changes: [['tags', 'billing escalated vip', 'billing escalated']] },
    ],
  }),
  /** Put into a custom status that says so, without a change of its category. */
  escalatedByStatus: ticket({
    id: 103,
    row: { custom_status_id: 55 },
    history: [
      {
        ...opening,
        changes: [
          ['status', 'open'],
          ['custom_status_id', '50'],
        ],
      },
      { at: '2026-01-05T11:00:00Z', author: AGENT, changes: [['custom_status_id', '55', '50']] },
    ],
    statuses: {
      '50': { label: 'Open', category: 'open' },
      '55': { label: 'Escalated to engineering', category: 'open' },
    },
  }),
  /** Closed at once because it went on in another ticket. */
  merged: ticket({
    id: 104,
    row: { status: 'closed' },
    history: [
      opening,
      {
        at: '2026-01-05T09:30:00Z',
        author: AGENT,
        changes: [['status', 'closed', 'new']],
        comments: [{ public: false }],
        merged: true,
      },
    ],
  }),
  /** Two updates within one second, the second of which undoes the first; solved as it was made. */
  sameSecond: ticket({
    id: 105,
    history: [
      { ...opening, changes: [['status', 'solved']] },
      { at: '2026-01-05T09:00:00Z', changes: [['status', 'open', 'solved']] },
      { at: '2026-01-05T09:00:00Z', author: AGENT, changes: [['status', 'solved', 'open']] },
    ],
  }),
  /** Opened by an agent who wrote to the customer first. */
  outbound: ticket({
    id: 106,
    row: { submitter_id: AGENT },
    history: [{ ...opening, author: AGENT, comments: [{ public: true, author: AGENT }] }],
  }),
  /** No organization, no audits that we understand, a requester who is no more. */
  bare: ticket({
    id: 107,
    row: { organization_id: null, requester_id: 4004, submitter_id: null, assignee_id: null, priority: null },
    history: [{ at: '2026-01-05T09:00:00Z', author: -1 }],
  }),
  /** Touched by Zendesk itself long after its last change. */
  tooOld: ticket({ id: 108, history: [], tooOld: true }),
  malformed: { ticket: { id: 'none' }, gathered: {} },
};

export const users = {
  endUser: {
    id: REQUESTER,
    url: `https://acme.zendesk.com/api/v2/users/${REQUESTER}.json`,
    name: ' Noor Haddad ',
    email: 'Noor@fjord.example.com',
    role: 'end-user',
    organization_id: 7001,
    created_at: '2025-05-01T08:00:00Z',
    updated_at: '2026-01-01T08:00:00Z',
    active: true,
    suspended: false,
    addresses: ['noor@fjord.example.com', 'n.haddad@fjord-old.example.com', 'no address'],
  },
  agent: {
    id: AGENT,
    name: 'Sven Lund',
    email: 'Sven.Lund@vendor.example.com',
    role: 'agent',
    active: true,
    addresses: [],
  },
  phoneOnly: { id: 3002, name: 'Caller +49 30 000', email: null, role: 'end-user', organization_id: null },
  suspended: { id: 3003, name: 'Spam', email: 'spam@spam.example.com', role: 'end-user', suspended: true },
  malformed: { id: '3004' },
};

export const organizations = {
  withDomains: {
    id: 7001,
    url: 'https://acme.zendesk.com/api/v2/organizations/7001.json',
    name: 'Fjord Freight',
    domain_names: [
      'Fjord.example.com',
      'one.person@mail.example.com',
      '*.fjord-old.example.com',
      'fjord.example.com',
      'x y',
    ],
    updated_at: '2026-01-01T08:00:00Z',
  },
  nameless: { id: 7002, name: '  ', domain_names: [] },
  malformed: { id: 7003, domain_names: 'fjord.example.com' },
};

export const ratings = {
  good: {
    id: 8001,
    score: 'good_with_comment',
    created_at: '2026-01-06T10:00:00Z',
    updated_at: '2026-01-06T10:00:00Z',
    ticket_id: 101,
    requester: { id: String(REQUESTER), address: 'noor@fjord.example.com', name: 'Noor Haddad' },
  },
  bad: { id: 8002, score: 'bad', created_at: '2026-01-06T10:00:00Z', updated_at: '2026-01-07T10:00:00Z' },
  offered: { id: 8003, score: 'offered', created_at: '2026-01-06T10:00:00Z', updated_at: '2026-01-06T10:00:00Z' },
  malformed: { id: 8004, score: 1 },
};
