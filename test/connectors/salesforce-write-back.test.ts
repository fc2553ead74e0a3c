import { salesforce } from '@waymark/connector-salesforce';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { picklist } from '../../apps/sandbox/src/salesforce/field.ts';
import { ADMIN, MEMBER, ORG } from '../../apps/sandbox/src/salesforce/org-rig.ts';
import { PROFILES } from '../../apps/sandbox/src/salesforce/org.ts';
import { SalesforceOrg } from './salesforce-org.ts';
import { eventsOf } from './streams.ts';

let org: SalesforceOrg;

const write = salesforce.write ?? expect.fail('no writer');
const FIELD = 'Waymark_Stage__c';
const settings = { properties: { stage: FIELD } };
const options = [
  { value: 'onboarding', label: 'Onboarding' },
  { value: 'engagement', label: 'Engagement' },
];

const writes = (accounts: readonly string[], value: string) =>
  accounts.map((externalId) => ({ externalId, property: FIELD, value, traceId: `trace-${externalId}` }));

beforeEach(async () => {
  org = await SalesforceOrg.start();
});
afterEach(() => org.rig.close());

const prepared = (): void =>
  org.rig.handle.setFields(ORG, 'Account', [
    picklist(FIELD, ['onboarding', 'engagement'], { restricted: true, tracked: true }),
  ]);

describe('write-back to Salesforce, with the real SDK', () => {
  it('H3: creates its field, says that it is hidden until somebody gives the right, and then writes to it', async () => {
    const client = await org.connect(settings);
    const made = Array.from({ length: 200 }, (_, index) => org.account(`Account ${index}`));
    expect(await write.describe(client, FIELD)).toBeNull();
    await expect(write.createProperty(client, FIELD, 'Journey stage', options)).rejects.toMatchObject({
      fault: { kind: 'rejected', message: expect.stringContaining('Read and Edit') },
    });
    await expect(write.createProperty(client, FIELD, 'Journey stage', options)).rejects.toMatchObject({
      fault: { message: expect.stringContaining('is there and hidden') },
    });
    org.rig.handle.profile(ORG, PROFILES.admin, (profile) => {
      profile.hiddenFields = [];
    });
    expect(await write.describe(client, FIELD)).toEqual({ options });
    await write.createProperty(client, FIELD, 'Journey stage', options);
    const results = await write.write(client, writes(made, 'onboarding'));
    expect(results.map((result) => result.outcome)).toEqual(made.map(() => 'written'));
    const read = await write.read(client, FIELD, made);
    expect(read.size).toBe(200);
    expect(read.get(made[0] ?? '')).toMatchObject({ value: 'onboarding', source: 'waymark' });
    expect(new Set(org.rig.handle.writes().map((entry) => entry.client))).toEqual(new Set(['Waymark']));
    await expect(write.write(client, writes([...made, 'one more'], 'onboarding'))).rejects.toMatchObject({
      fault: { kind: 'rejected' },
    });
  });

  it('a name that is none, or a user who may not create fields, is told what to do', async () => {
    const client = await org.connect(settings, MEMBER);
    for (const property of ['waymark_stage', FIELD]) {
      await expect(write.createProperty(client, property, 'Journey stage', [])).rejects.toMatchObject({
        fault: { kind: 'rejected', message: expect.stringMatching(/__c/) },
      });
    }
  });

  it('H4, F2: each record has its own outcome: a lock passes, a rule, a picklist and a right say what to do, a deleted one is gone', async () => {
    prepared();
    const client = await org.connect(settings);
    const [good = '', locked = '', ruled = '', gone = ''] = ['a', 'b', 'c', 'd'].map((name) => org.account(name));
    const { refusedWrites } = org.rig.handle.settings;
    refusedWrites.set(locked, { code: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access', once: true });
    refusedWrites.set(ruled, { code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'CANARY-what-a-person-wrote' });
    org.rig.handle.remove(ORG, 'Account', gone);
    const results = await write.write(client, writes([good, locked, ruled, gone], 'onboarding'));
    expect(results).toMatchObject([
      { traceId: `trace-${good}`, outcome: 'written' },
      { outcome: 'failed', fault: { kind: 'transient' } },
      { outcome: 'failed', fault: { kind: 'rejected', message: expect.stringContaining('validation rule') } },
      { outcome: 'failed', fault: { kind: 'record-gone', id: gone } },
    ]);
    expect(JSON.stringify(results)).not.toContain('CANARY-');
    expect(await write.write(client, writes([locked], 'onboarding'))).toMatchObject([{ outcome: 'written' }]);
    expect(await write.write(client, writes([good], 'no such option'))).toMatchObject([
      { outcome: 'failed', fault: { kind: 'rejected', message: expect.stringContaining('picklist') } },
    ]);
    org.rig.handle.profile(ORG, PROFILES.standard, (profile) => {
      profile.viewAll = true;
      profile.readOnlyObjects.push('Account');
    });
    expect(await write.write(await org.connect(settings, MEMBER), writes([good], 'engagement'))).toMatchObject([
      { outcome: 'failed', fault: { kind: 'rejected', message: expect.stringContaining('permission set') } },
    ]);
  });

  it('H1: tells our own write from a person’s, by the field’s own history', async () => {
    prepared();
    const client = await org.connect(settings);
    const mia = String(org.rig.handle.findBy(ORG, 'User', 'Username', MEMBER)[0]?.['Id']);
    const [ours = '', theirs = ''] = ['Ours', 'Theirs'].map((name) => org.account(name));
    await write.write(client, writes([ours, theirs], 'onboarding'));
    org.wait(60_000);
    // A person changes another field of the one, and the stage of the other.
    org.rig.handle.patch(ORG, 'Account', ours, { Industry: 'Sea' }, { userId: mia, at: org.now() });
    org.rig.handle.patch(ORG, 'Account', theirs, { [FIELD]: 'engagement' }, { userId: mia, at: org.now() });
    const read = await write.read(client, FIELD, [ours, theirs]);
    expect(read.get(ours)).toMatchObject({ value: 'onboarding', source: 'waymark', changedAt: expect.any(Number) });
    expect(read.get(theirs)).toMatchObject({ value: 'engagement', source: `user:${mia}` });
    const events = eventsOf(org.map('accounts', await org.pull('accounts', null, { client }), settings));
    const me = String(org.rig.handle.findBy(ORG, 'User', 'Username', ADMIN)[0]?.['Id']);
    expect(events.filter((event) => event.type === 'crm.stage_changed').map((event) => event.attributes)).toMatchObject(
      [
        { to: 'onboarding', sourceId: me },
        { to: 'onboarding', sourceId: me },
        { from: 'onboarding', to: 'engagement', sourceId: mia },
      ],
    );
  });

  it('clears a value, goes back without clearing, and writes though reading has used its share of the day', async () => {
    prepared();
    const client = await org.connect({ ...settings, quota: { share: 0.01 } });
    const id = org.account('Acme', { [FIELD]: 'engagement' });
    expect(write.backwardNeedsClear(FIELD)).toBe(false);
    org.rig.handle.settings.dailyCalls = 100;
    await client.rows('SELECT Id FROM Account');
    await expect(client.rows('SELECT Id FROM Account')).rejects.toMatchObject({ fault: { kind: 'quota-exhausted' } });
    expect(await write.write(client, writes([id], 'onboarding'))).toMatchObject([{ outcome: 'written' }]);
    expect((await write.read(client, FIELD, [id])).get(id)?.value).toBe('onboarding');
    expect(await write.write(client, writes([id], ''))).toMatchObject([{ outcome: 'written' }]);
    expect(org.rig.handle.book(ORG).get('Account', id)[FIELD]).toBeNull();
  });

  it('I5: a write is never repeated by itself', async () => {
    prepared();
    const id = org.account('Acme');
    org.rig.faults.add({ kind: 'reset-mid-body', match: { path: '/composite/sobjects' }, times: 1 });
    const session = org.session(settings);
    const client = await salesforce.connect(session);
    await expect(write.write(client, writes([id], 'onboarding'))).rejects.toMatchObject({
      fault: { kind: 'transient' },
    });
    expect(session.calls.map((call) => call.idempotent)).toEqual([false]);
  });
});
