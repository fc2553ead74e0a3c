import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateWorld } from '../company/generate.ts';
import { seedFromWorld as hubspotSeed } from '../hubspot/seed.ts';
import { startRig, type OrgRig } from './org-rig.ts';
import { DEAL_STAGES } from './seed-catalog.ts';
import { INTEGRATION_USER, sampleOrgs, seedFromWorld } from './seed.ts';
import type { Org, SObject } from './state.ts';
import { checkValue, jsonValue } from './value.ts';

const anchor = Date.UTC(2026, 10, 20, 12);
const world = generateWorld({ seed: 7, anchor });
const [main, second] = seedFromWorld(world).orgs;

let rig: OrgRig;
beforeAll(async () => {
  rig = await startRig({ seed: seedFromWorld(world) });
});
afterAll(() => rig.close());

const rows = (org: Org | undefined, object: string): SObject[] => Object.values(org?.records[object] ?? {});
const whole = (at: number): number => Math.floor(at / 1000) * 1000;

describe('the sample org', () => {
  it('is a pure function of the world', () => {
    expect(seedFromWorld(world)).toEqual({ orgs: [main, second] });
  });

  it('holds every account, known person, deal and ticket, every filed mail and meeting, and nothing of the future', () => {
    expect(main?.id).toBe(sampleOrgs.main);
    expect(rows(main, 'Account')).toHaveLength(world.accounts.length);
    expect(rows(main, 'Contact')).toHaveLength(world.people.filter((person) => person.inCrm).length);
    expect(rows(main, 'Opportunity')).toHaveLength(world.deals.length);
    expect(rows(main, 'Case')).toHaveLength(world.tickets.length);
    const portal = hubspotSeed(world).portals[0];
    const filed = (type: 'meetings' | 'emails'): number =>
      Object.keys(portal?.objects[type] ?? {}).filter((id) => (portal?.links[`${type}:${id}`] ?? []).length > 0).length;
    expect(rows(main, 'EmailMessage')).toHaveLength(filed('emails'));
    expect(rows(main, 'Task')).toHaveLength(filed('emails'));
    expect(rows(main, 'Event')).toHaveLength(filed('meetings'));
    for (const [object, records] of Object.entries(main?.records ?? {})) {
      for (const record of Object.values(records)) {
        expect(Number(record['SystemModstamp'] ?? record['CreatedDate']), object).toBeLessThanOrEqual(anchor + 60_000);
        expect(Number(record['CreatedDate'] ?? 0) % 1000).toBe(0);
      }
    }
  });

  it('has only values that Salesforce would take', () => {
    for (const [object, records] of Object.entries(main?.records ?? {})) {
      const fields = new Map(main?.objects[object]?.fields.map((each) => [each.name, each]));
      for (const record of Object.values(records)) {
        for (const [name, value] of Object.entries(record)) {
          const definition = fields.get(name);
          if (definition === undefined) throw new Error(`${object}.${name} is not described`);
          if (value === null || value === '') continue;
          const checked = checkValue(definition, jsonValue(definition, value));
          expect(checked, `${object}.${name} ${String(value)}`).toMatchObject({ ok: true });
        }
      }
    }
  });

  it('keeps the dates of lifecycle stages, onboarding, slips and case statuses in its histories', () => {
    const tracked = (object: string, parent: string, id: unknown, name: string) =>
      rows(main, object)
        .filter((row) => row[parent] === id && row['Field'] === name)
        .map((row) => [row['CreatedDate'], row['NewValue']]);
    for (const account of world.accounts) {
      const [record] = rows(main, 'Account').filter((row) => row['Name'] === account.name);
      const [first, ...later] = account.lifecycleHistory;
      if (first !== undefined) expect(record?.['CreatedDate']).toBe(whole(first.at));
      expect(tracked('AccountHistory', 'AccountId', record?.['Id'], 'Lifecycle_Stage__c')).toEqual(
        later.map((change) => [whole(change.at), change.stage]),
      );
      expect(tracked('AccountHistory', 'AccountId', record?.['Id'], 'Onboarding_Status__c')).toEqual(
        (account.onboarding ?? []).map((change) => [whole(change.at), change.status]),
      );
      const csm = rows(main, 'User').find((user) => user['Id'] === record?.['CSM__c']);
      expect(csm?.['Email']).toBe(account.csm);
    }
    for (const ticket of world.tickets) {
      const [record] = rows(main, 'Case').filter((row) => row['Desk_Reference__c'] === ticket.key);
      expect(tracked('CaseHistory', 'CaseId', record?.['Id'], 'Status')).toHaveLength(ticket.history.length - 1);
      expect(record?.['IsClosed']).toBe(ticket.history.at(-1)?.status === 'closed');
    }
    const slipping = world.deals.find((deal) => deal.closeDates.length > 3);
    const [deal] = rows(main, 'Opportunity').filter((row) => row['Name'] === slipping?.name);
    const past = rows(main, 'OpportunityHistory').filter((row) => row['OpportunityId'] === deal?.['Id']);
    const moves = (slipping?.history.length ?? 0) + (slipping?.closeDates.length ?? 0) - 1;
    expect(past).toHaveLength(moves);
    expect(past.at(-1)).toMatchObject({
      StageName: DEAL_STAGES[slipping?.history.at(-1)?.stage ?? 'won'],
      CloseDate: new Date(slipping?.closeDates.at(-1)?.closeAt ?? 0).toISOString().slice(0, 10),
    });
  });

  it('can hold a part of the company, with its tickets elsewhere', () => {
    const accounts = world.accounts.slice(0, 12).map((account) => account.key);
    const [org] = seedFromWorld(world, { accounts, cases: false }).orgs;
    expect(rows(org, 'Account')).toHaveLength(12);
    expect(rows(org, 'Case')).toEqual([]);
    const people = world.people.filter((person) => person.inCrm && accounts.includes(person.account ?? ''));
    const strangers = world.people.filter((person) => person.inCrm && person.account === undefined);
    expect(rows(org, 'Contact')).toHaveLength(people.length + strangers.length);
    const inside = new Set(rows(org, 'Account').map((row) => row['Id']));
    for (const object of ['Opportunity', 'Event', 'Task']) {
      expect(rows(org, object).length).toBeGreaterThan(0);
      for (const row of rows(org, object)) {
        if (row['AccountId'] !== null) expect(inside).toContain(row['AccountId']);
      }
    }
  });

  it('stands beside an org of somebody else with the same ids, and lets a machine read that is no administrator', async () => {
    const theirs = String(rows(second, 'Account')[0]?.['Id']);
    expect(main?.records['Account']?.[theirs]).toBeDefined();
    const soql = `SELECT Name FROM Account WHERE Id = '${theirs}'`;
    const other = await rig.query(soql, rig.token('tomas.rye@second-harbor.example'));
    expect(other.json).toMatchObject({ records: [{ Name: 'Fjordline Bakery' }] });
    const own = await rig.query(soql, rig.token(INTEGRATION_USER));
    expect(own.json).toMatchObject({ totalSize: 1 });
    expect(own.text).not.toContain('Fjordline');
  });
});
