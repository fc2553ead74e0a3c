import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { field, picklist } from './field.ts';
import { ADMIN, MEMBER, ORG, OTHER_ORG, startRig, type OrgRig } from './org-rig.ts';
import { PROFILES } from './org.ts';

let rig: OrgRig;
beforeEach(async () => {
  rig = await startRig();
  rig.handle.setFields(ORG, 'Account', [
    picklist('Stage__c', ['adoption', 'at_risk'], { label: 'Stage', restricted: true, tracked: true }),
    field('Note__c', 'string', { length: 10 }),
  ]);
});
afterEach(() => rig.close());

const account = (values: Record<string, unknown> = {}): string =>
  String(rig.handle.upsert(ORG, 'Account', { Name: 'A', ...values })['Id']);

const patch = (records: readonly Record<string, unknown>[], allOrNone = false, token?: string) =>
  rig.call(
    'PATCH',
    '/composite/sobjects',
    { allOrNone, records: records.map((each) => ({ attributes: { type: 'Account' }, ...each })) },
    token,
  );

describe('collections', () => {
  it('answer 200 with an outcome for each record, and write the good ones', async () => {
    const [good, locked, deleted, ruled] = [account(), account(), account(), account()];
    rig.handle.remove(ORG, 'Account', deleted);
    const lock = { code: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access to this record' };
    rig.handle.settings.refusedWrites.set(locked, { ...lock, once: true });
    const rule = { code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'No stage without a CSM' };
    rig.handle.settings.refusedWrites.set(ruled, rule);
    const answer = await patch([
      { id: good, Stage__c: 'adoption' },
      { id: locked, Stage__c: 'adoption' },
      { id: deleted, Stage__c: 'adoption' },
      { id: ruled, Stage__c: 'adoption' },
      { id: good.slice(0, 15), Stage__c: 'healthy' },
      { id: good, Note__c: 'longer than ten' },
      { id: good, Nothing__c: 'x' },
      { id: '0015g000000zzzzAAA', Stage__c: 'adoption' },
      { Stage__c: 'adoption' },
      { id: good, SystemModstamp: '2026-01-01T00:00:00Z' },
    ]);
    expect(answer.status).toBe(200);
    const codes = Object(answer.json).map((each: { success: boolean; errors: { statusCode: string }[] }) =>
      each.success ? 'ok' : each.errors[0]?.statusCode,
    );
    expect(codes).toEqual([
      'ok',
      'UNABLE_TO_LOCK_ROW',
      'ENTITY_IS_DELETED',
      'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      'STRING_TOO_LONG',
      'INVALID_FIELD',
      'INVALID_CROSS_REFERENCE_KEY',
      'MISSING_ARGUMENT',
      'INVALID_FIELD_FOR_INSERT_UPDATE',
    ]);
    expect(rig.handle.writes()).toMatchObject([{ id: good, applied: { Stage__c: 'adoption' }, via: 'collection' }]);
    expect((await patch([{ id: locked, Stage__c: 'at_risk' }])).json).toEqual([
      { id: locked, success: true, errors: [] },
    ]);
  });

  it('roll everything back with allOrNone, and take 200 records at most', async () => {
    const [good, bad] = [account(), account()];
    const both = [
      { id: good, Stage__c: 'adoption' },
      { id: bad, Stage__c: 'nonsense' },
    ];
    expect((await patch(both, true)).json).toMatchObject([
      { success: false, errors: [{ statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK' }] },
      { success: false, errors: [{ statusCode: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', fields: ['Stage__c'] }] },
    ]);
    expect(rig.handle.writes()).toEqual([]);
    const many = await patch(Array.from({ length: 201 }, () => ({ id: good, Stage__c: 'adoption' })));
    expect([many.status, Object(many.json)[0].errorCode]).toEqual([400, 'EXCEEDED_ID_LIMIT']);
    expect(rig.handle.writes()).toEqual([]);
  });

  it('read records by id in the order asked, with null for those that are gone', async () => {
    const [one, two] = [account({ Name: 'One' }), account({ Name: 'Two' })];
    rig.handle.remove(ORG, 'Account', two);
    const path = '/composite/sobjects/Account';
    const read = await rig.call('POST', path, { ids: [two, one], fields: ['Name'] });
    expect(read.json).toMatchObject([null, { Id: one, Name: 'One' }]);
    expect((await rig.call('GET', `${path}?ids=${one}&fields=Name,Stage__c`)).json).toMatchObject([{ Stage__c: null }]);
  });
});

describe('a write', () => {
  it('moves the stamps, names its writer and its app, and leaves a row in the history of tracked fields', async () => {
    const id = account({ Stage__c: 'adoption' });
    rig.clock.offset += 60_000;
    const response = await fetch(`${rig.url}/services/data/v66.0/sobjects/Account/${id}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${rig.token(MEMBER)}`, 'sforce-call-options': 'client=Waymark, batchSize=1' },
      body: JSON.stringify({ Stage__c: 'at_risk' }),
    });
    expect(response.status).toBe(204);
    const [member] = rig.handle.findBy(ORG, 'User', 'Username', MEMBER);
    const read = await rig.query(
      `SELECT LastModifiedBy.Username, SystemModstamp, CreatedDate FROM Account WHERE Id = '${id}'`,
    );
    const [record] = Object(read.json).records;
    expect(record.LastModifiedBy.Username).toBe(MEMBER);
    expect(Date.parse(record.SystemModstamp) - Date.parse(record.CreatedDate)).toBeGreaterThanOrEqual(59_000);
    const soql = `SELECT Field, OldValue, NewValue, CreatedById FROM AccountHistory WHERE AccountId = '${id}' AND Field != 'created'`;
    expect(Object((await rig.query(soql)).json).records).toMatchObject([
      { Field: 'Stage__c', OldValue: 'adoption', NewValue: 'at_risk', CreatedById: member?.['Id'] },
    ]);
    expect(rig.handle.writes({ id })).toMatchObject([{ client: 'Waymark', via: 'patch' }]);
  });

  it('of a stage makes opportunity history and what the stage stands for', async () => {
    const values = { Name: 'Deal', StageName: 'Prospecting', CloseDate: '2026-12-01', Amount: 1000 };
    const id = String(rig.handle.upsert(ORG, 'Opportunity', values)['Id']);
    rig.handle.patch(ORG, 'Opportunity', id, { CloseDate: '2026-12-24' });
    rig.handle.patch(ORG, 'Opportunity', id, { StageName: 'Closed Won' });
    rig.handle.patch(ORG, 'Opportunity', id, { NextStep: 'Celebrate' });
    const soql = `SELECT StageName, CloseDate, Probability FROM OpportunityHistory WHERE OpportunityId = '${id}' ORDER BY Id`;
    expect(Object((await rig.query(soql)).json).records).toMatchObject([
      { StageName: 'Prospecting', CloseDate: '2026-12-01', Probability: 10 },
      { StageName: 'Prospecting', CloseDate: '2026-12-24' },
      { StageName: 'Closed Won', Probability: 100 },
    ]);
    const read = await rig.call('GET', `/sobjects/Opportunity/${id}?fields=IsWon,IsClosed`);
    expect(read.json).toMatchObject({ IsWon: true, IsClosed: true });
  });

  it('to a field without edit rights is refused, and single records answer 400 and 404', async () => {
    const id = account();
    rig.handle.profile(ORG, PROFILES.standard, (profile) => {
      profile.readOnlyFields.push('Account.Stage__c');
    });
    const token = rig.token(MEMBER);
    const refused = await rig.call('PATCH', `/sobjects/Account/${id}`, { Stage__c: 'at_risk' }, token);
    expect([refused.status, refused.json]).toMatchObject([
      400,
      [{ errorCode: 'INVALID_FIELD_FOR_INSERT_UPDATE', fields: ['Stage__c'] }],
    ]);
    rig.handle.profile(ORG, PROFILES.standard, (profile) => {
      profile.readOnlyObjects.push('Account');
    });
    const rights = await patch([{ id, Name: 'B' }], false, token);
    expect(rights.json).toMatchObject([{ errors: [{ statusCode: 'INSUFFICIENT_ACCESS_OR_READONLY' }] }]);
    rig.handle.remove(ORG, 'Account', id);
    expect((await rig.call('PATCH', `/sobjects/Account/${id}`, { Name: 'C' })).json).toMatchObject([
      { errorCode: 'ENTITY_IS_DELETED' },
    ]);
    expect((await rig.call('PATCH', '/sobjects/Account/0015g000000zzzzAAA', { Name: 'C' })).status).toBe(404);
    expect((await rig.call('POST', '/sobjects/Account', {})).json).toMatchObject([
      { errorCode: 'REQUIRED_FIELD_MISSING' },
    ]);
  });
});

describe('a new field', () => {
  const wanted = {
    FullName: 'Account.Waymark_Stage__c',
    Metadata: {
      type: 'Picklist',
      label: 'Waymark stage',
      valueSet: {
        restricted: true,
        valueSetDefinition: { sorted: false, value: [{ fullName: 'onboarding', label: 'Onboarding', default: false }] },
      },
    },
  };
  const PATH = '/tooling/sobjects/CustomField';
  const names = async (token?: string): Promise<string[]> =>
    Object((await rig.call('GET', '/sobjects/Account/describe', undefined, token)).json).fields.map(
      (each: { name: string }) => each.name,
    );

  it('is an administrator’s to make, once, and nobody sees it before a permission is given', async () => {
    const member = rig.token(MEMBER);
    const refused = await rig.call('POST', PATH, wanted, member);
    expect([refused.status, Object(refused.json)[0].errorCode]).toEqual([403, 'INSUFFICIENT_ACCESS']);
    rig.handle.settings.toolingRefusal = 'type';
    expect((await rig.call('POST', PATH, wanted, member)).json).toMatchObject([{ errorCode: 'INVALID_TYPE' }]);
    expect((await rig.call('POST', PATH, wanted)).json).toMatchObject({
      success: true,
      id: expect.stringMatching(/^00N/),
    });
    expect((await rig.call('POST', PATH, wanted)).json).toMatchObject([{ errorCode: 'DUPLICATE_DEVELOPER_NAME' }]);
    expect(await names()).not.toContain('Waymark_Stage__c');
    const owned = `SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = true AND Profile.Name = 'System Administrator'`;
    const [set] = Object((await rig.query(owned)).json).records;
    const permission = {
      ParentId: set.Id,
      SobjectType: 'Account',
      Field: 'Account.Waymark_Stage__c',
      PermissionsRead: true,
      PermissionsEdit: true,
    };
    expect((await rig.call('POST', '/sobjects/FieldPermissions', permission, member)).status).toBe(403);
    expect((await rig.call('POST', '/sobjects/FieldPermissions', permission)).status).toBe(201);
    expect(await names()).toContain('Waymark_Stage__c');
    expect(await names(member)).not.toContain('Waymark_Stage__c');
    const id = account();
    expect((await patch([{ id, Waymark_Stage__c: 'onboarding' }])).json).toMatchObject([{ success: true }]);
    expect((await patch([{ id, Waymark_Stage__c: 'gone' }])).json).toMatchObject([{ success: false }]);
  });

  it('can be given to a user by a permission set, and stays in its own org', async () => {
    rig.handle.settings.newFieldsVisible = false;
    await rig.call('POST', PATH, wanted);
    const set = Object(
      (await rig.call('POST', '/sobjects/PermissionSet', { Name: 'Waymark', Label: 'Waymark' })).json,
    ).id;
    const [member] = rig.handle.findBy(ORG, 'User', 'Username', MEMBER);
    await rig.call('POST', '/sobjects/PermissionSetAssignment', { PermissionSetId: set, AssigneeId: member?.['Id'] });
    await rig.call('POST', '/sobjects/FieldPermissions', {
      ParentId: set,
      SobjectType: 'Account',
      Field: 'Account.Waymark_Stage__c',
      PermissionsRead: true,
      PermissionsEdit: false,
    });
    const token = rig.token(MEMBER);
    expect(await names(token)).toContain('Waymark_Stage__c');
    expect((await patch([{ id: account(), Waymark_Stage__c: 'onboarding' }], false, token)).json).toMatchObject([
      { errors: [{ statusCode: 'INVALID_FIELD_FOR_INSERT_UPDATE' }] },
    ]);
    expect(await names(rig.token(ADMIN))).not.toContain('Waymark_Stage__c');
    expect(rig.handle.book(OTHER_ORG).fieldOf('Account', 'Waymark_Stage__c')).toBeUndefined();
  });
});
