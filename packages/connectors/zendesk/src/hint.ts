import type { Connector, HintKeys, HintRequest, HintResult } from '@waymark/connector-kit';
import { contentUuid } from '@waymark/journey';
import { z } from 'zod';
import type { ZendeskClient } from './client.ts';
import { verifySignature } from './webhook-signature.ts';

const id = z.union([z.number().int(), z.string().regex(/^\d{1,19}$/)]).transform(String);

/** The parts that tell which ticket it is about. What else it says, among it what people wrote, is left aside. https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events */
const notice = z.looseObject({
  id: z.string().max(200).optional(),
  subject: z.string().max(200).optional().catch(undefined),
  detail: z.looseObject({ id: id.optional() }).optional().catch(undefined),
  /** As an account's own trigger may send it: {"ticket_id": "{{ticket.id}}"}. */
  ticket_id: id.optional().catch(undefined),
});

/**
 * Verifies a webhook and says which ticket to read again. Webhooks come late, twice and out of order, so that they only ever wake: the
 * truth is read (failure E11). One without a known body, such as a test from the Admin Center, wakes the stream without naming a ticket.
 */
export const hint: NonNullable<Connector<ZendeskClient>['hint']> = (
  request: HintRequest,
  keys: HintKeys,
  now: number,
): Promise<HintResult> => Promise.resolve(judge(request, keys, now));

function judge(request: HintRequest, { subscription }: HintKeys, now: number): HintResult {
  if (!subscription) return { ok: false, status: 401, reason: 'Each webhook of Zendesk has an address of its own' };
  const verdict = verifySignature(request, subscription.secret, now);
  if (!verdict.ok) return { ok: false, status: 401, reason: verdict.reason };
  const body = parse(request.body);
  if (body === undefined) return { ok: false, status: 400, reason: 'The body is not JSON' };
  const known = notice.safeParse(body).data;
  const ticket = known?.detail?.id ?? known?.ticket_id ?? /^zen:ticket:(\d{1,19})$/.exec(known?.subject ?? '')?.[1];
  // Each attempt of one invocation has its id; the id of the event is the same for all webhooks that hear of it.
  const once = request.headers['x-zendesk-webhook-invocation-id'] ?? known?.id;
  const text = new TextDecoder().decode(request.body);
  return {
    ok: true,
    hints: [
      {
        externalAccountId: subscription.externalAccountId,
        stream: 'tickets',
        ids: ticket === undefined ? [] : [ticket],
        dedupeKey: contentUuid('zendesk-webhook', subscription.key, once ?? text),
      },
    ],
  };
}

/** An empty body is one of nothing; undefined where it is no JSON. */
function parse(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
