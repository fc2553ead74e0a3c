import type { World, WorldTicket } from '../company/world.ts';
import { addOrganization, addUser } from './account.ts';
import type { ZendeskHandle } from './handle.ts';
import { sampleSubdomains } from './seed.ts';
import { playTicket } from './ticket-course.ts';

/** Enters into the running sample help desk what happens in the sample company: for live mode. Webhooks go out as for any other change. */
export class SampleHelpDesk {
  readonly #handle: ZendeskHandle;
  readonly #world: Pick<World, 'accounts' | 'people'>;

  constructor(handle: ZendeskHandle, world: Pick<World, 'accounts' | 'people'>) {
    this.#handle = handle;
    this.#world = world;
  }

  /** Entering the same ticket again moves it on. */
  saveTicket(ticket: WorldTicket): void {
    const at = ticket.history[0]?.at ?? 0;
    const account = this.#handle.account(sampleSubdomains.main);
    const agents = Object.values(account.users).filter((user) => user.role === 'agent');
    const agent = agents[Object.keys(account.tickets).length % agents.length];
    const requesterId = this.#requesterOf(ticket, at);
    if (agent === undefined || requesterId === undefined) return;
    const desk = this.#handle.desk(sampleSubdomains.main);
    playTicket(account, desk, ticket, { requesterId, agentId: agent.id });
  }

  /** A person writes for the first time: the help desk makes a user of them. */
  #requesterOf(ticket: WorldTicket, at: number): number | undefined {
    const account = this.#handle.account(sampleSubdomains.main);
    const person = this.#world.people.find((each) => each.key === ticket.requester);
    const customer = this.#world.accounts.find((each) => each.key === ticket.account);
    const email = person?.addresses[0];
    if (person === undefined || customer === undefined || email === undefined) return undefined;
    const known = Object.values(account.users).find((user) => user.email === email);
    if (known !== undefined) return known.id;
    const organization =
      Object.values(account.organizations).find((each) => each.name === customer.name) ??
      addOrganization(account, { name: customer.name, domains: customer.domains, at });
    return addUser(account, { name: person.name, email, organizationId: organization.id, at }).id;
  }
}
