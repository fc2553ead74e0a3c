import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A request may be this old, or this far ahead of our clock. */
const stampToleranceSeconds = 300;

/** The two headers with which Slack signs; undefined where one is missing or malformed. */
export interface SlackStamp {
  readonly timestamp: number;
  readonly signature: string;
}

export function stampOf(headers: Headers): SlackStamp | undefined {
  const timestamp = headers.get('x-slack-request-timestamp') ?? '';
  const signature = headers.get('x-slack-signature') ?? '';
  if (!/^\d{1,12}$/.test(timestamp) || !/^v0=[0-9a-f]{64}$/.test(signature)) return undefined;
  return { timestamp: Number(timestamp), signature };
}

/** Whether a stamp is of now: neither from the past, nor from the future, which Slack's own library lets pass (failure R21). */
export function isTimely(stamp: SlackStamp, now: number): boolean {
  return Math.abs(now / 1000 - stamp.timestamp) <= stampToleranceSeconds;
}

/**
 * Whether a request was signed with this secret: HMAC-SHA256 over the raw bytes, compared in constant time.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function isSigned(stamp: SlackStamp, body: Uint8Array, signingSecret: string): boolean {
  const expected = `v0=${createHmac('sha256', signingSecret).update(`v0:${stamp.timestamp}:`).update(body).digest('hex')}`;
  // Hashes are of one length, so the comparison tells nothing of it.
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(expected), digest(stamp.signature));
}
