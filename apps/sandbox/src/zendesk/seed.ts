import type { World, WorldTicket } from '../company/world.ts';
import { addOrganization, addUser, createAccount } from './account.ts';
import { Desk, SYSTEM } from './desk.ts';
import type { TicketPriority, ZendeskAccount } from './state.ts';
import type { ZendeskSeed } from './zendesk.ts';

/** Subdomains of the sample: the vendor's help desk, and that of another tenant. */
export const sampleSubdomains = { main: 'lumenledger', second: 'second-harbor' } as const;

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Zendesk's own automation closes what has been solved for so long. */
const CLOSED_AFTER = 4 * DAY;
/** Ratings of late are left out: a rating is word from the customer, and the sample's stories are told by mail. */
const RATED_BEFORE = 120 * DAY;

const PRIORITIES: Readonly<Record<WorldTicket['priority'], TicketPriority>> = {
  LOW: 'low',
  MEDIUM: 'normal',
  HIGH: 'high',
  URGENT: 'urgent',
};

/** Projects the sample company's tickets onto a help desk. A pure function of the world. */
export function seedFromWorld(world: World): ZendeskSeed {
  return { accounts: [mainAccount(world), secondAccount(world)] };
}

interface Cast {
  readonly agents: readonly number[];
  readonly users: ReadonlyMap<string, number>;
}

function mainAccount(world: World): ZendeskAccount {
  const since = world.anchor - 800 * DAY;
  const admin = world.vendor.staff.find((staff) => staff.role === 'revops') ?? world.vendor.staff[0];
  const account = createAccount({
    subdomain: sampleSubdomains.main,
    name: `${world.vendor.name} (sample data)`,
    timeZone: world.vendor.timezone,
    since,
    administrator: { name: admin?.name ?? 'Admin', email: admin?.email ?? 'admin@vendor.example' },
  });
  const agents = world.vendor.staff
    .filter((staff) => staff.role === 'support')
    .map(({ name, email }) => addUser(account, { name, email, role: 'agent', at: since }).id);
  const users = plantCustomers(account, world, since);
  const desk = new Desk(account);
  const opened = (ticket: WorldTicket): number => ticket.history[0]?.at ?? 0;
  for (const [index, ticket] of world.tickets.toSorted((a, b) => opened(a) - opened(b)).entries()) {
    play(desk, ticket, { agents, users }, index, world.anchor);
  }
  return account;
}

/** Organizations of the accounts that have ever written, and the people who wrote. */
function plantCustomers(account: ZendeskAccount, world: World, since: number): Map<string, number> {
  const users = new Map<string, number>();
  const wrote = new Set(world.tickets.map((ticket) => ticket.account));
  for (const customer of world.accounts.filter((each) => wrote.has(each.key))) {
    const at = customer.customerSince ?? since;
    const organization = addOrganization(account, { name: customer.name, domains: customer.domains, at });
    const people = world.people.filter((person) => person.account === customer.key);
    for (const person of people) {
      if (!world.tickets.some((ticket) => ticket.requester === person.key)) continue;
      const [email = null, ...addresses] = person.addresses;
      const user = addUser(account, {
        name: person.name,
        email,
        addresses,
        organizationId: organization.id,
        at: Math.max(at, person.joinedAt),
      });
      users.set(person.key, user.id);
    }
  }
  return users;
}

/** Plays a ticket as its people would: the customer writes, agents answer and solve, Zendesk closes. */
function play(desk: Desk, ticket: WorldTicket, cast: Cast, index: number, anchor: number): void {
  const requesterId = cast.users.get(ticket.requester);
  const agent = cast.agents[index % cast.agents.length];
  const [first, ...rest] = ticket.history;
  if (requesterId === undefined || agent === undefined || first === undefined) return;
  const { id } = desk.open({
    requesterId,
    subject: ticket.subject,
    body: `${ticket.subject}. This happens since this morning; could you have a look?`,
    priority: PRIORITIES[ticket.priority],
    at: first.at,
  });
  let before = first.status;
  for (const { at, status } of rest) {
    const asked = status === 'waiting_us' && before !== 'new';
    if (asked) {
      const comment = { body: 'It happens again. What else can we try?', public: true };
      desk.update(id, { authorId: requesterId, at, status: 'open', comment });
    } else if (status === 'waiting_us') {
      desk.update(id, { authorId: agent, at, status: 'open', assigneeId: agent });
    } else if (status === 'waiting_customer') {
      const comment = { body: 'Thank you. Could you tell us at what time this was?', public: true };
      desk.update(id, { authorId: agent, at, status: 'pending', comment });
    } else if (status === 'escalated') {
      const comment = { body: 'Engineering has to look at this.', public: false };
      desk.update(id, { authorId: agent, at, tags: ['escalated'], comment });
    } else if (status === 'closed') {
      const comment = { body: 'This is corrected; please try again.', public: true };
      desk.update(id, { authorId: agent, at, status: 'solved', comment });
    }
    before = status;
  }
  const last = ticket.history.at(-1);
  if (last?.status !== 'closed') return;
  if (last.at + CLOSED_AFTER < anchor)
    desk.update(id, { authorId: SYSTEM, at: last.at + CLOSED_AFTER, status: 'closed' });
  if (index % 5 === 0 && last.at < anchor - RATED_BEFORE) {
    desk.rate(id, index % 10 === 0 ? 'good_with_comment' : 'good', last.at + HOUR, 'Quick and friendly, thank you.');
  }
}

/** A help desk of another tenant: two organizations, three tickets. */
function secondAccount(world: World): ZendeskAccount {
  const at = world.anchor - 90 * DAY;
  const account = createAccount({
    subdomain: sampleSubdomains.second,
    name: 'Second Harbor (sample data)',
    timeZone: 'Europe/Oslo',
    since: at,
    administrator: { name: 'Tomas Rye', email: 'tomas.rye@second-harbor.example' },
  });
  const desk = new Desk(account);
  for (const [index, [name, domain]] of [
    ['Fjordline Bakery', 'fjordline-bakery.example'],
    ['Kestrel Optics', 'kestrel-optics.example'],
  ].entries()) {
    const organization = addOrganization(account, { name: name ?? '', domains: [domain ?? ''], at });
    const user = addUser(account, { name: 'Ida', email: `ida@${domain}`, organizationId: organization.id, at });
    for (let count = 0; count <= index; count += 1) {
      const opened = world.anchor - (20 - 5 * index - count) * DAY;
      const subject = 'Opening hours in the app';
      const { id } = desk.open({ requesterId: user.id, subject, body: `${subject}?`, priority: 'normal', at: opened });
      const comment = { body: 'They are under Settings.', public: true };
      desk.update(id, { authorId: account.signedIn, at: opened + HOUR, status: 'solved', comment });
    }
  }
  return account;
}
