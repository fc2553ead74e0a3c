import { samplePortals, sampleSubdomains } from '@waymark/sandbox';
import { disconnect } from '@waymark/server';
import { gaps, installation, readTokens, receipts } from '@waymark/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openVendorsHouse, type VendorsHouse } from './vendors-house.ts';

let house: VendorsHouse;
beforeAll(async () => {
  house = await openVendorsHouse('mixed');
}, 120_000);
afterAll(() => house?.close());

const inside = <T>(work: Parameters<typeof house.database.inWorkspace<T>>[1]) =>
  house.database.inWorkspace(house.workspace.workspaceId, work);
const end = (installationId: string, purge = false) =>
  disconnect(house.waymark, { workspaceId: house.workspace.workspaceId, installationId, by: 'test', purge });
const count = async (table: string, id: string): Promise<number> =>
  Number(
    (
      await house.database.asOwner<{ n: string }>(`SELECT count(*) AS n FROM ${table} WHERE installation_id = $1`, [id])
    )[0]?.n,
  );
/** The access token that a vendor gave. */
async function tokenOf(installationId: string): Promise<string> {
  const tokens = await inside((tx) => readTokens(tx, installationId, false));
  if (!tokens?.accessToken) throw new Error('There is no token.');
  return house.waymark.sealer.open(house.workspace.workspaceId, installationId, 'access_token', tokens.accessToken);
}

/** A vendor, how it is connected, what becomes of its grant, and what its own API says to a token. */
interface Vendor {
  readonly connector: string;
  readonly settings: () => Record<string, unknown>;
  readonly hint?: () => string | undefined;
  readonly outcome: 'revoked' | 'by-hand';
  /** Whether it is told to call us, and so has to be told to stop. */
  readonly subscribes: boolean;
  readonly ask: (token: string) => Promise<Response>;
}

const bearer = (url: string, token: string) => fetch(url, { headers: { authorization: `Bearer ${token}` } });
const vendors: readonly Vendor[] = [
  {
    connector: 'outlook',
    settings: () => ({ tenant: 'organizations' }),
    hint: () => house.sandbox.stack.mailboxes.microsoft[0],
    outcome: 'by-hand',
    subscribes: true,
    ask: (token) => bearer(`${house.sandbox.urls.microsoft}/v1.0/me`, token),
  },
  {
    connector: 'hubspot',
    settings: () => ({}),
    hint: () => String(samplePortals.main),
    outcome: 'revoked',
    subscribes: false,
    ask: (token) => bearer(`${house.sandbox.urls.hubspot}/account-info/2026-09/details`, token),
  },
  {
    connector: 'salesforce',
    settings: () => ({}),
    outcome: 'revoked',
    subscribes: false,
    ask: (token) => bearer(`${house.sandbox.urls.salesforce}/services/oauth2/userinfo`, token),
  },
  {
    connector: 'zendesk',
    settings: () => ({ subdomain: sampleSubdomains.main }),
    hint: () => sampleSubdomains.main,
    outcome: 'by-hand',
    subscribes: true,
    ask: (token) => bearer(`${house.sandbox.urls.zendesk}/api/v2/users/me.json`, token),
  },
  {
    connector: 'slack-channels',
    settings: () => ({}),
    outcome: 'revoked',
    subscribes: false,
    ask: (token) => bearer(`${house.sandbox.urls.slack}/api/auth.test`, token),
  },
];

/** Whether a vendor still takes a token; Slack refuses with status 200. */
async function isTaken(answer: Response): Promise<boolean> {
  const text = await answer.text();
  return answer.ok && !/"ok"\s*:\s*false/.test(text);
}

describe.each(vendors)('disconnecting $connector', (vendor) => {
  let id = '';
  let token = '';
  let records = 0;
  const connect = () => house.connect(vendor.connector, vendor.settings(), vendor.hint?.());

  it('ends reading, subscriptions and grant as far as the vendor takes it, and forgets the tokens', async () => {
    id = (await connect()).installationId;
    expect(await house.run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    records = await count('source_object', id);
    expect(records).toBeGreaterThan(0);
    token = await tokenOf(id);
    expect(await isTaken(await vendor.ask(token))).toBe(true);
    expect((await house.subscriptions(id)).length > 0).toBe(vendor.subscribes);
    const ended = await end(id);
    expect(ended.revocation.outcome).toBe(vendor.outcome);
    expect(ended.revocation.note.length).toBeGreaterThan(10);
    expect(await isTaken(await vendor.ask(token))).toBe(vendor.outcome === 'by-hand');
    expect(await house.subscriptions(id)).toEqual([]);
    expect(await inside((tx) => installation(tx, id))).toMatchObject({
      status: 'disabled',
      statusReason: expect.stringContaining('disconnected on'),
    });
    expect(await house.run(id)).toEqual({ kind: 'inactive' });
    expect(await inside((tx) => readTokens(tx, id, false))).toMatchObject({ accessToken: null, refreshToken: null });
    const { externalAccountId } = (await inside((tx) => installation(tx, id))) ?? { externalAccountId: '' };
    expect(
      await house.database.asOwner('SELECT 1 FROM directory WHERE kind = $1 AND key = $2', [
        `account:${vendor.connector}`,
        externalAccountId,
      ]),
    ).toEqual([]);
    // Repeating it finishes what was cut off.
    expect((await end(id)).revocation.outcome).toBe('nothing');
  }, 120_000);

  it('keeps what was read, ends coverage with the reason, and takes the account up again', async () => {
    expect(await count('source_object', id)).toBe(records);
    const open = (await inside((tx) => gaps(tx, { unhealedOnly: true }))).filter((gap) => gap.installationId === id);
    expect(open.length).toBeGreaterThan(0);
    for (const gap of open) expect(gap).toMatchObject({ to: null, reason: expect.stringContaining('disconnected on') });
    expect(await connect()).toMatchObject({ installationId: id, status: 'active' });
    expect(await house.run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await count('source_object', id)).toBe(records);
    expect((await inside((tx) => gaps(tx, { unhealedOnly: true }))).filter((gap) => gap.installationId === id)).toEqual(
      [],
    );
  }, 120_000);

  it('I11: takes away all that it read where that is asked for, with a receipt', async () => {
    const before = await inside((tx) => receipts(tx));
    const events = await count('journey_event', id);
    const { receipt } = await end(id, true);
    expect(receipt?.counts).toMatchObject({ events });
    expect(await inside((tx) => receipts(tx))).toHaveLength(before.length + 1);
    for (const table of [
      'source_object',
      'journey_event',
      'stream_state',
      'set_aside',
      'hint',
      'coverage_gap',
      'account_record',
      'source_outage',
    ])
      expect([table, await count(table, id)]).toEqual([table, 0]);
  }, 120_000);
});
