import type { Connector, Hint, HintDelivery, HintKeys, HintRequest, HintResult } from '@waymark/connector-kit';
import { contentUuid } from '@waymark/journey';
import { z } from 'zod';
import type { SlackClient } from './client.ts';
import type { SlackDelivery } from './inbox-payload.ts';
import { listedMessage } from './message-facts.ts';
import { verifySignature } from './signature.ts';

const text = z.string().max(200);
const nullable = text.nullish().transform((value) => value ?? undefined);

/** The envelope of an event: https://docs.slack.dev/apis/events-api/#callback-field */
const envelope = z.object({
  type: text,
  challenge: z.string().max(1000).optional(),
  team_id: nullable,
  context_team_id: nullable,
  context_enterprise_id: nullable,
  minute_rate_limited: z.number().optional(),
  event_id: nullable,
  event_time: z.number().optional(),
  authorizations: z
    .array(z.object({ enterprise_id: nullable, team_id: nullable, is_enterprise_install: z.boolean().default(false) }))
    .optional(),
  event: z.looseObject({ type: text, channel_type: nullable, event_ts: nullable }).optional(),
});
type Envelope = z.infer<typeof envelope>;

const messageEvent = z.object({
  channel: text,
  subtype: nullable,
  event_ts: nullable,
  ts: nullable,
  deleted_ts: nullable,
  message: z.unknown().optional(),
});

/** Events after which the list of channels or of people is another. A revoked grant shows itself in the reading that follows. */
const directoryEvents = new Set([
  'member_joined_channel',
  'member_left_channel',
  'channel_left',
  'group_left',
  'channel_rename',
  'group_rename',
  'channel_archive',
  'channel_unarchive',
  'channel_shared',
  'channel_unshared',
  'channel_id_changed',
  'tokens_revoked',
  'app_uninstalled',
]);

/**
 * Verifies a request of the Events API. Messages are handed over without their text, to be kept before the request is acknowledged;
 * everything else only wakes a stream (failures G1, G5, G6, G10).
 */
export const hint: NonNullable<Connector<SlackClient>['hint']> = (request, keys, now) =>
  Promise.resolve(judge(request, keys, now));

function judge(request: HintRequest, { app }: HintKeys, now: number): HintResult {
  if (!app) return { ok: false, status: 401, reason: 'The events of Slack are signed by an app' };
  const verdict = verifySignature(request, app.extra['signingSecret'], now);
  if (!verdict.ok) return { ok: false, status: 401, reason: verdict.reason };
  const body = parse(request.body);
  if (!body) return { ok: false, status: 400, reason: 'The body is no event' };
  if (body.type === 'url_verification') {
    const answer = { status: 200 as const, body: body.challenge ?? '', contentType: 'text/plain' };
    return { ok: true, hints: [], answer };
  }
  const externalAccountId = installedIn(body);
  if (externalAccountId === undefined) return { ok: false, status: 400, reason: 'The event names no workspace' };
  const deliveries = deliveriesOf(body, externalAccountId);
  return { ok: true, hints: hintsOf(body, externalAccountId, deliveries.length > 0), deliveries };
}

function parse(body: Uint8Array): Envelope | undefined {
  try {
    return envelope.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))).data;
  } catch {
    return undefined;
  }
}

/** Where the app is installed: in a shared channel `team_id` may be the workspace of the one who wrote (failure G10). */
function installedIn(body: Envelope): string | undefined {
  const [first] = body.authorizations ?? [];
  if (first?.is_enterprise_install) return first.enterprise_id ?? body.context_enterprise_id;
  return first?.team_id ?? body.context_team_id ?? body.team_id;
}

function deliveriesOf(body: Envelope, externalAccountId: string): HintDelivery[] {
  const keep = (payload: SlackDelivery, dedupeKey: string): HintDelivery[] => [
    { externalAccountId, stream: 'channel-messages', dedupeKey, payload },
  ];
  if (body.type === 'app_rate_limited') {
    const from = (body.minute_rate_limited ?? 0) * 1000;
    return keep({ kind: 'gap', from }, contentUuid('slack-gap', String(from)));
  }
  if (body.type !== 'event_callback' || body.event?.type !== 'message') return [];
  if (body.event.channel_type !== 'channel' && body.event.channel_type !== 'group') return [];
  const payload = messageOf(body.event);
  // What cannot be read is kept as that, without its text, so that it is seen (I9).
  if (payload === undefined) return keep({ kind: 'unread', id: body.event_id ?? '' }, `unread:${body.event_id ?? ''}`);
  // Deliveries of one event share its id, whatever the try (failure G1).
  return payload === 'nothing'
    ? []
    : keep(payload, body.event_id ?? contentUuid('slack-event', JSON.stringify(payload)));
}

/** A message, its edit or its deletion, without text. An edit carries the message as it is now. */
function messageOf(event: unknown): SlackDelivery | 'nothing' | undefined {
  const read = messageEvent.safeParse(event);
  if (!read.success) return undefined;
  const { channel, subtype, deleted_ts: deleted } = read.data;
  const at = read.data.event_ts ?? read.data.ts;
  if (at === undefined) return undefined;
  if (subtype === 'message_replied') return 'nothing';
  if (subtype === 'message_deleted')
    return deleted === undefined ? undefined : { kind: 'deleted', channel, ts: deleted, at };
  // The first message of a thread that was deleted stays as a stone with the same time stamp.
  const facts = listedMessage(subtype === 'message_changed' ? read.data.message : event)?.facts;
  if (!facts) return undefined;
  return facts.subtype === 'tombstone'
    ? { kind: 'deleted', channel, ts: facts.ts, at }
    : { kind: 'message', channel, facts };
}

function hintsOf(body: Envelope, externalAccountId: string, delivered: boolean): Hint[] {
  const dedupeKey =
    body.event_id ?? contentUuid('slack-hint', body.type, String(body.event_time ?? body.minute_rate_limited));
  const wake = (stream: string): Hint => ({ externalAccountId, stream, ids: [], dedupeKey: `${dedupeKey}:${stream}` });
  if (delivered) return [wake('channel-messages')];
  if (body.event && directoryEvents.has(body.event.type)) return [wake('channels'), wake('people')];
  return [];
}
