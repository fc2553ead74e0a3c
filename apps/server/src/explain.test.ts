import { readFileSync } from 'node:fs';
import { templateFile } from '@waymark/lifecycle';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { exclude, foldDue } from '@waymark/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { activateJourney } from './definitions.ts';
import { explainAccount, type ExplainRequest } from './explain.ts';
import { DAY, furnish, now, openOn } from './status/testing/furnished.ts';
import type { Waymark } from './waymark.ts';

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
const ask = async (workspaceId: string, accountId: string, asOf: number, request: ExplainRequest = {}) => {
  const [first] = await waymark.database.inWorkspace(workspaceId, (tx) => explainAccount(tx, accountId, asOf, request));
  if (!first) throw new Error('nothing was explained');
  return first;
};
const openRules = ({ answer }: Awaited<ReturnType<typeof ask>>) =>
  answer.flags.flatMap((flag) => (flag.clearedAt === null ? [flag.rule] : []));

it('tells dates as its reasons do, in the zone of the account', async () => {
  const { workspace, calmAccountId } = await furnish(waymark, database, 'dates', { timezone: 'Pacific/Auckland' });
  const late = await ask(workspace.workspaceId, calmAccountId, Date.UTC(2026, 5, 14, 13));
  expect(late.timezone).toBe('Pacific/Auckland');
  expect(late.text).toMatch(/^As of 15 Jun 2026/);
});

it('derives an account again, agrees with what is stored, and says why not', async () => {
  const { workspace, quietAccountId, calmAccountId } = await furnish(waymark, database, 'why');
  const quiet = await ask(workspace.workspaceId, quietAccountId, now, { whyNot: true });
  expect(quiet).toMatchObject({ agrees: true, comparedWith: 'stored_now' });
  expect(openRules(quiet)).toContain('gone_quiet');
  expect(quiet.whyNot.map((one) => one.rule)).not.toContain('gone_quiet');
  const calm = await ask(workspace.workspaceId, calmAccountId, now, { whyNot: true, flagId: 'gone_quiet' });
  expect(calm.whyNot.find((one) => one.rule === 'gone_quiet')?.because).toBe('condition');
  expect(calm.text).toMatch(/short of it/);

  await database.asOwner(`UPDATE engine_state SET digest = 'other' WHERE account_id = $1`, [quietAccountId]);
  expect((await ask(workspace.workspaceId, quietAccountId, now)).agrees).toBe(false);
});

it.each([
  ['a flag by another name', `UPDATE flag SET rule = 'renamed' WHERE account_id = $1`, /^flag: stored renamed from/],
  [
    'a flag told as older',
    `UPDATE flag SET opened_at = opened_at - interval '3 days' WHERE account_id = $1`,
    /^flag: /,
  ],
  ['another stage', `UPDATE stage_period SET stage = 'churn' WHERE account_id = $1`, /^period: stored churn from/],
  ['another health', `UPDATE engine_state SET health = 1 WHERE account_id = $1`, /^health: stored 1, log /],
])('does not agree with what was altered where it is stored: %s', async (what, sql, difference) => {
  const { workspace, quietAccountId } = await furnish(waymark, database, what.replaceAll(' ', '-'));
  await database.asOwner(sql, [quietAccountId]);
  const { agrees, differences } = await ask(workspace.workspaceId, quietAccountId, now);
  expect(agrees).toBe(false);
  expect(differences).toContainEqual(expect.stringMatching(difference));
});

it('answers by what was recorded and in force then, and compares with what was stored then', async () => {
  const { workspace, quietAccountId } = await furnish(waymark, database, 'known');
  const { workspaceId } = workspace;
  const then = await ask(workspaceId, quietAccountId, now, { knownAt: now });
  expect(then).toMatchObject({
    agrees: true,
    comparedWith: 'stored_then',
    differences: [],
    ofToday: ['matching', 'sight'],
  });

  // A mail of ten days ago that is recorded an hour later, and another definition the hour after.
  const [row] = await database.asOwner<{ event_id: string }>(
    `UPDATE journey_event SET occurred_at = $2, recorded_at = $3 WHERE (event_id, source_id) IN (
       SELECT event_id, source_id FROM journey_event WHERE account_id = $1 AND type = 'email.received' ORDER BY occurred_at LIMIT 1)
     RETURNING event_id`,
    [quietAccountId, new Date(now - 10 * DAY), new Date(now + 3_600_000)],
  );
  expect(row).toBeDefined();
  const later = now + 2 * 3_600_000;
  expect(openRules(await ask(workspaceId, quietAccountId, now, { knownAt: later }))).not.toContain('gone_quiet');
  expect(openRules(await ask(workspaceId, quietAccountId, now, { knownAt: now }))).toContain('gone_quiet');

  expect(then.purgedSince).toEqual([]);
  const order = { database: waymark.database, sealer: waymark.sealer, now: () => now + DAY };
  await exclude(order, workspaceId, { kind: 'person', value: 'nobody@else.example' }, 'admin');
  expect((await ask(workspaceId, quietAccountId, now, { knownAt: now })).purgedSince).toEqual([now + DAY]);
  expect((await ask(workspaceId, quietAccountId, now, { knownAt: now + DAY })).purgedSince).toEqual([]);
  expect((await ask(workspaceId, quietAccountId, now)).purgedSince).toEqual([]);

  const before = await ask(workspaceId, quietAccountId, now - 400 * DAY, { knownAt: now - 400 * DAY });
  expect(before).toMatchObject({ agrees: null, comparedWith: 'nothing_stored_then', differences: [] });
});

it('speaks by the definition that was in force then', async () => {
  const { workspace, quietAccountId } = await furnish(waymark, database, 'rules');
  const { workspaceId } = workspace;
  const patient = shipped.replace(/^version: \d+/m, 'version: 90').replace(/(quiet_days:\n\s+value:) 21/, '$1 90');
  await activateJourney(waymark, workspaceId, { source: patient, file: 'patient.yaml' }, 'riley');
  await database.asOwner(
    `UPDATE journey_activation SET at = at + interval '1 hour' WHERE workspace_id = $1 AND by_member = 'riley'`,
    [workspaceId],
  );
  await foldDue({
    database: waymark.database,
    workspaceId,
    now: waymark.now,
    point: waymark.point,
    afterFold: () => Promise.resolve(),
  });
  expect(openRules(await ask(workspaceId, quietAccountId, now))).not.toContain('gone_quiet');
  expect(openRules(await ask(workspaceId, quietAccountId, now, { knownAt: now }))).toContain('gone_quiet');
});
