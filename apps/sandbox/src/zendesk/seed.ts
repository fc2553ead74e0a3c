import type { World, WorldTicket } from '../company/world.ts';
import { addOrganization, addUser, createAccount } from './account.ts';
import { Desk, SYSTEM } from './desk.ts';
import type { ZendeskAccount } from './state.ts';
import { playTicket } from './ticket-course.ts';
import type { ZendeskSeed } from './zendesk.ts';

/** Subdomains of the sample: the vendor's help desk, and that of another tenant. */
export const sampleSubdomains = { main: 'lumenledger', second: 'second-harbor' } as const;

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Zendesk's own automation closes what has been solved for so long. */
const CLOSED_AFTER = 4 * DAY;
/** Ratings of late are left out: a rating is word from the customer, and the sample's stories are told by mail. */
const RATED_BEFORE = 120 * DAY;

/** Projects the sample company's tickets onto a help desk: those of all accounts, or of the ones named. A pure function of the world. */
export function seedFromWorld(world: World, accounts?: readonly string[]): ZendeskSeed {
  const here = accounts === undefined ? undefined : new Set(accounts);
  const tickets = world.tickets.filter((ticket) => here?.has(ticket.account) ?? true);
  return { accounts: [mainAccount({ ...world, tickets }), secondAccount(world)] };
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
  const opened = (ticket: WorldTicket): number => ticket.history[0]?.at ?? 0;
  for (const [index, ticket] of world.tickets.toSorted((a, b) => opened(a) - opened(b)).entries()) {
    play(account, ticket, { agents, users }, index, world.anchor);
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

/** A ticket with what follows on its end: Zendesk closes it, and some customers rate it. */
function play(account: ZendeskAccount, ticket: WorldTicket, cast: Cast, index: number, anchor: number): void {
  const requesterId = cast.users.get(ticket.requester);
  const agentId = cast.agents[index % cast.agents.length];
  if (requesterId === undefined || agentId === undefined) return;
  const desk = new Desk(account);
  const { id } = playTicket(account, desk, ticket, { requesterId, agentId });
  const last = ticket.history.at(-1);
  if (last?.status !== 'closed') return;
  if (last.at + CLOSED_AFTER < anchor) {
    desk.update(id, { authorId: SYSTEM, at: last.at + CLOSED_AFTER, status: 'closed' });
  }
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
