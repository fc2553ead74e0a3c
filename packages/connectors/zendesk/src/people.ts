import { z } from 'zod';
import { docs, paths } from './api.ts';
import type { ZendeskClient } from './client.ts';

const userRow = z.looseObject({
  id: z.number(),
  name: z.string().nullish(),
  email: z.string().nullish(),
  role: z.string().nullish(),
});
const usersAnswer = z.looseObject({ users: z.array(userRow) });

const statusesAnswer = z.looseObject({
  custom_statuses: z.array(
    z.looseObject({ id: z.number(), agent_label: z.string().nullish(), status_category: z.string().nullish() }),
  ),
});

/** On whose side a person is: an end user is the customer's, agents and administrators are the vendor's. */
export type Side = 'customer' | 'agent';

export interface Person {
  readonly id: string;
  readonly side: Side;
  readonly name?: string;
  readonly address?: string;
}

/** Names and categories of an account's custom statuses by id. */
export type Statuses = ReadonlyMap<string, { readonly label: string; readonly category: string }>;

const AT_ONCE = 100;
/** Known people are kept for a run, up to so many; a run over a larger account asks again for some. */
const MOST_KEPT = 20_000;

/** The people and statuses that tickets name by id, each asked for once a connection. */
export class People {
  readonly #client: ZendeskClient;
  readonly #known = new Map<string, Person | undefined>();
  #statuses: Promise<Statuses> | undefined;

  constructor(client: ZendeskClient) {
    this.#client = client;
  }

  /** The people with these ids; one that Zendesk no longer has is missing. */
  async find(ids: Iterable<string>): Promise<ReadonlyMap<string, Person>> {
    const wanted = [...new Set(ids)];
    if (this.#known.size + wanted.length > MOST_KEPT) this.#known.clear();
    const unknown = wanted.filter((id) => !this.#known.has(id));
    for (let start = 0; start < unknown.length; start += AT_ONCE) {
      await this.#read(unknown.slice(start, start + AT_ONCE));
    }
    return new Map(
      wanted.flatMap((id): [string, Person][] => {
        const person = this.#known.get(id);
        return person === undefined ? [] : [[id, person]];
      }),
    );
  }

  /** The account's custom statuses; none where the plan has none. */
  statuses(): Promise<Statuses> {
    this.#statuses ??= this.#readStatuses().catch((error: unknown) => {
      this.#statuses = undefined;
      throw error;
    });
    return this.#statuses;
  }

  async #read(ids: readonly string[]): Promise<void> {
    const answer = await this.#client.json({
      bucket: 'account',
      method: 'GET',
      path: paths.users,
      query: { ids: ids.join(',') },
      idempotent: true,
      doc: docs.users,
      answer: usersAnswer,
    });
    for (const id of ids) this.#known.set(id, undefined);
    for (const user of answer.users) {
      const address = user.email?.toLowerCase();
      this.#known.set(String(user.id), {
        id: String(user.id),
        side: user.role === 'agent' || user.role === 'admin' ? 'agent' : 'customer',
        ...(user.name ? { name: user.name.slice(0, 500) } : {}),
        ...(address !== undefined && address.length <= 320 && address.includes('@') ? { address } : {}),
      });
    }
  }

  async #readStatuses(): Promise<Statuses> {
    const answer = await this.#client.jsonOrNone({
      bucket: 'account',
      method: 'GET',
      path: paths.customStatuses,
      idempotent: true,
      doc: docs.customStatuses,
      answer: statusesAnswer,
    });
    return new Map(
      (answer?.custom_statuses ?? []).map((status) => [
        String(status.id),
        { label: status.agent_label ?? String(status.id), category: status.status_category ?? '' },
      ]),
    );
  }
}
