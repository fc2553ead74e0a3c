import { ConnectorFault } from '@waymark/connector-kit';
import type {
  Delivery,
  Inbox,
  MapContext,
  Mapped,
  Page,
  PullContext,
  RawRecord,
  Session,
  Stream,
} from '@waymark/connector-kit';
import { fromCloudEvent, importKey, isEventDraft, isEventType, printTime, type CloudEvent } from '@waymark/journey';
import { z } from 'zod';
import { keyOf } from './hint.ts';
import { eventIdOf, itemsOf, mappingFor, sourceOf, toCloudEventJson, type MappingDocument } from './mapping.ts';
import { settingsOf, type WebhookSettings } from './settings.ts';

/** What a run reads: what was posted and verified. */
export interface WebhookClient {
  readonly inbox: Inbox | undefined;
  readonly settings: WebhookSettings;
}

export function connect(session: Session): Promise<WebhookClient> {
  return Promise.resolve({ inbox: session.inbox, settings: settingsOf(session.settings) });
}

const cursor = z.strictObject({ after: z.string().nullable() });
type Cursor = z.infer<typeof cursor>;

/** How a delivery was kept. */
const kept = z.discriminatedUnion('form', [
  z.object({ form: z.literal('cloudevent'), id: z.string(), event: z.unknown() }),
  z.object({ form: z.literal('json'), id: z.string(), body: z.unknown() }),
]);

const rawCloudEvent = z.object({ form: z.literal('cloudevent'), event: z.unknown() });
/** One item of a payload, with the mapping that takes it; null where none does. */
const rawItem = z.object({
  form: z.literal('item'),
  mapping: z.string().nullable(),
  index: z.number().int().nullable(),
  delivery: z.object({ id: z.string(), receivedAt: z.string() }),
  item: z.unknown(),
  body: z.unknown(),
});
const rawDelivery = z.discriminatedUnion('form', [rawCloudEvent, rawItem]);
type RawDelivery = z.infer<typeof rawDelivery>;

/** What is posted, oldest first. What no mapping takes is set aside with the reason, never dropped (I9). */
export const deliveries: Stream<WebhookClient, Cursor, RawDelivery> = {
  name: 'deliveries',
  object: 'event',
  scopes: [],
  order: 60,
  cursor: { kind: 'webhook-inbox', version: 1, schema: cursor, overlapMs: 0, settleMs: 0 },
  raw: rawDelivery,
  pull: pullDeliveries,
  map: mapDelivery,
};

const pageSize = 200;
/** Items of one delivery; a longer list is one record that is set aside, for a person to see. */
const mostItems = 1000;
/** What items see of their payload is what lies beside the list: values of at most so many characters. */
const longestContext = 4096;

async function* pullDeliveries(
  client: WebhookClient,
  from: Cursor | null,
  _partition: string,
  _context: PullContext,
): AsyncIterable<Page<Cursor>> {
  if (!client.inbox) {
    throw new ConnectorFault({ kind: 'rejected', message: 'This installation has no address: install it again.' });
  }
  let { after } = from ?? { after: null };
  for (;;) {
    const read = await client.inbox.read('deliveries', after, pageSize);
    after = read.at(-1)?.place ?? after;
    const done = read.length < pageSize;
    const records = read.flatMap((delivery) => recordsOf(delivery, client.settings));
    yield { records, gone: [], cursor: { after }, done };
    if (done) return;
  }
}

/** The records of a delivery: one for each event that it holds. The place in the inbox is the version: what came last speaks. */
function recordsOf(delivery: Delivery, settings: WebhookSettings): readonly RawRecord[] {
  const version = delivery.place;
  const payload = kept.safeParse(delivery.payload);
  if (!payload.success) return [{ id: `delivery:${delivery.place}`, version, raw: delivery.payload }];
  const { id } = payload.data;
  if (payload.data.form === 'cloudevent') {
    const { event } = payload.data;
    if (!isForeign(event)) return [{ id: keyOf(event) ?? id, version, raw: { form: 'cloudevent', event } }];
  }
  const body = payload.data.form === 'json' ? payload.data.body : payload.data.event;
  const about = { id: keyOf(body) ?? id, receivedAt: printTime(delivery.receivedAt) };
  const document: MappingDocument = { item: body, body, delivery: about };
  const mapping = mappingFor(settings.mappings, document);
  const whole = {
    form: 'item' as const,
    mapping: mapping?.name ?? null,
    index: null,
    delivery: about,
    item: body,
    body: null,
  };
  if (!mapping) return [{ id: about.id, version, raw: whole }];
  if (mapping.each === undefined) {
    const found = importKey(sourceOf(mapping), eventIdOf(mapping, document, null));
    return [{ id: found, version, raw: whole }];
  }
  const items = itemsOf(mapping, document);
  if (!items || items.length > mostItems) return [{ id: about.id, version, raw: whole }];
  const context = contextOf(body);
  return items.map((item, index) => {
    const one: MappingDocument = { item, body: context, delivery: about };
    const raw = { form: 'item', mapping: mapping.name, index, delivery: about, item, body: context };
    return { id: importKey(sourceOf(mapping), eventIdOf(mapping, one, index)), version, raw };
  });
}

/** A CloudEvent of a type that is not ours: for the mappings, as any other JSON. */
function isForeign(event: unknown): boolean {
  if (typeof event !== 'object' || event === null) return false;
  const type: unknown = Reflect.get(event, 'type');
  return typeof type === 'string' && !isEventType(type);
}

/** The payload without its long parts: it stands beside each item. */
function contextOf(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => (JSON.stringify(value) ?? '').length <= longestContext),
  );
}

function mapDelivery(raw: RawDelivery, context: MapContext): Mapped {
  const json = raw.form === 'cloudevent' ? raw.event : mapItem(raw, settingsOf(context.settings));
  const read = fromCloudEvent(json, { subject: 'optional' });
  if (!read.ok) {
    const wrong = read.issues.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
    throw new NotMapped(wrong.join('; '));
  }
  return { outcome: 'stored', events: [draftOf(read.event, context.keepSubjects)] };
}

function mapItem(raw: z.infer<typeof rawItem>, settings: WebhookSettings): Record<string, unknown> {
  const mapping = settings.mappings.find(({ name }) => name === raw.mapping);
  if (!mapping) throw new NotMapped('no mapping of the settings takes this payload: add one');
  if (mapping.each !== undefined && raw.index === null)
    throw new NotMapped(`"each" of the mapping ${mapping.name} finds no list of at most ${mostItems} items`);
  const body = raw.index === null ? raw.item : raw.body;
  return toCloudEventJson(mapping, { item: raw.item, body, delivery: raw.delivery }, raw.index);
}

/** A payload that is no event. The message tells what to change. */
class NotMapped extends Error {
  readonly code = 'NOT_MAPPED';

  constructor(message: string) {
    super(message);
    this.name = 'NotMapped';
  }
}

/** Texts that a person wrote and that are kept only where they are asked for; `cloudevent` may repeat them. */
const subjects = ['subject', 'title', 'cloudevent'];

function draftOf(event: CloudEvent, keepSubjects: boolean) {
  const bySender = event.subject.includes('@');
  if (event.subject.startsWith('account:'))
    throw new NotMapped('subject: give a domain, an id of the CRM or an e-mail address');
  const person = { role: 'contact' as const, address: event.subject.toLowerCase() };
  const participants = bySender ? [...event.participants, person] : event.participants;
  if (event.subject === '' && !participants.some(({ address }) => address !== undefined))
    throw new NotMapped('it names neither an account nor a person: give subject, or a person in data');
  const attributes = keepSubjects
    ? event.attributes
    : Object.fromEntries(Object.entries(event.attributes).filter(([name]) => !subjects.includes(name)));
  const draft: object = {
    type: event.type,
    identity: event.identity,
    occurredAt: event.time,
    touchpoint: event.touchpoint,
    direction: event.direction,
    participants,
    automated: event.automated,
    ...(event.subject !== '' && !bySender && { subject: event.subject }),
    attributes,
    rank: 4,
  };
  if (!isEventDraft(draft)) throw new NotMapped('it is no event of the vocabulary');
  return draft;
}
