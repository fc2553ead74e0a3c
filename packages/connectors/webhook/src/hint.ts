import { hash } from 'node:crypto';
import type { Connector, HintDelivery, HintKeys, HintRequest, HintResult } from '@waymark/connector-kit';
import { contentUuid, importKey, stableJson } from '@waymark/journey';
import { readPayload } from './payload.ts';
import { settingsSchema } from './settings.ts';
import { verifySignature } from './signature.ts';
import type { WebhookClient } from './deliveries.ts';

/** The one stream of the connector. */
const stream = 'deliveries';

/**
 * Verifies a request posted to an installation's address and hands over what it says, to be kept before it is acknowledged. The
 * same event posted again is the same delivery; another form of it under its source and id is a delivery of its own.
 */
export const hint: NonNullable<Connector<WebhookClient>['hint']> = (request, keys, now) =>
  Promise.resolve(judge(request, keys, now));

function judge(request: HintRequest, { subscription }: HintKeys, now: number): HintResult {
  if (!subscription) return { ok: false, status: 401, reason: 'Post to the address of an installation' };
  const settings = settingsSchema.safeParse(subscription.settings ?? {});
  if (!settings.success) return { ok: false, status: 403, reason: 'The settings of this address cannot be read' };
  const verdict = verifySignature(request, subscription.secret, settings.data.signature, now);
  if (!verdict.ok) return { ok: false, status: 401, reason: verdict.reason };
  const payload = readPayload(request);
  if ('reason' in payload) return { ok: false, status: 400, reason: payload.reason };
  const { externalAccountId } = subscription;
  const digest = hash('sha256', request.body);
  const id = verdict.id ?? digest;
  const deliveries: HintDelivery[] =
    payload.form === 'json'
      ? [
          {
            externalAccountId,
            stream,
            dedupeKey: contentUuid('webhook-json', id, digest),
            payload: { form: 'json', id, body: payload.body },
          },
        ]
      : payload.events.map((event, index) => ({
          externalAccountId,
          stream,
          dedupeKey: contentUuid('webhook-event', keyOf(event) ?? `${id}#${index}`, stableJson(event)),
          payload: { form: 'cloudevent', id: `${id}#${index}`, event },
        }));
  return {
    ok: true,
    hints: [{ externalAccountId, stream, ids: [], dedupeKey: contentUuid('webhook', id, digest) }],
    deliveries,
  };
}

/** Source and id of a CloudEvent as one text; undefined where it has none that could identify it. */
export function keyOf(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null) return undefined;
  const source: unknown = Reflect.get(event, 'source');
  const id: unknown = Reflect.get(event, 'id');
  if (typeof source !== 'string' || typeof id !== 'string' || source === '' || id === '') return undefined;
  return source.length > 400 || id.length > 400 ? undefined : importKey(source, id);
}
