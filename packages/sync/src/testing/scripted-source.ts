import { ConnectorFault, type AnyConnector, type Gone, type Page, type Stream } from '@waymark/connector-kit';
import { mailIdentity, type EntityFact, type EventDraft, type Touchpoint } from '@waymark/journey';
import { z } from 'zod';

/** One record as the scripted source holds it; what its mapper is to say of it is part of it. */
export interface ScriptedRecord {
  readonly id: string;
  readonly version: string;
  readonly events?: readonly EventDraft[];
  readonly entities?: readonly EntityFact[];
  readonly ignored?: string;
  readonly throws?: string;
  readonly extra?: unknown;
  readonly tags?: readonly string[];
  readonly title?: string;
}

export interface ScriptedPage {
  readonly records?: readonly ScriptedRecord[];
  readonly gone?: readonly Gone[];
  readonly done?: boolean;
  readonly enumeration?: Page<unknown>['enumeration'];
}

const raw = z.looseObject({ id: z.string(), version: z.string() });

/** What a stream does when it is pulled: pages, or a fault thrown between them. */
export type Script = (
  from: number | null,
  context: Parameters<Stream<unknown, unknown, unknown>['pull']>[3],
  partition: string,
) => Iterable<ScriptedPage | ConnectorFault | (() => Promise<void>)>;

const seenBy: Readonly<Record<string, readonly Touchpoint[]>> = {
  messages: ['email'],
  emails: ['email'],
  events: ['meeting'],
  meetings: ['meeting'],
  tickets: ['ticket'],
};

/** A stream that follows its script; its cursor counts pages. */
export function scriptedStream(
  name: string,
  order: number,
  script: Script,
  more: Partial<Stream<unknown, unknown, unknown>> = {},
): Stream<unknown, unknown, unknown> {
  return {
    name,
    object: name,
    scopes: [],
    sees: seenBy[name] ?? [],
    order,
    cursor: { kind: 'count', version: 1, schema: z.number(), overlapMs: 0, settleMs: 0 },
    raw,
    async *pull(_client, from, partition, context): AsyncIterable<Page<unknown>> {
      let cursor = typeof from === 'number' ? from : 0;
      for (const step of script(typeof from === 'number' ? from : null, context, partition)) {
        if (step instanceof ConnectorFault) throw step;
        if (typeof step === 'function') {
          await step();
          continue;
        }
        cursor += 1;
        const records = (step.records ?? []).map((record) => ({ id: record.id, version: record.version, raw: record }));
        yield {
          records,
          gone: step.gone ?? [],
          cursor,
          done: step.done ?? false,
          ...(step.enumeration && { enumeration: step.enumeration }),
        };
      }
    },
    map: (value) => {
      const record = value as unknown as ScriptedRecord;
      if (record.throws !== undefined) throw new Error(record.throws);
      if (record.ignored !== undefined) return { outcome: 'ignored', reason: record.ignored };
      return {
        outcome: 'stored',
        events: record.events ?? [],
        entities: record.entities ?? [],
        ...(record.tags && { tags: record.tags }),
        ...(record.title !== undefined && { title: record.title }),
      };
    },
    ...more,
  };
}

/** A connector of such streams. */
export function scriptedConnector(
  id: string,
  streams: readonly Stream<unknown, unknown, unknown>[],
  more: Partial<AnyConnector> = {},
): AnyConnector {
  return {
    manifest: {
      id,
      name: id,
      auth: {
        kind: 'oauth2',
        provider: id,
        authorizePath: '/auth',
        tokenPath: '/token',
        authorizeBase: 'api',
        tokenBase: 'api',
        pkce: true,
        authorizeParams: {},
        scopeSeparator: ' ',
      },
      baseUrls: { api: 'http://127.0.0.1:1' },
      baseScopes: [],
      buckets: { calls: { units: 100, windowMs: 1000, concurrency: 4, source: 'https://example.com' } },
      consoleSteps: ['{redirectUri}'],
      crm: id === 'crm',
    },
    settings: z.looseObject({}),
    streams,
    connect: () => Promise.resolve({}),
    identify: () => Promise.resolve({ externalAccountId: 'x', label: 'x' }),
    classify: (error) =>
      error instanceof ConnectorFault ? error.fault : { kind: 'transient', message: 'an error of the script' },
    ...more,
  };
}

/** A mail from a customer, or to one. */
export function mail(
  messageId: string,
  at: number,
  from: string,
  to: string,
  more: { readonly rank?: number; readonly references?: readonly string[]; readonly attributes?: object } = {},
): EventDraft {
  const outbound = from.endsWith('@vendor.example');
  return {
    type: outbound ? 'email.sent' : 'email.received',
    identity: mailIdentity({ messageId, from, occurredAt: at, fallback: messageId }),
    occurredAt: at,
    touchpoint: 'email',
    direction: outbound ? 'outbound' : 'inbound',
    participants: [
      { role: 'from', address: from },
      { role: 'to', address: to },
    ],
    automated: false,
    attributes: { ...(more.references && { references: [...more.references] }), ...more.attributes },
    rank: more.rank ?? 0,
  };
}

/** A customer as a CRM has it. */
export const company = (
  externalId: string,
  domains: readonly string[],
  more: Partial<Extract<EntityFact, { kind: 'account' }>> = {},
): EntityFact => ({
  kind: 'account',
  externalId,
  name: `Company ${externalId}`,
  domains: [...domains],
  isCustomer: true,
  ...more,
});

/** A person at a customer as a CRM has them. */
export const person = (
  externalId: string,
  addresses: readonly string[],
  companies: readonly string[],
  more: Partial<Extract<EntityFact, { kind: 'contact' }>> = {},
): EntityFact => ({
  kind: 'contact',
  externalId,
  addresses: [...addresses],
  accountExternalIds: [...companies],
  ...more,
});

/** A CRM whose companies come in these pages. */
export const crmOf = (...pages: ScriptedPage[]) => paged('crm', 'companies', 1, pages);

/** A mailbox whose messages come in these pages. */
export const mailboxOf = (...pages: ScriptedPage[]) => paged('mailbox', 'messages', 5, pages);

function paged(id: string, stream: string, priority: number, pages: readonly ScriptedPage[]) {
  return scriptedConnector(id, [
    scriptedStream(stream, priority, () => pages.map((page, at) => ({ ...page, done: at === pages.length - 1 }))),
  ]);
}
