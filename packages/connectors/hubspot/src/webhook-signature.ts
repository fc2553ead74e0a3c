import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HintRequest } from '@waymark/connector-kit';

/** A signature is good for five minutes, to either side: a clock that runs ahead must not make one that lasts (failure R21). */
const MAX_AGE_MS = 300_000;

/** The escapes that HubSpot undoes in an address before it signs it; all others stay as they are. */
const DECODED: Readonly<Record<string, string>> = {
  '%3A': ':',
  '%2F': '/',
  '%3F': '?',
  '%40': '@',
  '%21': '!',
  '%24': '$',
  '%27': "'",
  '%28': '(',
  '%29': ')',
  '%2A': '*',
  '%2C': ',',
  '%3B': ';',
};
const ESCAPES = new RegExp(Object.keys(DECODED).join('|'), 'gi');

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/**
 * Checks `X-HubSpot-Signature-v3`: base64 of HMAC-SHA256 under the app's secret over method, public address, raw body and
 * timestamp. The SDK's own check compares text, accepts stamps from the future and leaves the address as it is.
 * https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
 */
export function verifySignature(request: HintRequest, secret: string, now: number): Verdict {
  const signature = request.headers['x-hubspot-signature-v3'];
  const timestamp = request.headers['x-hubspot-request-timestamp'];
  if (!signature || !timestamp) return { ok: false, reason: 'The request is not signed (v3)' };
  if (secret === '') return { ok: false, reason: 'No client secret is known to check the signature with' };
  if (!/^\d{10,16}$/.test(timestamp) || Math.abs(now - Number(timestamp)) > MAX_AGE_MS) {
    return { ok: false, reason: 'The request was signed more than five minutes from now' };
  }
  const address = request.url.replace(ESCAPES, (escape) => DECODED[escape.toUpperCase()] ?? escape);
  const expected = createHmac('sha256', secret)
    .update(`${request.method.toUpperCase()}${address}`, 'utf8')
    .update(request.body)
    .update(timestamp, 'utf8')
    .digest('base64');
  return timingSafeEqual(digest(expected), digest(signature))
    ? { ok: true }
    : { ok: false, reason: 'The signature is wrong' };
}

/** Of one length whatever was sent, so that the comparison tells nothing by its time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
