import { disconnect } from '@waymark/server';
import { createToken, gaps, installation, pushSubscriptions, receipts } from '@waymark/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ana, ben, openGoogleHouse, topic, type GoogleHouse } from './google-house.ts';

let house: GoogleHouse;
beforeAll(async () => {
  house = await openGoogleHouse(topic);
  for (const subject of ['one', 'two'])
    house.google.handle.addMail(ana, {
      from: { address: 'zoe@client.example' },
      to: [{ address: ana }],
      subject,
      body: 'x',
      at: house.google.clock.now,
      messageId: `${subject}@client.example`,
    });
}, 60_000);
afterAll(() => house?.close());

const inside = <T>(work: Parameters<typeof house.database.inWorkspace<T>>[1]) =>
  house.database.inWorkspace(house.workspace.workspaceId, work);
const end = (installationId: string, purge = false) =>
  disconnect(house.waymark, { workspaceId: house.workspace.workspaceId, installationId, by: 'test', purge });
const grants = (user: string) =>
  Object.values(house.google.handle.state().oauth.refresh).filter((grant) => grant.subject === user).length;
const count = async (sql: string): Promise<number> => Number((await house.rows<{ n: string }>(sql))[0]?.n);

describe('disconnecting an account', () => {
  it('keeps a consent that another installation uses, and gives it back with the last of them', async () => {
    const mail = await house.connect('gmail', ana);
    const diary = await house.connect('google-calendar', ana);
    for (const one of [mail, diary])
      expect(await house.run(one.installationId)).toMatchObject({ result: { faults: [] } });
    const before = grants(ana);
    expect(before).toBeGreaterThan(0);
    const first = await end(mail.installationId);
    expect(first.revocation).toMatchObject({ outcome: 'kept' });
    expect(grants(ana)).toBe(before);
    expect(await house.run(diary.installationId)).toMatchObject({ result: { faults: [] } });
    const second = await end(diary.installationId);
    expect(second.revocation).toMatchObject({ outcome: 'revoked' });
    expect(grants(ana)).toBeLessThan(before);
    for (const one of [mail, diary]) {
      expect(await inside((tx) => installation(tx, one.installationId))).toMatchObject({
        status: 'disabled',
        statusReason: expect.stringContaining('disconnected on'),
      });
      expect(await inside((tx) => pushSubscriptions(tx, one.installationId))).toEqual([]);
      expect(await house.run(one.installationId)).toEqual({ kind: 'inactive' });
    }
    expect(
      await house.rows('SELECT 1 FROM installation WHERE access_token IS NOT NULL OR refresh_token IS NOT NULL'),
    ).toEqual([]);
    expect(await house.rows(`SELECT 1 FROM directory WHERE kind LIKE 'account:%' OR kind = 'push'`)).toEqual([]);
  });

  it('keeps what was read, ends coverage with the reason, and takes the account up again', async () => {
    const [mail] = (await house.all()).filter((one) => one.connector === 'gmail');
    const records = await count('SELECT count(*) AS n FROM source_object');
    expect(records).toBeGreaterThan(0);
    const open = await inside((tx) => gaps(tx, { unhealedOnly: true }));
    expect(open.filter((gap) => gap.installationId === mail?.installationId)).toMatchObject([
      { to: null, reason: expect.stringContaining('disconnected on') },
    ]);
    const again = await house.connect('gmail', ana);
    expect(again).toMatchObject({ installationId: mail?.installationId, status: 'active' });
    expect(await house.run(again.installationId)).toMatchObject({ result: { faults: [] } });
    expect(await count('SELECT count(*) AS n FROM source_object')).toBe(records);
    expect((await inside((tx) => gaps(tx, { unhealedOnly: true }))).filter((gap) => gap.stream === 'messages')).toEqual(
      [],
    );
  });

  it('a run under way stores nothing more, and writes no token back', async () => {
    const mail = await house.connect('gmail', ben);
    let ended: ReturnType<typeof end> | undefined;
    house.atPoint = async (name) => {
      if (name !== 'page-read' || ended) return;
      ended = end(mail.installationId);
      await ended;
    };
    expect(await house.run(mail.installationId)).toEqual({ kind: 'lost' });
    house.atPoint = () => Promise.resolve();
    expect(await ended).toMatchObject({ revocation: { outcome: 'revoked' } });
    expect(
      await count(`SELECT count(*) AS n FROM source_object WHERE installation_id = '${mail.installationId}'`),
    ).toBe(0);
    expect(await inside((tx) => installation(tx, mail.installationId))).toMatchObject({ status: 'disabled' });
  });

  it('I11: takes away all that it read, with a receipt, over HTTP as well; nothing forbids to connect it again', async () => {
    const { workspaceId } = house.workspace;
    const [mail] = (await house.all()).filter((one) => one.connector === 'gmail' && one.externalAccountId === ana);
    const id = mail?.installationId ?? '';
    const events = await count(`SELECT count(*) AS n FROM journey_event WHERE installation_id = '${id}'`);
    expect(events).toBeGreaterThan(0);
    const { token } = await house.database.global((tx) => createToken(tx, workspaceId));
    const answer = await fetch(`${house.server.publicUrl}/api/installations/${id}/disconnect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ purge: true }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { installationId: id, revocation: 'revoked', receipt: { action: 'purged', counts: { events } } },
    ]);
    for (const table of ['source_object', 'journey_event', 'stream_state', 'set_aside', 'hint', 'coverage_gap'])
      expect(await count(`SELECT count(*) AS n FROM ${table} WHERE installation_id = '${id}'`)).toBe(0);
    expect(await inside((tx) => receipts(tx))).toHaveLength(1);
    await house.connect('gmail', ana);
    expect(await house.run(id)).toMatchObject({ result: { faults: [] } });
    expect(await count(`SELECT count(*) AS n FROM journey_event WHERE installation_id = '${id}'`)).toBe(events);
  });

  it('tells what there is to do where it cannot', async () => {
    await expect(end('018f0000-0000-7000-8000-00000000000a')).rejects.toThrow('waymark status');
  });
});
