import { createHmac } from 'node:crypto';
import { installAddress } from '@waymark/server';
import { rotateWorkspaceKey } from '@waymark/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGoogleHouse, type GoogleHouse } from './google-house.ts';

let house: GoogleHouse;
let address: string;
let secret: string;
let installationId: string;
const install = (rotate = false, label = 'usage') =>
  installAddress(house.waymark, {
    workspaceId: house.workspace.workspaceId,
    connector: 'webhook',
    label,
    settings: {},
    publicUrl: house.server.publicUrl,
    rotate,
  });
beforeAll(async () => {
  house = await openGoogleHouse();
  const made = await install();
  address = made.address;
  secret = made.secret ?? '';
  installationId = made.installationId;
}, 60_000);
afterAll(() => house?.close());

const event = (id: string) => ({
  specversion: '1.0',
  id,
  source: 'https://product.example',
  type: 'usage.recorded',
  subject: 'client.example',
  time: new Date(house.google.clock.now).toISOString(),
  data: { metric: 'seats', value: 7 },
});

/** Signed by Standard Webhooks (https://www.standardwebhooks.com), with `webhook-id` from the caller. */
async function post(
  id: string,
  body: unknown,
  more: { readonly secret?: string; readonly at?: number; readonly to?: string; readonly tamper?: string } = {},
): Promise<number> {
  const stamp = String(Math.floor((more.at ?? house.google.clock.now) / 1000));
  const text = JSON.stringify(body);
  const key = Buffer.from((more.secret ?? secret).replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${stamp}.${text}`).digest('base64');
  const answer = await fetch(more.to ?? address, {
    method: 'POST',
    headers: {
      connection: 'close',
      'content-type': 'application/cloudevents+json',
      'webhook-id': id,
      'webhook-timestamp': stamp,
      'webhook-signature': `v1,${signature}`,
    },
    body: more.tamper ?? text,
  });
  await answer.text();
  return answer.status;
}

const inbox = () =>
  house.rows<{ place: string; passed_at: Date | null }>('SELECT place, passed_at FROM inbox_delivery ORDER BY place');

describe('an address to which others post', () => {
  it('is shown again, and its secret only once', async () => {
    expect(address).toMatch(/\/webhooks\/webhook\/[\w-]{43}$/);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(await install()).toMatchObject({ installationId, address, secret: null });
    const dump = JSON.stringify(await house.rows('SELECT * FROM push_subscription'));
    expect(dump).not.toContain(secret.slice(6, 30));
    expect(dump).not.toContain(address.split('/').at(-1));
  });

  it('I6: what is not signed for it is refused and leaves nothing', async () => {
    const other = (await install(false, 'survey')).address;
    const forged = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    expect(await post('m1', event('e1'), { secret: forged })).toBe(401);
    expect(await post('m1', event('e1'), { tamper: JSON.stringify(event('e2')) })).toBe(401);
    expect(await post('m1', event('e1'), { at: house.google.clock.now - 6 * 60_000 })).toBe(401);
    // Signed for another address of the same workspace.
    expect(await post('m1', event('e1'), { to: other })).toBe(401);
    expect(await post('m1', event('e1'), { to: `${address}x` })).toBe(404);
    expect(await inbox()).toEqual([]);
    expect(await house.rows('SELECT 1 FROM hint')).toEqual([]);
  });

  it('I8: what is taken is in the inbox before it is acknowledged, once, and sealed', async () => {
    let stored = -1;
    house.atPoint = async (name) => {
      if (name === 'hint-stored') stored = (await inbox()).length;
    };
    expect(await post('m1', event('e1'))).toBe(202);
    house.atPoint = () => Promise.resolve();
    expect(stored).toBe(1);
    expect(await post('m1', event('e1'))).toBe(202);
    expect(await post('m2', event('e2'))).toBe(202);
    expect(await inbox()).toHaveLength(2);
    const [row] = await house.rows<{ payload: Buffer }>('SELECT payload FROM inbox_delivery');
    expect(row?.payload.toString('latin1')).not.toContain('seats');
  });

  it('a process that dies between the row and the answer has lost nothing: the sender tries again', async () => {
    house.atPoint = (name) => (name === 'hint-stored' ? Promise.reject(new Error('killed')) : Promise.resolve());
    expect(await post('m3', event('e3'))).toBe(500);
    house.atPoint = () => Promise.resolve();
    expect(await post('m3', event('e3'))).toBe(202);
    expect(await inbox()).toHaveLength(3);
  });

  it('is read by its stream, also after the data key was changed', async () => {
    const { workspaceId } = house.workspace;
    const rotated = await rotateWorkspaceKey(house.database, house.waymark.sealer, workspaceId, house.google.clock.now);
    expect(rotated.unreadable).toBe(0);
    expect(await house.run(installationId)).toMatchObject({ kind: 'ran', result: { faults: [], records: 3 } });
    expect(await house.rows("SELECT 1 FROM journey_event WHERE type = 'usage.recorded'")).toHaveLength(3);
    expect((await inbox()).map((row) => row.passed_at)).toEqual([null, null, null]);
    house.google.clock.now += 10 * 60_000;
    expect(await house.run(installationId)).toMatchObject({ result: { faults: [], records: 0 } });
    expect((await inbox()).filter((row) => row.passed_at === null)).toEqual([]);
  });

  it('with another address and secret, the former ones end at once', async () => {
    const former = { to: address, secret };
    const rotated = await install(true);
    expect(await post('m9', event('e9'), former)).toBe(404);
    expect(await post('m9', event('e9'), { to: rotated.address })).toBe(401);
    expect(await post('m9', event('e9'), { to: rotated.address, secret: rotated.secret ?? '' })).toBe(202);
    expect(rotated.installationId).toBe(installationId);
  });

  it('answers before anything is read: many at once, each in its place, while a reading stands still', async () => {
    const { address: to, secret: own, installationId: burst } = await install(false, 'burst');
    const send = (index: number) => post(`b${index}`, event(`b${index}`), { to, secret: own ?? '' });
    expect(await send(0)).toBe(202);
    // Graph drops a subscriber that answers too slowly: no answer may wait for a reading, which may take minutes.
    const [held, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    house.atPoint = async (name) => {
      if (name !== 'page-stored') return;
      held.resolve();
      await release.promise;
    };
    const reading = house.run(burst);
    await held.promise;
    const many = Array.from({ length: 40 }, (_, index) => index + 1);
    expect(await Promise.all(many.map(send))).toEqual(many.map(() => 202));
    house.atPoint = () => Promise.resolve();
    release.resolve();
    expect(await reading).toMatchObject({ result: { faults: [] } });
    const places = (
      await house.rows<{ place: string; n: number }>(
        "SELECT d.place FROM inbox_delivery d JOIN installation i USING (workspace_id, installation_id) WHERE i.label = 'burst' ORDER BY d.place",
      )
    ).map((row) => Number(row.place));
    expect(places).toEqual([1, ...many.map((index) => index + 1)]);
  });
});
