import { hash } from 'node:crypto';
import { ConnectorFault } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api-version.ts';
import type { SalesforceClient } from './client.ts';

const field = z.looseObject({
  name: z.string(),
  type: z.string(),
  label: z.string().default(''),
  updateable: z.boolean().default(false),
  length: z.number().default(0),
  restrictedPicklist: z.boolean().default(false),
  picklistValues: z
    .array(z.looseObject({ value: z.string(), label: z.string().nullish(), active: z.boolean().default(true) }))
    .default([]),
});
export type Field = z.infer<typeof field>;

const described = z.looseObject({ fields: z.array(field) });

/** Fields of an object by name, as the connected user sees them. */
export type Fields = ReadonlyMap<string, Field>;

/**
 * What the connected user may see. Field-level security hides a field from the description and makes a query that names it fail, so
 * every query asks for described fields alone (failure D12).
 */
export class Schema {
  readonly #client: SalesforceClient;
  readonly #flights = new Map<string, Promise<Fields | null>>();

  constructor(client: SalesforceClient) {
    this.#client = client;
  }

  /** Fields of an object; null where the user may not see the object, or the org has none. */
  async fields(object: string): Promise<Fields | null> {
    const flight = this.#flights.get(object) ?? this.#read(object);
    this.#flights.set(object, flight);
    try {
      return await flight;
    } catch (error) {
      this.#flights.delete(object);
      throw error;
    }
  }

  /** Those of the wanted fields that may be read. Throws `scope-missing` where a required one is hidden. */
  async readable(object: string, required: readonly string[], optional: readonly string[]): Promise<string[]> {
    const fields = await this.fields(object);
    const hidden = fields === null ? required : required.filter((name) => !fields.has(name));
    if (fields === null || hidden.length > 0) {
      const what = fields === null ? `the object ${object}` : hidden.map((name) => `${object}.${name}`).join(', ');
      throw new ConnectorFault({
        kind: 'scope-missing',
        message: `The connected user may not read ${what}: give its profile or permission set Read on it.`,
        scope: fields === null ? object : `${object}.${hidden[0]}`,
      });
    }
    return [...new Set([...required, ...optional.filter((name) => fields.has(name))])];
  }

  /** Reads descriptions anew from now on. */
  async refresh(): Promise<void> {
    this.#flights.clear();
    this.#client.memory.forget(await this.#prefix());
  }

  async #read(object: string): Promise<Fields | null> {
    const { memory, session } = this.#client;
    const key = `${await this.#prefix()}${object}`;
    const kept = memory.recall(key, session.now());
    const known = z
      .instanceof(Map<string, Field>)
      .nullable()
      .safeParse(kept?.value);
    if (kept !== undefined && known.success) return known.data;
    const fields = await this.#describe(object);
    memory.keep(key, fields, session.now());
    return fields;
  }

  async #describe(object: string): Promise<Fields | null> {
    try {
      const { fields } = await this.#client.json({
        method: 'GET',
        path: paths.describe(object),
        idempotent: true,
        urgent: true,
        doc: docs.describe,
        answer: described,
      });
      return new Map(fields.map((each) => [each.name, each]));
    } catch (error) {
      if (error instanceof ConnectorFault && error.fault.kind === 'record-gone') return null;
      throw error;
    }
  }

  /** Two users of one org may see different fields, so what is kept is kept by token. */
  async #prefix(): Promise<string> {
    return `${hash('sha256', await this.#client.session.accessToken())}:`;
  }
}
