import type { Connector, Hint, HintKeys, HintRequest, HintResult } from '@waymark/connector-kit';
import { contentUuid } from '@waymark/journey';
import { z } from 'zod';
import type { HubSpotClient } from './client.ts';
import type { ObjectType } from './object-reader.ts';
import { verifySignature } from './webhook-signature.ts';

const id = z.union([z.number(), z.string()]).transform(String);

/** One change as HubSpot tells it. https://developers.hubspot.com/docs/api-reference/latest/webhooks/guide */
const webhookEvent = z.looseObject({
  portalId: id,
  subscriptionType: z.string().max(200),
  objectId: id.optional(),
  objectTypeId: z.string().optional(),
  occurredAt: z.number().optional(),
  propertyName: z.string().optional(),
  propertyValue: z.unknown().optional(),
  associationType: z.string().optional(),
  fromObjectId: id.optional(),
  toObjectId: id.optional(),
  primaryObjectId: id.optional(),
  newObjectId: id.optional(),
  mergedObjectIds: z.array(id).optional(),
});
type WebhookEvent = z.infer<typeof webhookEvent>;

/** A subscription's first word, or the object's type id where that word is `object`. */
export const STREAMS: ReadonlyMap<string, ObjectType> = new Map<string, ObjectType>([
  ['company', 'companies'],
  ['contact', 'contacts'],
  ['deal', 'deals'],
  ['ticket', 'tickets'],
  ['meeting', 'meetings'],
  ['email', 'emails'],
  ['0-1', 'contacts'],
  ['0-2', 'companies'],
  ['0-3', 'deals'],
  ['0-5', 'tickets'],
  ['0-19', 'feedback_submissions'],
  ['0-47', 'meetings'],
  ['0-49', 'emails'],
]);

/**
 * Verifies a webhook and says which records of which account to read again. What the webhook claims of them is left aside: it
 * comes late, twice and out of order (failure E11). The dedupe key is of the changes, since HubSpot repeats event ids.
 */
export const hint: NonNullable<Connector<HubSpotClient>['hint']> = (
  request: HintRequest,
  keys: HintKeys,
  now: number,
): Promise<HintResult> => Promise.resolve(judge(request, keys, now));

function judge(request: HintRequest, { app }: HintKeys, now: number): HintResult {
  if (!app) return { ok: false, status: 401, reason: 'The webhooks of HubSpot are signed by an app' };
  const verdict = verifySignature(request, app.clientSecret, now);
  if (!verdict.ok) return { ok: false, status: 401, reason: verdict.reason };
  const events = parseEvents(request.body);
  if (events === undefined) return { ok: false, status: 400, reason: 'The body is not a list of events' };
  return { ok: true, hints: toHints(events) };
}

/** Undefined where the body is no list; single events of a form that is not known are left out. */
function parseEvents(body: Uint8Array): WebhookEvent[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  return parsed.flatMap((event) => {
    const known = webhookEvent.safeParse(event);
    return known.success ? [known.data] : [];
  });
}

interface Group {
  readonly portal: string;
  readonly stream: ObjectType;
  readonly ids: Set<string>;
  readonly keys: Set<string>;
}

function toHints(events: readonly WebhookEvent[]): Hint[] {
  const groups = new Map<string, Group>();
  for (const event of events) {
    for (const [stream, ids] of touched(event)) {
      const name = `${event.portalId}|${stream}`;
      const group = groups.get(name) ?? { portal: event.portalId, stream, ids: new Set(), keys: new Set() };
      groups.set(name, group);
      group.keys.add(changeKey(event));
      for (const each of ids) group.ids.add(each);
    }
  }
  return [...groups.values()].map((group) => ({
    externalAccountId: group.portal,
    stream: group.stream,
    ids: [...group.ids],
    dedupeKey: contentUuid('hubspot-webhook', group.stream, ...[...group.keys].toSorted()),
  }));
}

/** The records that a change is about. An association is of both its ends; a merge is of all that took part. */
function touched(event: WebhookEvent): [ObjectType, string[]][] {
  if (event.subscriptionType.endsWith('.associationChange')) {
    const [from, to] = (event.associationType ?? '').toLowerCase().split('_to_');
    const ends: [string | undefined, string | undefined][] = [
      [from, event.fromObjectId],
      [to, event.toObjectId],
    ];
    return ends.flatMap(([name, each]): [ObjectType, string[]][] => {
      const stream = STREAMS.get(name ?? '');
      return stream === undefined || each === undefined ? [] : [[stream, [each]]];
    });
  }
  const word = event.subscriptionType.split('.')[0] ?? '';
  const stream = STREAMS.get(word === 'object' ? (event.objectTypeId ?? '') : word);
  const ids = [event.objectId, event.primaryObjectId, event.newObjectId, ...(event.mergedObjectIds ?? [])].filter(
    (each) => each !== undefined,
  );
  return stream === undefined || ids.length === 0 ? [] : [[stream, [...new Set(ids)]]];
}

function changeKey(event: WebhookEvent): string {
  return JSON.stringify([
    event.portalId,
    event.subscriptionType,
    event.objectTypeId,
    event.objectId,
    event.fromObjectId,
    event.toObjectId,
    event.propertyName,
    event.occurredAt,
    event.propertyValue,
  ]);
}
