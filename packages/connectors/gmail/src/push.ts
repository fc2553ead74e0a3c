import type { Connector, HintResult, Push, PushSubscription } from '@waymark/connector-kit';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';
import type { GmailClient } from './client.ts';
import { readScope } from './manifest.ts';

const day = 86_400_000;

/** A watch ends after seven days without a word (failure E7). https://developers.google.com/workspace/gmail/api/guides/push */
async function watch(client: GmailClient, topic: string): Promise<PushSubscription> {
  const { expiration } = await client.watch(topic);
  return { externalId: topic, expiresAt: expiration, renewAfter: client.now() + day };
}

/** One watch for the mailbox, told through the topic that the admin made; none where Pub/Sub is not set up. */
export const push: Push<GmailClient> = {
  scopes: [readScope],
  targets: (_client, extra) =>
    Promise.resolve(
      extra['pubsubTopic'] && extra['pubsubAudience'] && extra['pubsubServiceAccount']
        ? [{ key: 'mailbox', stream: 'messages' }]
        : [],
    ),
  subscribe: (client, _target, _address, extra) => watch(client, extra['pubsubTopic'] ?? ''),
  renew: (client, _target, _current, _address, extra) => watch(client, extra['pubsubTopic'] ?? ''),
  unsubscribe: (client) => client.stop(),
};

/** https://cloud.google.com/pubsub/docs/push#receive_push */
const envelope = z.object({
  message: z.object({ data: z.string().max(10_000), messageId: z.string().min(1).max(200) }),
});
const notice = z.object({ emailAddress: z.string().min(3).max(320), historyId: z.union([z.string(), z.number()]) });

const keyShape = z.looseObject({ kty: z.string() });
const certificates = 'https://www.googleapis.com/oauth2/v3/certs';
/** Between our clock and Google's, s. */
const clockTolerance = 60;

/**
 * Verifies a push of Pub/Sub and says whose mail to read. It is signed by Google for the service account and audience that the admin
 * set on the subscription: of another's subscription in Google's cloud, one of the two is different.
 * https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export const hint: NonNullable<Connector<GmailClient>['hint']> = async (request, { app, jwks }, now) => {
  const audience = app?.extra['pubsubAudience'];
  const serviceAccount = app?.extra['pubsubServiceAccount'];
  if (!audience || !serviceAccount) return refused('Pub/Sub is not set up for this app');
  const token = /^Bearer\s+(\S+)$/iu.exec(request.headers['authorization'] ?? '')?.[1];
  if (token === undefined) return refused('There is no token of Pub/Sub');
  const keys = z.array(keyShape).parse((await jwks(certificates)).keys);
  const claims = await jwtVerify(token, createLocalJWKSet({ keys }), {
    issuer: ['https://accounts.google.com', 'accounts.google.com'],
    audience,
    algorithms: ['RS256'],
    requiredClaims: ['exp', 'iat'],
    clockTolerance,
    currentDate: new Date(now),
  }).then(
    ({ payload }) => payload,
    () => undefined,
  );
  if (!claims) return refused('The token of Pub/Sub is not valid');
  if (claims['email'] !== serviceAccount || claims['email_verified'] !== true)
    return refused('The token is of another service account');
  return told(request.body);
};

const refused = (reason: string): HintResult => ({ ok: false, status: 401, reason });

function told(body: Uint8Array): HintResult {
  const parsed = envelope.safeParse(json(new TextDecoder().decode(body)));
  if (!parsed.success) return { ok: false, status: 400, reason: 'The body is no push of Pub/Sub' };
  const { data, messageId } = parsed.data.message;
  const said = notice.safeParse(json(Buffer.from(data, 'base64').toString('utf8')));
  if (!said.success) return { ok: false, status: 400, reason: 'The message is no notice of Gmail' };
  // The history id is left aside: where the reading stands is the cursor's to say.
  const externalAccountId = said.data.emailAddress.toLowerCase();
  return { ok: true, hints: [{ externalAccountId, stream: 'messages', ids: [], dedupeKey: `pubsub:${messageId}` }] };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
