import { compileJourney, parseDefinition } from '@waymark/lifecycle';
import { accounts, activateDefinition, peerMedians } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deriveAccount } from '../fold/account-answer.ts';
import { replayWorkspace } from '../replay/replay.ts';
import { keepPeers, peersAsked } from './peers.ts';
import { company, mail, scriptedConnector, scriptedStream, type ScriptedRecord } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const source = `id: tiers
version: 1
title: Tiers
type: cyclical
stages: [{ id: live, title: Live, enter: [{ from: [none] }] }]
rules:
  - id: below_tier
    kind: risk
    severity: low
    title: Below its tier
    when: { signal: tier_share, with: { types: [email.received], days: 28, leastAccounts: 4 }, op: '<', value: 0.5 }
    reason: 'Wrote {tier_share} of what is usual'
    clears: More.
    nextStep: Ask.
`;
const definition = parseDefinition(source, 'tiers.yaml');
const digest = compileJourney(definition).digest;

const gold = ['a', 'b', 'c', 'd', 'e'];
const crm = (records: readonly ScriptedRecord[]) =>
  scriptedConnector('crm', [scriptedStream('companies', 1, () => [{ records: [...records], done: true }])]);
const mailbox = (records: readonly ScriptedRecord[]) =>
  scriptedConnector('mailbox', [scriptedStream('messages', 5, () => [{ records: [...records], done: true }])]);
const customer = (name: string, tier: string, version = '1', more: object = {}): ScriptedRecord => ({
  id: name,
  version,
  entities: [company(name, [`${name}.example`], { customerSince: start - 300 * day, tier, ...more })],
});
const from = (name: string, at: number): ScriptedRecord => ({
  id: `m-${name}-${at}`,
  version: '1',
  events: [mail(`m-${name}-${at}`, at, `ann@${name}.example`, 'csm@vendor.example')],
});

async function rigged(): Promise<{ rig: SyncRig; box: string; crmId: string }> {
  const rig = await syncRig(database);
  await database.inWorkspace(rig.workspaceId, (tx) =>
    activateDefinition(tx, { journey: 'tiers', digest, version: 1, source }, 'test', start - 400 * day),
  );
  const crmId = await rig.install(crm([...gold.map((name) => customer(name, 'Gold')), customer('s', 'silver')]));
  await rig.run(crmId);
  const often = [...gold, 's'].flatMap((name) =>
    Array.from({ length: name === 'e' ? 12 : 120 }, (_, n) =>
      from(name, start - day - Math.floor(n * (name === 'e' ? 17 : 1.7) * day)),
    ),
  );
  const box = await rig.install(mailbox(often));
  await rig.run(box);
  return { rig, box, crmId };
}

const keep = (rig: SyncRig) => database.inWorkspace(rig.workspaceId, (tx) => keepPeers(tx, rig.now));
const open = (rig: SyncRig) =>
  rig
    .rows<{ name: string }>(
      `SELECT a.name FROM flag f JOIN account a ON a.workspace_id = f.workspace_id AND a.account_id = f.account_id
        WHERE f.workspace_id = $1 AND f.superseded_at IS NULL AND f.cleared_at IS NULL AND f.rule = 'below_tier' ORDER BY a.name`,
    )
    .then((rows) => rows.map(({ name }) => name));

/** What is said of every account, from the log, as of an instant and by what was known then. */
const said = (rig: SyncRig, at: number) =>
  database.inWorkspace(rig.workspaceId, async (tx) => {
    const answers: Record<string, unknown> = {};
    for (const { accountId, name } of await accounts(tx)) {
      const derived = await deriveAccount(tx, accountId, at, { knownAt: at });
      answers[name] = derived?.answers.map(({ answer }) => answer.digest);
    }
    return answers;
  });

it('an account far below the customers of its tier is flagged, and no other; nothing is worked out where nobody asks', async () => {
  const { rig } = await rigged();
  // Worked out with the end of the first reading: the first fold judges by it.
  await rig.fold();
  expect(await open(rig)).toEqual(['Company e']);
  // Once a day is enough, and the same log says the same.
  expect(await keep(rig)).toBe(false);
  rig.now += day / 2;
  expect(await keep(rig)).toBe(false);
  const medians = await database.inWorkspace(rig.workspaceId, (tx) => peerMedians(tx));
  expect(new Set(medians.map(({ tier }) => tier))).toEqual(new Set(['gold', 'silver']));
  // One customer is no tier.
  expect(medians.filter(({ tier }) => tier === 'silver').every(({ median }) => median === null)).toBe(true);

  const other = await syncRig(database);
  expect(await keep(other)).toBe(false);
  expect(await database.inWorkspace(other.workspaceId, (tx) => peerMedians(tx))).toEqual([]);
  // What another definition asks is worked out on the spot, and kept nowhere.
  const asked = await database.inWorkspace(rig.workspaceId, (tx) =>
    peersAsked(tx, parseDefinition(source.replace('days: 28', 'days: 14'), 'other.yaml'), rig.now),
  );
  expect(asked.gold?.map(({ measure }) => measure)).toEqual(['email.received 2/0 of 4', 'email.received 4/0 of 4']);
  expect((await database.inWorkspace(rig.workspaceId, (tx) => peerMedians(tx))).length).toBe(medians.length);
});

it('what was usual is answered as it was known, while mail comes late, tiers change and the tier falls', async () => {
  const { rig, box, crmId } = await rigged();
  const then = new Map<number, Record<string, unknown>>();
  const flagged = new Set<string>();
  let calm = 0;
  for (let n = 0; n < 44; n += 1) {
    // All but one write ever less; what is told is told up to nine days late.
    const fresh = gold
      .filter((name) => name === 'e' || n < 12 || n % 9 === 0)
      .map((name, index) => from(name, rig.now - ((n + index) % 4 === 0 ? 9 * day : day / 3) + index));
    rig.use(mailbox(fresh));
    await rig.run(box);
    if (n === 8) {
      rig.use(crm([customer('s', 'GOLD', '2'), customer('d', 'silver', '2')]));
      await rig.run(crmId);
    }
    if (n === 24) {
      rig.use(crm([customer('c', 'gold', '3', { isCustomer: false })]));
      await rig.run(crmId);
    }
    await keep(rig);
    await rig.fold();
    for (const name of await open(rig)) flagged.add(name);
    if (!(await open(rig)).includes('Company e')) calm += 1;
    if (n % 3 === 0) then.set(rig.now, await said(rig, rig.now));
    rig.now += day;
  }
  expect(flagged.has('Company e')).toBe(true);
  expect(calm).toBeGreaterThan(10);
  for (const [at, answers] of then)
    expect({ at: new Date(at), ...(await said(rig, at)) }).toEqual({ at: new Date(at), ...answers });
  const { differences } = await replayWorkspace(database, rig.workspaceId, { now: rig.now - day });
  expect(differences).toEqual([]);
}, 240_000);
