import { createHash, timingSafeEqual } from 'node:crypto';
import type { Connector, HintKeys, HintRequest, HintResult } from '@waymark/connector-kit';
import { contentUuid } from '@waymark/journey';
import { z } from 'zod';
import type { OutlookClient } from './outlook-client.ts';

const text = z.string().max(2_000).nullish();

/** A notice of a change, or of the subscription's own life. https://learn.microsoft.com/en-us/graph/api/resources/changenotification */
const notice = z.looseObject({
  subscriptionId: text,
  clientState: text,
  changeType: text,
  lifecycleEvent: text,
  subscriptionExpirationDateTime: text,
  resourceData: z.looseObject({ id: text, '@odata.etag': text }).nullish(),
});
type Notice = z.infer<typeof notice>;

const notices = z.object({ value: z.array(notice).max(5_000) });

/** Longest validation token that is sent back. */
const longestToken = 4_096;
const hour = 3_600_000;

/** What Graph says when the subscription itself is over, or will be without a renewal. */
const ending = new Set(['subscriptionremoved', 'reauthorizationrequired']);

/**
 * Answers Graph's question whether an address is ours, and verifies its notices, which wake a stream and tell nothing (failures E8, E9).
 * It only ever looks at the request, so that the answer is there within milliseconds: Graph drops notices for addresses of which
 * too many answers are slow. https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
 */
export const hint: NonNullable<Connector<OutlookClient>['hint']> = (request, keys, now) =>
  Promise.resolve(judge(request, keys, now));

function judge(request: HintRequest, { subscription }: HintKeys, now: number): HintResult {
  if (subscription === undefined)
    return { ok: false, status: 401, reason: 'Graph posts to the address of one subscription' };
  const question = URL.parse(request.url)?.searchParams.get('validationToken');
  if (question !== undefined && question !== null) return echo(question);
  const parsed = notices.safeParse(bodyOf(request.body));
  if (!parsed.success) return { ok: false, status: 400, reason: 'The body is not a list of notices' };
  const told = parsed.data.value;
  if (!told.every(({ clientState }) => same(clientState ?? '', subscription.secret)))
    return { ok: false, status: 401, reason: 'A notice does not carry the secret of its subscription' };
  // One that was replaced may speak on for a while; its successor tells the same.
  const current = told.filter(
    ({ subscriptionId }) => subscription.externalId === null || subscriptionId === subscription.externalId,
  );
  if (current.length === 0) return { ok: true, hints: [] };
  const { externalAccountId, stream } = subscription;
  return {
    ok: true,
    hints: [{ externalAccountId, stream, ids: [], dedupeKey: keyOf(current, now) }],
    ...(current.some(({ lifecycleEvent }) => ending.has(lifecycleEvent?.toLowerCase() ?? '')) ? { lapsed: true } : {}),
  };
}

/** The token comes decoded from the query, and goes back as plain text alone. */
function echo(token: string): HintResult {
  if (token.length > longestToken) return { ok: false, status: 400, reason: 'The validation token is too long' };
  return { ok: true, hints: [], answer: { status: 200, body: token, contentType: 'text/plain' } };
}

/** Repeats of one delivery share it. What has no state of its own, such as a lifecycle notice, is told apart by the hour. */
function keyOf(told: readonly Notice[], now: number): string {
  const parts = told.map(({ subscriptionId, changeType, lifecycleEvent, resourceData, ...rest }) => {
    const state = resourceData?.['@odata.etag'] ?? Math.floor(now / hour);
    return JSON.stringify([
      subscriptionId,
      changeType,
      lifecycleEvent,
      resourceData?.id,
      state,
      rest.subscriptionExpirationDateTime,
    ]);
  });
  return contentUuid('graph-notice', ...parts.toSorted());
}

function bodyOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** Compared as digests, so that neither the length nor the time tells anything (failure R21). */
function same(given: string, secret: string): boolean {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  return secret !== '' && timingSafeEqual(digest(given), digest(secret));
}
