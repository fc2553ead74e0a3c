import { readFileSync } from 'node:fs';
import { templateFile } from '@waymark/lifecycle';
import {
  activeDefinitions,
  addWritebackPlan,
  flags as readFlags,
  openActivations,
  saveWritebackMapping,
  writebackMapping,
  writebackPlan,
} from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { foldDue } from '@waymark/sync';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { followActivation, settleActivations } from './activations.ts';
import { activateJourney, retireJourney, rollbackJourney, startShadow, stopShadow } from './definitions.ts';
import { journeyBook } from './journey-book.ts';
import { shadowReports } from './shadow.ts';
import { DAY, furnish, now, openOn } from './status/testing/furnished.ts';
import type { Waymark } from './waymark.ts';
import { whatIf } from './what-if.ts';

let database: TestDatabase;
let waymark: Waymark;
beforeAll(async () => {
  database = await testDatabase();
  waymark = await openOn(database);
});
afterAll(async () => {
  await waymark.close();
  await database.close();
});

const shipped = readFileSync(templateFile('nine-stages'), 'utf8');
const rename = (text: string) => text.replace(/^version: \d+/m, 'version: 90');
/** The customer of sixty silent days is none that is worried about by this one. */
const patient = { source: rename(shipped).replace(/(quiet_days:\n\s+value:) 21/, '$1 90'), file: 'patient.yaml' };

const fold = (workspaceId: string) =>
  foldDue({
    database: waymark.database,
    workspaceId,
    now: waymark.now,
    point: waymark.point,
    afterFold: () => Promise.resolve(),
  });
const openRules = async (workspaceId: string) =>
  (await waymark.database.inWorkspace(workspaceId, (tx) => readFlags(tx, { openOnly: true })))
    .map((flag) => flag.rule)
    .toSorted();

it('says what a definition would change before it is switched, and changes nothing', async () => {
  const { workspace, quietAccountId } = await furnish(waymark, database, 'whatif');
  const before = await database.asOwner('SELECT * FROM engine_state ORDER BY account_id');
  const result = await whatIf(waymark, workspace.workspaceId, patient);
  expect(result.differing.map((one) => one.accountId)).toEqual([quietAccountId]);
  expect(result.differing[0]?.withdrawn.map((flag) => flag.rule)).toEqual(['gone_quiet']);
  expect(result.totals).toMatchObject({ flagsOpened: 0, flagsWithdrawn: 1, stages: 0, fields: 0 });
  expect(await openRules(workspace.workspaceId)).toContain('gone_quiet');
  expect(await database.asOwner('SELECT * FROM engine_state ORDER BY account_id')).toEqual(before);
  expect((await whatIf(waymark, workspace.workspaceId, { source: shipped, file: 'same.yaml' })).differing).toEqual([]);
});

it('puts a definition in force with who, when and which, gathers what follows, and goes back', async () => {
  const { workspace } = await furnish(waymark, database, 'switch');
  const { workspaceId } = workspace;
  const told: string[] = [];
  const bot = {
    planChange: (_tx: unknown, key: string) => {
      told.push(key);
      return Promise.resolve(1);
    },
  };
  await settleActivations(waymark, workspaceId, bot);
  told.length = 0;
  const { journey, activationId, formerDigest } = await activateJourney(waymark, workspaceId, patient, 'riley');
  expect(await settleActivations(waymark, workspaceId, bot)).toEqual([]);
  expect(await waymark.database.inWorkspace(workspaceId, (tx) => openActivations(tx))).toHaveLength(1);
  const follow = () =>
    followActivation(waymark, workspaceId, activationId ?? '', bot, { limitMs: -1, pause: () => Promise.resolve() });
  expect(await follow()).toMatchObject({
    digests: 0,
    plans: [],
    faults: [expect.stringContaining('not all accounts')],
  });
  await fold(workspaceId);
  expect(await openRules(workspaceId)).not.toContain('gone_quiet');
  expect(await settleActivations(waymark, workspaceId, bot)).toMatchObject([{ digests: 1, plans: [] }]);
  expect(told).toEqual([activationId]);
  // Another process was ahead: what it made is told, and not made again.
  await database.asOwner(
    `INSERT INTO outbox (workspace_id, outbox_id, alert_key, message_id, team_id, action, payload, state, attempt, created_at, updated_at)
     VALUES ($1, $2, $3, $2, 'T1', 'post', '{}', 'pending', 0, now(), now())`,
    [workspaceId, uuidv7(), `T1:digest:${activationId}:C1`],
  );
  expect(await follow()).toEqual({ digests: 1, plans: [], faults: [] });
  expect(told).toHaveLength(1);
  expect(await settleActivations(waymark, workspaceId, bot)).toEqual([]);

  const same = await activateJourney(waymark, workspaceId, patient, 'riley');
  expect(same.activationId).toBeNull();

  const back = await rollbackJourney(waymark, workspaceId, 'lifecycle', 'sam');
  expect(back.journey.digest).toBe(formerDigest);
  await fold(workspaceId);
  expect(await openRules(workspaceId)).toContain('gone_quiet');
  const { history, definitions } = await journeyBook(waymark, workspaceId);
  expect(history.map(({ change, by, at }) => ({ change, by, at: Date.parse(at) }))).toEqual([
    { change: 'activated', by: 'test', at: now },
    { change: 'activated', by: 'riley', at: now },
    { change: 'rolled_back', by: 'sam', at: now },
  ]);
  expect(history[1]?.digest).toBe(journey.digest);
  expect(definitions.filter((one) => one.state === 'in_force').map((one) => one.digest)).toEqual([formerDigest]);
  await expect(rollbackJourney(waymark, workspaceId, 'lifecycle', 'sam')).rejects.toMatchObject({
    code: 'NOTHING_BEFORE',
  });
});

it('tells of a change once, where two processes settle it at the same time', async () => {
  const { workspace } = await furnish(waymark, database, 'twice');
  const { workspaceId } = workspace;
  await settleActivations(waymark, workspaceId, { planChange: () => Promise.resolve(0) });
  const { activationId } = await activateJourney(waymark, workspaceId, patient, 'riley');
  await fold(workspaceId);
  const told: string[] = [];
  const isAnotherThere = async () => {
    const [row] = await database.asOwner<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    return told.length > 1 || (row?.waiting ?? 0) > 0;
  };
  const bot = {
    planChange: async (_tx: unknown, key: string) => {
      told.push(key);
      while (!(await isAnotherThere())) await new Promise((resolve) => setTimeout(resolve, 5));
      return 1;
    },
  };
  const both = await Promise.all([1, 2].map(() => settleActivations(waymark, workspaceId, bot)));
  expect(told).toEqual([activationId]);
  expect(both.map((one) => one.length).toSorted()).toEqual([0, 1]);
});

it('voids drafts and asks for approval anew, so that a switch alone writes nothing to the CRM', async () => {
  const { workspace, installationId } = await furnish(waymark, database, 'approval');
  const [mappingId, planId] = [uuidv7(), uuidv7()];
  const read = await waymark.database.inWorkspace(workspace.workspaceId, async (tx) => {
    await saveWritebackMapping(tx, {
      mappingId,
      installationId,
      journey: 'lifecycle',
      property: 'waymark_stage',
      values: { onboarding: 'onboarding' },
      allowBackward: true,
      approvedAt: now,
      approvedBy: 'maya',
      enabled: true,
      createdAt: now,
    });
    const plan = { planId, mappingId, kind: 'forward', state: 'draft', undoOf: null, createdAt: now } as const;
    const open = { approvedBy: null, approvedAt: null, finishedAt: null, resumeAt: null, resumeReason: null };
    await addWritebackPlan(tx, { ...plan, ...open }, []);
    return () =>
      waymark.database.inWorkspace(workspace.workspaceId, async (again) => ({
        mapping: await writebackMapping(again, mappingId),
        plan: await writebackPlan(again, planId),
      }));
  });
  await activateJourney(waymark, workspace.workspaceId, patient, 'riley');
  const { mapping, plan } = await read();
  expect(mapping).toMatchObject({ approvedAt: null, approvedBy: null });
  // A property that holds our stages as they are learns new ones by itself.
  expect(mapping?.values).toMatchObject({ onboarding: 'onboarding', churn: 'churn' });
  expect(plan).toMatchObject({ state: 'rejected', approvedBy: null });
});

it('asks for approval anew also where every stage has its value, whatever they are called in the CRM', async () => {
  const { workspace, installationId } = await furnish(waymark, database, 'renamed');
  const mappingId = uuidv7();
  const stages = [...shipped.matchAll(/^ {2}- id: (\w+)\n {4}title: /gm)].map(([, id = '']) => id);
  await waymark.database.inWorkspace(workspace.workspaceId, (tx) =>
    saveWritebackMapping(tx, {
      mappingId,
      installationId,
      journey: 'lifecycle',
      property: 'their_stage',
      values: Object.fromEntries(stages.map((id) => [id, `their ${id}`])),
      allowBackward: true,
      approvedAt: now,
      approvedBy: 'maya',
      enabled: true,
      createdAt: now,
    }),
  );
  await activateJourney(waymark, workspace.workspaceId, patient, 'riley');
  const mapping = await waymark.database.inWorkspace(workspace.workspaceId, (tx) => writebackMapping(tx, mappingId));
  expect(mapping).toMatchObject({ approvedAt: null, approvedBy: null });
});

it('runs a definition in shadow: the answers in force stay, and the report tells them apart', async () => {
  const { workspace, quietAccountId } = await furnish(waymark, database, 'shadow');
  const { workspaceId } = workspace;
  const before = await openRules(workspaceId);
  await startShadow(waymark, workspaceId, patient, 'riley');
  await database.asOwner(`UPDATE journey_shadow SET started_at = $1`, [new Date(now - 30 * DAY)]);
  await fold(workspaceId);
  expect(await openRules(workspaceId)).toEqual(before);
  const [report] = await shadowReports(waymark, workspaceId);
  expect(report?.flags).toEqual({ both: before.length - 1, onlyInForce: 1, onlyShadow: 0 });
  expect(report?.differing.map((one) => one.accountId)).toEqual([quietAccountId]);
  expect(report?.byRule).toEqual([{ rule: 'gone_quiet', onlyInForce: 1, onlyShadow: 0 }]);
  await stopShadow(waymark, workspaceId, 'lifecycle');
  expect(await shadowReports(waymark, workspaceId)).toEqual([]);
  await expect(stopShadow(waymark, workspaceId, 'lifecycle')).rejects.toMatchObject({ code: 'NO_SHADOW' });
});

it('runs several journeys of an account at once, and takes one out of force with what it said', async () => {
  const { workspace } = await furnish(waymark, database, 'several');
  const { workspaceId } = workspace;
  const second = { source: rename(shipped).replace(/^id: lifecycle/m, 'id: second'), file: 'second.yaml' };
  await activateJourney(waymark, workspaceId, second, 'riley');
  await fold(workspaceId);
  expect((await openRules(workspaceId)).filter((rule) => rule === 'gone_quiet')).toHaveLength(2);
  await retireJourney(waymark, workspaceId, 'second', 'riley');
  await fold(workspaceId);
  expect((await openRules(workspaceId)).filter((rule) => rule === 'gone_quiet')).toHaveLength(1);
  await expect(retireJourney(waymark, workspaceId, 'second', 'riley')).rejects.toMatchObject({ code: 'NO_JOURNEY' });
});

it('keeps the journey that was first the first, whatever version of it was switched last', async () => {
  const { workspace } = await furnish(waymark, database, 'order');
  const { workspaceId } = workspace;
  const other = `id: a_second\nversion: 1\ntitle: Second\ntype: linear\nstages: [{ id: any, title: Any, enter: [{ from: [none] }] }]\n`;
  const order = async () =>
    (await waymark.database.inWorkspace(workspaceId, (tx) => activeDefinitions(tx))).map((one) => one.journey);
  const later = (by: string, hours: number) =>
    database.asOwner(
      `UPDATE journey_activation SET at = at + $2 * interval '1 hour' WHERE workspace_id = $1 AND by_member = $3`,
      [workspaceId, hours, by],
    );
  await activateJourney(waymark, workspaceId, { source: other, file: 'other.yaml' }, 'second');
  await later('second', 1);
  await database.asOwner(
    `UPDATE journey_definition SET activated_at = activated_at + interval '1 hour' WHERE workspace_id = $1 AND journey = 'a_second'`,
    [workspaceId],
  );
  await activateJourney(waymark, workspaceId, patient, 'third');
  await later('third', 2);
  await database.asOwner(
    `UPDATE journey_definition SET activated_at = activated_at + interval '2 hours' WHERE workspace_id = $1 AND version = 90`,
    [workspaceId],
  );
  expect(await order()).toEqual(['lifecycle', 'a_second']);
});
