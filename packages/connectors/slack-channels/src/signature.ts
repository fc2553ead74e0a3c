import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HintRequest } from '@waymark/connector-kit';

/** A request may be this old, or this far ahead of our clock (failure R21). */
const toleranceMs = 300_000;

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/**
 * Checks `X-Slack-Signature`: `v0=` and hex HMAC-SHA256 under the app's signing secret over version, timestamp and raw body.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function verifySignature(request: HintRequest, signingSecret: string | undefined, now: number): Verdict {
  if (!signingSecret) return { ok: false, reason: 'No signing secret of the app is known: install it again' };
  const timestamp = request.headers['x-slack-request-timestamp'] ?? '';
  const signature = request.headers['x-slack-signature'] ?? '';
  if (!/^\d{1,12}$/.test(timestamp) || !/^v0=[0-9a-f]{64}$/.test(signature))
    return { ok: false, reason: 'The request is not signed' };
  if (Math.abs(now - Number(timestamp) * 1000) > toleranceMs)
    return { ok: false, reason: 'The request was signed more than five minutes from now' };
  const digest = createHmac('sha256', signingSecret).update(`v0:${timestamp}:`).update(request.body).digest('hex');
  return same(`v0=${digest}`, signature) ? { ok: true } : { ok: false, reason: 'The signature does not match' };
}

/** Hashes are of one length, so that the comparison tells nothing of it. */
function same(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
