import { Connection, OAuth2 } from 'jsforce';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RIG_APP } from '../front/rig.ts';
import { ORG, startRig, type OrgRig } from './org-rig.ts';

let rig: OrgRig;
let connection: Connection;
beforeAll(async () => {
  rig = await startRig();
  const [redirectUri] = RIG_APP.redirectUris;
  const oauth2 = new OAuth2({
    loginUrl: rig.url,
    clientId: RIG_APP.clientId,
    clientSecret: RIG_APP.clientSecret,
    redirectUri,
    useVerifier: true,
  });
  const page = oauth2.getAuthorizationUrl({ scope: 'api refresh_token id' });
  const back = await fetch(page, { redirect: 'manual' });
  const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
  connection = new Connection({ oauth2, version: '66.0' });
  const user = await connection.authorize(code);
  expect(user.organizationId).toBe(ORG);
});
afterAll(() => rig.close());

/** The real SDK against the service: what it parses is what it would parse of the vendor. */
describe('jsforce', () => {
  it('signs in, knows who it is and reads limits and describes', async () => {
    expect(connection.instanceUrl).toBe(rig.url);
    expect(await connection.identity()).toMatchObject({ organization_id: ORG, username: 'admin@one.example' });
    expect((await connection.describe('Account')).fields.find((field) => field.name === 'OwnerId')).toMatchObject({
      type: 'reference',
      referenceTo: ['User'],
      relationshipName: 'Owner',
    });
    expect((await connection.describeGlobal()).sobjects.map((each) => each.name)).toContain('EmailMessage');
    expect(await connection.limits()).toMatchObject({ DailyApiRequests: { Max: 5_000_000 } });
    expect(connection.limitInfo.apiUsage).toMatchObject({ limit: 5_000_000, used: expect.any(Number) });
  });

  it('creates, changes in chunks, reads by id and by query over batches, deleted ones included', async () => {
    rig.handle.settings.batchSize = 100;
    const accounts = connection.sobject('Account');
    const names = Array.from({ length: 250 }, (_, index) => ({ Name: `Account ${index}` }));
    const made = await accounts.create(names, { allowRecursive: true });
    const ids = made.map((each) => each.id ?? '');
    expect(new Set(ids).size).toBe(250);
    const changed = await accounts.update(
      ids.map((Id) => ({ Id, Industry: 'Food' })),
      { allowRecursive: true },
    );
    expect(changed.every((each) => each.success)).toBe(true);
    await expect(
      accounts.update(
        ids.map((Id) => ({ Id, Industry: 'X' })),
        { allOrNone: false },
      ),
    ).rejects.toThrow(/200/);
    const all = await connection.query("SELECT Id, Owner.Name FROM Account WHERE Industry = 'Food'", {
      autoFetch: true,
      maxFetch: 1000,
    });
    expect(all.records).toHaveLength(250);
    expect(all.records[0]).toMatchObject({ Owner: { Name: 'Ada Admin' } });
    expect(await accounts.retrieve(ids.slice(0, 3))).toMatchObject(names.slice(0, 3));
    await accounts.destroy(ids.slice(0, 2));
    const kept = await connection.query('SELECT COUNT() FROM Account');
    const scanned = await connection.query('SELECT COUNT() FROM Account', { scanAll: true });
    expect([kept.totalSize, scanned.totalSize]).toEqual([248, 250]);
    const now = new Date();
    const hourAgo = new Date(now.getTime() - 3_600_000);
    const minuteOn = new Date(now.getTime() + 120_000);
    expect((await accounts.deleted(hourAgo, minuteOn)).deletedRecords.map((each) => each.id)).toEqual(ids.slice(0, 2));
    rig.handle.settings.batchSize = 2000;
  });

  it('runs a bulk query to its end', async () => {
    const made = Array.from({ length: 25 }, (_, index) => ({ LastName: `Bulk "${index}"`, Title: 'Bulk, twice' }));
    await connection.sobject('Contact').create(made);
    connection.bulk2.pollInterval = 20;
    const stream = await connection.bulk2.query(
      "SELECT Id, LastName, CreatedDate, Account.Name FROM Contact WHERE Title = 'Bulk, twice'",
    );
    const records = await stream.toArray();
    expect(records).toHaveLength(25);
    expect(records[3]).toMatchObject({ LastName: 'Bulk "3"', 'Account.Name': '' });
    expect(records[3]?.['CreatedDate']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    rig.handle.settings.bulkFailure = 'InternalServerError : Unknown';
    await expect(connection.bulk2.query('SELECT Id FROM Contact')).rejects.toThrow(/did not complete|fail/i);
    rig.handle.settings.bulkFailure = undefined;
    rig.handle.settings.bulkRefused = true;
    await expect(connection.bulk2.query('SELECT Id FROM Contact')).rejects.toMatchObject({
      errorCode: 'FEATURENOTENABLED',
    });
    rig.handle.settings.bulkRefused = false;
  });

  it('names errors by their codes, and refreshes a session that is over', async () => {
    await expect(connection.query('SELECT Nope FROM Account')).rejects.toMatchObject({ errorCode: 'INVALID_FIELD' });
    const before = connection.accessToken;
    rig.handle.expireAccess(ORG);
    expect((await connection.query('SELECT COUNT() FROM Contact')).totalSize).toBe(25);
    expect(connection.accessToken).not.toBe(before);
    expect(rig.handle.unknownPaths).toEqual([]);
  });
});
