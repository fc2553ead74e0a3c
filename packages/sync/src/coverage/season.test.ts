import { ConnectorFault } from '@waymark/connector-kit';
import { readSeason, setStatus } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { linesOf } from '../import/lines.ts';
import { importFile } from '../import/import.ts';
import { keepSeason } from './season.ts';
import { scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { start, syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const DAY = 86_400_000;

it('a fortnight in which everybody writes a fifth of the usual is a quiet season for all, and for nobody else’s workspace', async () => {
  const [rig, other] = [await syncRig(database), await syncRig(database)];
  rig.now = start;
  const first = Math.floor(start / DAY) * DAY - 120 * DAY;
  const lines: string[] = [];
  for (let day = 0; day < 119; day += 1) {
    const quiet = day >= 90 && day < 104;
    for (let n = 0; n < (quiet ? 4 : 20); n += 1)
      lines.push(
        JSON.stringify({
          specversion: '1.0',
          id: `${day}-${n}`,
          source: 'mail',
          type: 'email.received',
          subject: `customer-${n}.example`,
          time: new Date(first + day * DAY + n * 3_600_000).toISOString(),
          data: { from: `ann@customer-${n}.example` },
        }),
      );
  }
  await importFile(
    { database, sealer: database.sealer, now: () => rig.now },
    rig.workspaceId,
    linesOf([Buffer.from(lines.join('\n'))]),
    {},
  );
  const season = await database.inWorkspace(rig.workspaceId, (tx) => readSeason(tx));
  const days = (season?.lulls ?? []).filter((one) => one.level < 0.5).map((one) => [one.from, one.to]);
  const [from = 0, to = 0] = [Math.min(...days.map(([a = 0]) => a)), Math.max(...days.map(([, b = 0]) => b))];
  expect((from - first) / DAY).toBeGreaterThanOrEqual(90);
  expect((from - first) / DAY).toBeLessThanOrEqual(93);
  expect((to - first) / DAY).toBeLessThanOrEqual(108);
  // Once a day is enough, and the same log says the same.
  expect(await database.inWorkspace(rig.workspaceId, (tx) => keepSeason(tx, rig.now))).toBe(false);
  expect(await database.inWorkspace(rig.workspaceId, (tx) => keepSeason(tx, rig.now, { again: true }))).toBe(false);
  await database.inWorkspace(other.workspaceId, (tx) => keepSeason(tx, rig.now));
  expect((await database.inWorkspace(other.workspaceId, (tx) => readSeason(tx)))?.lulls).toEqual([]);
});

it.each([
  ['cannot be read on', 'active' as const],
  ['is switched off', 'disabled' as const],
])('a history being read is waited for, but not one that %s', async (_, status) => {
  const rig = await syncRig(database);
  const failing = scriptedConnector('mail', [
    scriptedStream('messages', 1, () => [new ConnectorFault({ kind: 'transient', message: 'reset' })]),
  ]);
  const installationId = await rig.install(failing);
  const season = () =>
    database.inWorkspace(rig.workspaceId, async (tx) => {
      await keepSeason(tx, rig.now);
      return readSeason(tx);
    });
  await rig.run(installationId);
  expect(await season()).toBeUndefined();
  if (status === 'active') rig.now += 2 * DAY;
  else await database.inWorkspace(rig.workspaceId, (tx) => setStatus(tx, installationId, status, null, rig.now));
  await rig.run(installationId);
  expect(await season()).toMatchObject({ lulls: [] });
});
