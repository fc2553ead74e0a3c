import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picklist } from './field.ts';
import { ADMIN, MEMBER, ORG, OTHER_ADMIN, OTHER_ORG, startRig, type OrgRig, type Reply } from './org-rig.ts';
import { PROFILES } from './org.ts';

let rig: OrgRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const T0 = Date.parse('2026-01-10T10:00:00Z');

const made = (name: string, values: Record<string, unknown> = {}, at = T0): string =>
  String(rig.handle.upsert(ORG, 'Account', { Name: name, ...values }, { at })['Id']);

const names = (reply: Reply): unknown[] => {
  expect(reply.json).toMatchObject({ done: true });
  return Object(reply.json).records.map((record: { Name?: unknown }) => record.Name);
};

describe('SOQL', () => {
  it('filters as the vendor does: text without case, ids with 15 and 18 characters, != with nulls, LIKE, IN, null, NOT', async () => {
    const a = made('Alder Rowing', { Industry: 'Sport', NumberOfEmployees: 10 });
    made('Birch Bakery', { Industry: 'Food', NumberOfEmployees: 20 });
    made("Cedar's Cars", { NumberOfEmployees: 30 });
    const where = async (text: string): Promise<unknown[]> =>
      names(await rig.query(`SELECT Name FROM Account WHERE ${text} ORDER BY Name`));
    expect(await where("Name = 'ALDER rowing'")).toEqual(['Alder Rowing']);
    expect(await where(`Id = '${a.slice(0, 15)}'`)).toEqual(['Alder Rowing']);
    expect(await where(`Id > '${a}'`)).toEqual(['Birch Bakery', "Cedar's Cars"]);
    expect(await where("Industry != 'Food'")).toEqual(['Alder Rowing', "Cedar's Cars"]);
    expect(await where('Industry = null')).toEqual(["Cedar's Cars"]);
    expect(await where("Industry IN ('food', 'sport') AND NOT Name LIKE 'b%'")).toEqual(['Alder Rowing']);
    expect(await where("Industry NOT IN ('Food')")).toEqual(['Alder Rowing', "Cedar's Cars"]);
    expect(await where("(NumberOfEmployees >= 20 AND Name LIKE '%r\\'s%') OR Industry = 'Sport'")).toEqual([
      'Alder Rowing',
      "Cedar's Cars",
    ]);
    expect(await where('CreatedDate = LAST_N_DAYS:3')).toEqual([]);
    expect(await where('CreatedDate >= 2026-01-10T11:00:00+01:00 AND CreatedDate < TODAY')).toHaveLength(3);
    expect((await rig.query('SELECT COUNT() FROM Account')).json).toEqual({ totalSize: 3, done: true, records: [] });
    expect((await rig.query('SELECT COUNT(Id) n, MAX(NumberOfEmployees) FROM Account')).json).toMatchObject({
      records: [{ n: 3, expr1: 30 }],
    });
  });

  it('reads a bulk update of one instant by (SystemModstamp, Id) without gaps (D8)', async () => {
    const ids = Array.from({ length: 25 }, (_, index) => made(`Tie ${index}`));
    rig.handle.bulkPatch(ORG, 'Account', ids, { Industry: 'Ties' }, { at: T0 + 86_400_000 });
    const seen: string[] = [];
    let after = "Industry = 'Ties'";
    for (;;) {
      const soql = `SELECT Id, SystemModstamp FROM Account WHERE ${after} ORDER BY SystemModstamp, Id LIMIT 10`;
      const records: { Id: string; SystemModstamp: string }[] = Object((await rig.query(soql)).json).records;
      const last = records.at(-1);
      if (last === undefined) break;
      seen.push(...records.map((record) => record.Id));
      expect(last.SystemModstamp).toBe('2026-01-11T10:00:00.000+0000');
      const stamp = last.SystemModstamp.replace('+0000', 'Z');
      after = `Industry = 'Ties' AND (SystemModstamp > ${stamp} OR (SystemModstamp = ${stamp} AND Id > '${last.Id}'))`;
    }
    expect(seen).toEqual(ids);
  });

  it('nests parents with attributes, empty ones as null, and knows what a polymorphic one is', async () => {
    const parent = made('Parent Ltd');
    const account = made('Child Ltd', { ParentId: parent });
    const contact = rig.handle.upsert(ORG, 'Contact', {
      LastName: 'Moss',
      Email: 'm@child.example',
      AccountId: account,
    });
    rig.handle.upsert(ORG, 'Task', {
      Subject: 'Call',
      Status: 'Completed',
      Priority: 'Normal',
      WhoId: contact['Id'],
      WhatId: account,
    });
    const read = await rig.query(
      "SELECT Subject, Who.Name, Who.Type, What.Name, Account.Parent.Name, Owner.Email FROM Task WHERE Subject = 'call'",
    );
    expect(read.json).toMatchObject({
      records: [
        {
          attributes: { type: 'Task' },
          Who: { attributes: { type: 'Contact' }, Name: 'Moss', Type: 'Contact' },
          What: { Name: 'Child Ltd' },
          Account: { attributes: { type: 'Account' }, Parent: { attributes: { type: 'Account' }, Name: 'Parent Ltd' } },
          Owner: { Email: ADMIN },
        },
      ],
    });
    const top = await rig.query(`SELECT Parent.Name FROM Account WHERE Id = '${parent}'`);
    expect(top.json).toMatchObject({ records: [{ Parent: null }] });
  });

  it('refuses what the vendor refuses, in its words', async () => {
    const refused = async (soql: string): Promise<unknown> => (await rig.query(soql)).json;
    const code = (errorCode: string, message: RegExp) => [{ errorCode, message: expect.stringMatching(message) }];
    expect(await refused('SELECT Id FROM Acount')).toMatchObject(code('INVALID_TYPE', /sObject type 'Acount' is not/));
    expect(await refused('SELECT Foo FROM Account')).toMatchObject(
      code('INVALID_FIELD', /No such column 'Foo' on entity/),
    );
    expect(await refused('SELECT Foo.Name FROM Account')).toMatchObject(
      code('INVALID_FIELD', /understand relationship 'Foo'/),
    );
    expect(await refused('SELECT Id FROM Account WHERE')).toMatchObject(code('MALFORMED_QUERY', /unexpected token/));
    expect(await refused("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'")).toMatchObject(
      code('MALFORMED_QUERY', /unexpected token: 'OR'/),
    );
    expect(await refused("SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01T00:00:00Z'")).toMatchObject(
      code('INVALID_FIELD', /must be of type dateTime and should not be enclosed in quotes/),
    );
    expect(await refused("SELECT Id FROM AccountHistory WHERE NewValue = 'x'")).toMatchObject(
      code('INVALID_FIELD', /can not be filtered in a query call/),
    );
    expect((await rig.query('SELECT Id, (SELECT Id FROM Contacts) FROM Account')).status).toBe(599);
  });

  it('cuts into batches whose locator belongs to the session and can expire (D11)', async () => {
    for (let index = 0; index < 30; index += 1) made(`Batch ${index}`, { Industry: 'Batch' });
    rig.handle.settings.batchSize = 12;
    const soql = "SELECT Id FROM Account WHERE Industry = 'Batch'";
    const first = await rig.query(soql);
    expect(first.json).toMatchObject({ totalSize: 30, done: false });
    const { nextRecordsUrl }: { nextRecordsUrl: string } = Object(first.json);
    const second = await rig.call('GET', nextRecordsUrl);
    const third = await rig.call('GET', Object(second.json).nextRecordsUrl);
    const ids = [first, second, third].flatMap((reply) =>
      Object(reply.json).records.map((record: { Id: string }) => record.Id),
    );
    expect([new Set(ids).size, Object(third.json).done]).toEqual([30, true]);
    expect((await rig.call('GET', nextRecordsUrl, undefined, rig.token())).json).toMatchObject([
      { errorCode: 'INVALID_QUERY_LOCATOR' },
    ]);
    rig.faults.add({ kind: 'cursor-lost', times: 1 });
    expect((await rig.query(soql)).status).toBe(200);
    expect((await rig.call('GET', nextRecordsUrl)).status).toBe(400);
    expect((await rig.call('GET', nextRecordsUrl)).status).toBe(200);
    rig.handle.expireLocators();
    expect((await rig.call('GET', nextRecordsUrl)).json).toMatchObject([{ message: 'invalid query locator' }]);
    rig.handle.settings.batchSize = 2000;
  });

  it('hides deleted and merged records from query, shows them in queryAll, and forgets purged ones (D9)', async () => {
    const [winner, loser, gone] = [made('Winner'), made('Loser'), made('Gone')];
    const contact = rig.handle.upsert(ORG, 'Contact', { LastName: 'Lee', AccountId: loser });
    rig.handle.merge(ORG, 'Account', winner, loser);
    rig.handle.remove(ORG, 'Account', gone);
    const soql = `SELECT Id, IsDeleted, MasterRecordId FROM Account WHERE Id IN ('${winner}','${loser}','${gone}') ORDER BY Id`;
    expect(Object((await rig.query(soql)).json).records).toHaveLength(1);
    const all = await rig.call('GET', `/queryAll?q=${encodeURIComponent(soql)}`);
    expect(Object(all.json).records).toMatchObject([
      { Id: winner, IsDeleted: false },
      { Id: loser, IsDeleted: true, MasterRecordId: winner },
      { Id: gone, IsDeleted: true, MasterRecordId: null },
    ]);
    const moved = await rig.query(`SELECT AccountId FROM Contact WHERE Id = '${String(contact['Id'])}'`);
    expect(moved.json).toMatchObject({ records: [{ AccountId: winner }] });
    rig.handle.purge(ORG, 'Account', gone);
    expect(Object((await rig.call('GET', `/queryAll?q=${encodeURIComponent(soql)}`)).json).records).toHaveLength(2);
    expect((await rig.call('GET', `/sobjects/Account/${gone}`)).status).toBe(404);
  });

  it('deletes contacts and deals along with their account, and brings them back with it', async () => {
    const account = made('Whole');
    const person = (values: Record<string, unknown>): string =>
      String(rig.handle.upsert(ORG, 'Contact', { LastName: 'Ray', AccountId: account, ...values })['Id']);
    const [stays, left] = [person({}), person({})];
    rig.handle.remove(ORG, 'Contact', left, { at: Date.now() - 60_000 });
    const soql = `SELECT Id FROM Contact WHERE AccountId = '${account}'`;
    const ids = async (): Promise<unknown> =>
      Object((await rig.query(soql)).json).records.map((row: { Id: string }) => row.Id);
    rig.handle.remove(ORG, 'Account', account);
    expect(await ids()).toEqual([]);
    rig.handle.undelete(ORG, 'Account', account);
    expect(await ids()).toEqual([stays]);
  });

  it('archives old activities out of query (queryAll has them)', async () => {
    const start = Date.now() - 500 * 86_400_000;
    rig.handle.upsert(ORG, 'Event', { Subject: 'Old', StartDateTime: start, DurationInMinutes: 30 });
    const soql = "SELECT Id, IsArchived, EndDateTime FROM Event WHERE Subject = 'Old'";
    expect(Object((await rig.query(soql)).json).records).toEqual([]);
    const all = await rig.call('GET', `/queryAll?q=${encodeURIComponent(soql)}`);
    expect(Object(all.json).records).toMatchObject([{ IsArchived: true }]);
  });
});

describe('field-level security', () => {
  it('takes hidden fields out of describe and queries, hidden objects out of everything (D12)', async () => {
    rig.handle.profile(ORG, PROFILES.standard, (profile) => {
      profile.hiddenFields.push('Account.AnnualRevenue');
      profile.hiddenObjects.push('Case');
      profile.readOnlyFields.push('Account.Industry');
    });
    const token = rig.token(MEMBER);
    const described = await rig.call('GET', '/sobjects/Account/describe', undefined, token);
    const fields: { name: string; updateable: boolean }[] = Object(described.json).fields;
    expect(fields.map((each) => each.name)).not.toContain('AnnualRevenue');
    expect(fields.find((each) => each.name === 'Industry')?.updateable).toBe(false);
    expect((await rig.query('SELECT AnnualRevenue FROM Account', token)).json).toMatchObject([
      { errorCode: 'INVALID_FIELD' },
    ]);
    expect((await rig.query('SELECT Id FROM Case', token)).json).toMatchObject([{ errorCode: 'INVALID_TYPE' }]);
    expect((await rig.call('GET', '/sobjects/Case/describe', undefined, token)).status).toBe(404);
    expect((await rig.query('SELECT AnnualRevenue FROM Account')).status).toBe(200);
    rig.handle.profile(ORG, PROFILES.standard, (profile) => {
      profile.viewAll = false;
    });
    expect((await rig.query('SELECT COUNT() FROM Account', token)).json).toMatchObject({ totalSize: 0 });
  });
});

describe('the field history', () => {
  it('leaves out rows of fields that the user may not see, and goes with its object', async () => {
    rig.handle.setFields(ORG, 'Account', [picklist('Stage__c', ['new', 'old'], { tracked: true })]);
    const id = made('Tracked', { Stage__c: 'new' });
    rig.handle.patch(ORG, 'Account', id, { Stage__c: 'old' });
    const soql = `SELECT Field, NewValue FROM AccountHistory WHERE AccountId = '${id}' ORDER BY Id`;
    const fields = async (token?: string): Promise<unknown> =>
      Object((await rig.query(soql, token)).json).records.map((row: { Field: string }) => row.Field);
    const token = rig.token(MEMBER);
    expect(await fields()).toEqual(['created', 'Stage__c']);
    expect(await fields(token)).toEqual(['created', 'Stage__c']);
    rig.handle.profile(ORG, PROFILES.standard, (profile) => profile.hiddenFields.push('Account.Stage__c'));
    expect(await fields(token)).toEqual(['created']);
    expect(await fields()).toEqual(['created', 'Stage__c']);
    rig.handle.profile(ORG, PROFILES.standard, (profile) => profile.hiddenObjects.push('Account'));
    expect((await rig.query(soql, token)).json).toMatchObject([{ errorCode: 'INVALID_TYPE' }]);
  });
});

describe('limits', () => {
  it('counts every call in a header, and is over with a 403 until calls of a day ago fall out (D10)', async () => {
    const token = rig.token(OTHER_ADMIN);
    rig.handle.settings.dailyCallsOf.set(OTHER_ORG, 100);
    rig.handle.useCalls(OTHER_ORG, 98);
    const first = await rig.query('SELECT Id FROM Account', token);
    expect(first.headers.get('sforce-limit-info')).toBe('api-usage=99/100');
    const limits = await rig.call('GET', '/limits', undefined, token);
    expect(limits.json).toMatchObject({ DailyApiRequests: { Max: 100, Remaining: 0 } });
    const over = await rig.query('SELECT Id FROM Account', token);
    expect([over.status, over.headers.get('retry-after')]).toEqual([403, null]);
    expect(over.headers.get('sforce-limit-info')).toBe('api-usage=100/100');
    expect(over.json).toEqual([{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }]);
    expect((await rig.query('SELECT Id FROM Account')).status).toBe(200);
    expect(rig.handle.peak(OTHER_ORG).day).toBe(101);
    rig.clock.offset += 86_400_001;
    expect((await rig.query('SELECT Id FROM Account', rig.token(OTHER_ADMIN))).status).toBe(200);
    rig.clock.offset = 0;
  });
});

describe('getUpdated and getDeleted', () => {
  it('tell ids of a span, and refuse one that is too old or too short', async () => {
    const now = Date.now();
    const [kept, gone] = [made('Kept', {}, now - 3_600_000), made('Deleted', {}, now - 3_600_000)];
    rig.handle.remove(ORG, 'Account', gone, { at: now - 1_800_000 });
    const iso = (at: number): string => encodeURIComponent(new Date(at).toISOString());
    const span = `start=${iso(now - 7_200_000)}&end=${iso(now)}`;
    expect(Object((await rig.call('GET', `/sobjects/Account/updated/?${span}`)).json).ids).toContain(kept);
    expect((await rig.call('GET', `/sobjects/Account/deleted?${span}`)).json).toMatchObject({
      deletedRecords: expect.arrayContaining([{ id: gone, deletedDate: expect.stringMatching(/\+0000$/) }]),
    });
    const old = await rig.call('GET', `/sobjects/Account/deleted?start=${iso(now - 20 * 86_400_000)}&end=${iso(now)}`);
    expect(old.json).toMatchObject([{ errorCode: 'INVALID_REPLICATION_DATE' }]);
    const short = await rig.call('GET', `/sobjects/Account/updated?start=${iso(now - 1000)}&end=${iso(now)}`);
    expect(short.json).toMatchObject([{ errorCode: 'INVALID_REPLICATION_DATE' }]);
  });
});
