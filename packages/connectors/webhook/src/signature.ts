import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HintRequest } from '@waymark/connector-kit';
import { Webhook } from 'standardwebhooks';
import type { SignatureSetting } from './settings.ts';

/** A signature is good for five minutes, to either side (failure R21). */
const toleranceMs = 300_000;

/** What a signature proves: the id of the delivery, which is the same at each try, where the sender gives one. */
export type Verdict =
  | { readonly ok: true; readonly id: string | undefined }
  | { readonly ok: false; readonly reason: string };

/** Checks that a request was signed with the secret of the address that it was posted to, over its raw bytes. */
export function verifySignature(request: HintRequest, secret: string, setting: SignatureSetting, now: number): Verdict {
  if (secret === '') return { ok: false, reason: 'This address has no secret' };
  return setting.kind === 'standard' ? verifyStandard(request, secret, now) : verifyPlain(request, secret, setting);
}

/**
 * Standard Webhooks 1.0.0: `webhook-signature` holds one or more `v1,<base64>` over id, timestamp and body, so that a secret can be
 * changed without a gap. The library's own check reads the clock by itself; its signing is used here.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
function verifyStandard(request: HintRequest, secret: string, now: number): Verdict {
  const id = request.headers['webhook-id'];
  const stamp = request.headers['webhook-timestamp'];
  const given = request.headers['webhook-signature'];
  if (!id || !stamp || !given || id.length > 400)
    return { ok: false, reason: 'The request is not signed by Standard Webhooks' };
  if (!/^\d{1,12}$/.test(stamp) || Math.abs(now - Number(stamp) * 1000) > toleranceMs)
    return { ok: false, reason: 'The request was signed more than five minutes from now' };
  const expected = signerOf(secret).sign(
    id,
    new Date(Number(stamp) * 1000),
    Buffer.from(request.body).toString('utf8'),
  );
  return given.split(' ').some((each) => same(each, expected))
    ? { ok: true, id }
    : { ok: false, reason: 'The signature does not match' };
}

/** A secret as the specification writes it (`whsec_` and base64), else its own bytes. */
function signerOf(secret: string): Webhook {
  return secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' });
}

function verifyPlain(
  request: HintRequest,
  secret: string,
  setting: Extract<SignatureSetting, { readonly kind: 'hmac' }>,
): Verdict {
  const given = request.headers[setting.header];
  if (!given) return { ok: false, reason: `The request has no header ${setting.header}` };
  const digest = createHmac('sha256', secret).update(request.body).digest(setting.encoding);
  const expected = `${setting.prefix}${digest}`;
  // Hex digests are written in either case.
  const read = setting.encoding === 'hex' ? given.toLowerCase() : given;
  const wanted = setting.encoding === 'hex' ? expected.toLowerCase() : expected;
  if (!same(read.trim(), wanted)) return { ok: false, reason: 'The signature does not match' };
  const id = setting.idHeader === undefined ? undefined : request.headers[setting.idHeader];
  return { ok: true, id: id === undefined || id === '' ? undefined : id.slice(0, 400) };
}

/** Compares in constant time; hashes are of one length, so that the comparison tells nothing of it. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
