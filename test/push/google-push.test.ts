import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ana, ben, openGoogleHouse, topic, type GoogleHouse } from './google-house.ts';

const day = 86_400_000;
let house: GoogleHouse;
beforeAll(async () => {
  house = await openGoogleHouse(topic);
  house.google.handle.addTopic(topic.pubsubTopic, {
    endpoint: `${house.server.publicUrl}/webhooks/google`,
    audience: topic.pubsubAudience,
    serviceAccount: topic.pubsubServiceAccount,
  });
}, 60_000);
afterAll(() => house?.close());

const hints = () =>
  house.rows<{ stream: string; installation_id: string }>(
    'SELECT stream, installation_id FROM hint WHERE taken_at IS NULL ORDER BY received_at',
  );
const settle = async () => {
  await house.google.handle.notices.flush();
  house.google.handle.notices.deliveries.length = 0;
};
const mail = (subject: string) => ({
  from: { address: 'zoe@client.example' },
  to: [{ address: ana }],
  subject,
  body: 'x',
  at: house.google.clock.now,
  messageId: `${subject}@client.example`,
});

describe("Gmail's push through Pub/Sub", () => {
  let installationId: string;
  beforeAll(async () => {
    installationId = (await house.connect('gmail', ana)).installationId;
    await house.run(installationId);
    await settle();
  });
  beforeEach(async () => {
    await settle();
    await house.database.asOwner('UPDATE hint SET taken_at = received_at');
  });

  it('watches the mailbox, and a new mail wakes its stream alone', async () => {
    expect(house.google.handle.state().push?.watches[ana]).toMatchObject({ topic: topic.pubsubTopic });
    house.google.handle.addMail(ana, mail('one'));
    house.google.handle.addMail(ana, mail('two'));
    await house.google.handle.notices.flush();
    expect(house.google.handle.notices.deliveries).toMatchObject([{ kind: 'pubsub', status: 202 }]);
    expect(await hints()).toEqual([{ stream: 'messages', installation_id: installationId }]);
    await house.run(installationId);
    expect(await hints()).toEqual([]);
    expect(await house.rows('SELECT 1 FROM journey_event')).toHaveLength(2);
  });

  it('E7: the watch is renewed every day', async () => {
    const first = house.google.handle.state().push?.watches[ana]?.expiration ?? 0;
    house.google.clock.now += day + 1000;
    await house.run(installationId);
    expect(house.google.handle.state().push?.watches[ana]?.expiration).toBeGreaterThanOrEqual(first + day);
    await settle();
  });

  it('E11: a push that comes again adds nothing', async () => {
    house.google.handle.notices.repeat = true;
    house.google.handle.addMail(ana, mail('three'));
    await house.google.handle.notices.flush();
    house.google.handle.notices.repeat = false;
    expect(house.google.handle.notices.deliveries.map((one) => one.status)).toEqual([202, 202]);
    expect(await hints()).toHaveLength(1);
  });

  const body = (address = ana) =>
    JSON.stringify({
      message: {
        data: Buffer.from(JSON.stringify({ emailAddress: address, historyId: 1 })).toString('base64'),
        messageId: `m${Math.random()}`,
      },
      subscription: 's',
    });
  const post = async (token: string | undefined, text = body()) => {
    const answer = await fetch(`${house.server.publicUrl}/webhooks/google`, {
      method: 'POST',
      headers: { connection: 'close', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: text,
    });
    return answer.status;
  };
  const token = (changes: Record<string, unknown> = {}) =>
    house.google.handle.notices.token(topic.pubsubAudience, topic.pubsubServiceAccount, changes);
  /** Signed by somebody else under the key id of Google. */
  const foreign = () => {
    const [head = '', payload = ''] = token().split('.');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return `${head}.${payload}.${sign('sha256', Buffer.from(`${head}.${payload}`), privateKey).toString('base64url')}`;
  };
  const unsigned = () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'none' })}.${token().split('.')[1] ?? ''}.`;
  };

  it.each<readonly [string, () => string | undefined]>([
    ['without a token', () => undefined],
    ['with rubbish', () => 'rubbish'],
    ['unsigned', unsigned],
    ['signed by another', foreign],
    ['for another audience', () => token({ aud: 'https://elsewhere.example' })],
    ['of another service account', () => token({ email: 'pusher@elsewhere.iam.gserviceaccount.com' })],
    ['with an address that is not verified', () => token({ email_verified: false })],
    ['with a text for a truth', () => token({ email_verified: 'true' })],
    ['of another issuer', () => token({ iss: 'https://accounts.evil.example' })],
    ['from yesterday', () => token({ exp: Math.floor(house.google.clock.now / 1000) - 3600 })],
    ['without an end', () => token({ exp: undefined })],
  ])('I6: a push %s is refused with 401 and leaves nothing', async (_name, forged) => {
    expect(await post(forged())).toBe(401);
    expect(await hints()).toEqual([]);
  });

  it('I6: one for a mailbox that is not connected wakes nobody; one that says nothing is refused', async () => {
    expect(await post(token(), body('eve@vendor.example'))).toBe(202);
    expect(await post(token(), '{}')).toBe(400);
    expect(await hints()).toEqual([]);
    expect(await post(token())).toBe(202);
    expect(await hints()).toHaveLength(1);
  });

  it('I8: the hint is in the database before the push is answered', async () => {
    let stored = -1;
    house.atPoint = async (name) => {
      if (name === 'hint-stored') stored = (await hints()).length;
    };
    expect(await post(token())).toBe(202);
    house.atPoint = () => Promise.resolve();
    expect(stored).toBe(1);
  });
});

describe("Calendar's channels", () => {
  let installationId: string;
  const channels = () => Object.values(house.google.handle.state().push?.channels ?? {});
  const meeting = () => ({
    summary: 'Review',
    start: { dateTime: new Date(house.google.clock.now + day).toISOString(), timeZone: 'UTC' },
    end: { dateTime: new Date(house.google.clock.now + day + 3_600_000).toISOString(), timeZone: 'UTC' },
    organizer: { email: ben },
    attendees: [{ email: 'zoe@client.example', responseStatus: 'needsAction' as const }],
  });
  beforeAll(async () => {
    installationId = (await house.connect('google-calendar', ben)).installationId;
    await house.run(installationId);
    await settle();
  });
  beforeEach(async () => {
    await settle();
    await house.database.asOwner('UPDATE hint SET taken_at = received_at');
  });

  it('one is opened for the calendar; its first notice wakes nobody', async () => {
    expect(channels()).toMatchObject([{ user: ben, calendarId: ben, number: 1 }]);
    expect(await hints()).toEqual([]);
  });

  it('a change wakes the stream', async () => {
    house.google.handle.addEvent(ben, 'primary', meeting());
    await house.google.handle.notices.flush();
    expect(house.google.handle.notices.deliveries.map((one) => one.status)).toEqual([202]);
    expect(await hints()).toEqual([{ stream: 'events', installation_id: installationId }]);
  });

  const post = async (address: string, headers: Record<string, string>) =>
    (await fetch(address, { method: 'POST', headers: { connection: 'close', ...headers } })).status;
  const headers = (more: Record<string, string> = {}) => {
    const [channel] = channels();
    return {
      'x-goog-channel-id': channel?.id ?? '',
      'x-goog-channel-token': channel?.token ?? '',
      'x-goog-resource-state': 'exists',
      'x-goog-message-number': '77',
      ...more,
    };
  };

  it('I6: a notice without the token, or to another address, is refused and leaves nothing', async () => {
    const address = channels()[0]?.address ?? '';
    expect(await post(address, headers({ 'x-goog-channel-token': '' }))).toBe(401);
    expect(await post(address, headers({ 'x-goog-channel-token': 'guessed' }))).toBe(401);
    expect(await post(`${address}x`, headers())).toBe(404);
    expect(await post(address.replace('/google/', '/hubspot/'), headers())).toBe(404);
    expect(await hints()).toEqual([]);
    expect(await post(address, headers())).toBe(202);
    expect(await hints()).toHaveLength(1);
    expect(await post(address, headers())).toBe(202);
    expect(await hints()).toHaveLength(1);
  });

  it('E10: before its end another is opened, the old one is stopped, and what still comes from it wakes nobody', async () => {
    const [old] = channels();
    house.google.clock.now += 4 * day;
    await house.run(installationId);
    await settle();
    const [live] = channels();
    expect(channels()).toHaveLength(1);
    expect(live?.id).not.toBe(old?.id);
    expect(live?.expiration).toBeGreaterThan(old?.expiration ?? 0);
    const late = headers({
      'x-goog-channel-id': old?.id ?? '',
      'x-goog-channel-token': old?.token ?? '',
      'x-goog-message-number': '78',
    });
    expect(await post(old?.address ?? '', late)).toBe(202);
    expect(await hints()).toEqual([]);
  });
});
