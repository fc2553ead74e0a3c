import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HintRequest } from '@waymark/connector-kit';
import { parseTime } from './time.ts';

/** A signature is good for five minutes, to either side: a clock that runs ahead must not make one that lasts (failure R21). */
const MAX_AGE_MS = 300_000;

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/**
 * Checks `X-Zendesk-Webhook-Signature`: base64 of HMAC-SHA256 under the webhook's signing secret over the timestamp header and the raw
 * body, which may be empty. https://developer.zendesk.com/documentation/webhooks/verifying/
 */
export function verifySignature(request: HintRequest, secret: string, now: number): Verdict {
  const signature = request.headers['x-zendesk-webhook-signature'];
  const timestamp = request.headers['x-zendesk-webhook-signature-timestamp'];
  if (!signature || !timestamp) return { ok: false, reason: 'The request is not signed' };
  if (secret === '') return { ok: false, reason: 'No signing secret is known to check the signature with' };
  const at = parseTime(timestamp);
  if (at === undefined || Math.abs(now - at) > MAX_AGE_MS) {
    return { ok: false, reason: 'The request was signed more than five minutes from now' };
  }
  const expected = createHmac('sha256', secret).update(timestamp, 'utf8').update(request.body).digest('base64');
  return timingSafeEqual(digest(expected), digest(signature))
    ? { ok: true }
    : { ok: false, reason: 'The signature is wrong' };
}

/** Of one length whatever was sent, so that the comparison tells nothing by its time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
