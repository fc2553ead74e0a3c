import type { EventDraft } from '@waymark/journey';
import { accounts } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountInputs, deriveAccount } from './account-answer.ts';
import { company, crmOf } from '../testing/scripted-source.ts';
import { day, start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const changed = (role: string, to: string, at: number): EventDraft => ({
  type: 'crm.property_changed',
  identity: `${role}:${at}`,
  occurredAt: at,
  subject: 'record:c1',
  participants: [],
  touchpoint: 'crm',
  direction: 'none',
  automated: false,
  attributes: { property: role, role, to },
  rank: 0,
});

it('what dated events tell of a record, its value of today tells no more, neither now nor of then', async () => {
  const rig = await syncRig(database);
  const record = (dated: readonly ('tier' | 'value' | 'renewalDate')[], version: string) => ({
    id: 'c1',
    version,
    entities: [
      company('c1', ['c1.example'], {
        customerSince: start - 300 * day,
        tier: 'gold',
        value: 5000,
        renewalAt: start + 99 * day,
        ...(dated.length > 0 && { dated: [...dated] }),
      }),
    ],
    events: dated.length > 0 ? [changed('tier', 'silver', start - 90 * day), changed('tier', 'gold', start - day)] : [],
  });
  const crm = await rig.install(crmOf({ records: [record([], '1')] }));
  await rig.run(crm);
  await rig.fold();
  const before = rig.now;
  rig.now += day;
  rig.use(crmOf({ records: [record(['tier', 'renewalDate'], '2')] }));
  await rig.run(crm);
  await rig.fold();
  const contextAt = (knownAt?: number) =>
    database.inWorkspace(rig.workspaceId, async (tx) => {
      const [account] = await accounts(tx);
      if (!account) throw new Error('the account is missing');
      const { context } = await (await accountInputs(tx, knownAt === undefined ? {} : { knownAt }))(account);
      return [account.tier, context.tier, context.value, context.renewalAt, context.isAssumed];
    });
  const undated = ['gold', 'gold', 5000, start + 99 * day, undefined];
  const dated = ['gold', undefined, 5000, undefined, undefined];
  expect(await contextAt()).toEqual(dated);
  expect(await contextAt(rig.now)).toEqual(dated);
  expect(await contextAt(before)).toEqual(undated);
  const derived = await database.inWorkspace(rig.workspaceId, async (tx) => {
    const [account] = await accounts(tx);
    return account && deriveAccount(tx, account.accountId, rig.now);
  });
  const [stored] = await rig.rows<{ digest: string }>('SELECT digest FROM engine_state WHERE workspace_id = $1');
  expect(derived?.answers[0]?.answer.digest).toBe(stored?.digest);
});
