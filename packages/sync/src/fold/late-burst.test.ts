import { installations } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchCoverage } from '../coverage/coverage.ts';
import { company, mail, scriptedConnector, scriptedStream, type ScriptedRecord } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const hour = day / 24;
const names = Array.from({ length: 12 }, (_, number) => `c${number}`);
const customers = names.map((name) => ({
  id: name,
  version: '1',
  entities: [company(name, [`${name}.example`], { customerSince: start - 300 * day })],
}));

/** Questions every few days, each answered a day later: some of them just before the mailbox is cut off. */
const mails = names.flatMap((name, number) =>
  Array.from({ length: 46 }, (_, n): [number, ScriptedRecord][] => {
    const at = start - (195 + (number % 3) * 5) * day + n * 5 * day - number * hour;
    const told = (id: string, when: number, from: string, to: string): [number, ScriptedRecord] => [
      when,
      { id, version: '1', events: [mail(id, when, from, to, { attributes: { threadId: `t-${name}-${n}` } })] },
    ];
    return [
      told(`q-${name}-${n}`, at, `ann@${name}.example`, 'csm@vendor.example'),
      told(`a-${name}-${n}`, at + 20 * hour, 'csm@vendor.example', `ann@${name}.example`),
    ];
  }).flat(),
);

/** Lives from day to day; on days of the outage the mailbox is not read. */
async function live(isOut: (day: number) => boolean): Promise<{ rig: SyncRig; raised: string[] }> {
  const rig = await syncRig(database);
  rig.now = start - 5 * day;
  const crm = scriptedConnector('crm', [scriptedStream('companies', 1, () => [{ records: customers, done: true }])]);
  await rig.run(await rig.install(crm));
  const until = (now: number) => mails.filter(([at]) => at <= now).map(([, record]) => record);
  const mailbox = () =>
    scriptedConnector('mailbox', [scriptedStream('messages', 5, () => [{ records: until(rig.now), done: true }])]);
  const box = await rig.install(mailbox());
  for (let number = -5; number <= 16; number += 1) {
    rig.now = start + number * day;
    if (!isOut(number)) {
      rig.use(mailbox());
      await rig.run(box);
    }
    await database.inWorkspace(rig.workspaceId, async (tx) => watchCoverage(tx, await installations(tx), rig.now));
    await rig.fold();
  }
  const flags = await rig.rows<{ name: string; rule: string; kind: string }>(
    `SELECT DISTINCT a.name, f.rule, f.kind FROM flag f JOIN account a ON a.workspace_id = f.workspace_id AND a.account_id = f.account_id
      WHERE f.workspace_id = $1 AND f.kind = 'risk' ORDER BY 1, 2`,
  );
  return { rig, raised: flags.map(({ name, rule }) => `${name} ${rule}`) };
}

describe('a mailbox that is cut off for nine days and then read in one burst', () => {
  it('raises no flag on a customer that it would not have raised in time, and leaves the state of one that was read all along', async () => {
    const inTime = await live(() => false);
    const late = await live((number) => number >= 1 && number < 10);
    // Raised at any time, in force or not: nothing was said that had to be taken back.
    expect(late.raised).toEqual(inTime.raised);
    expect(await late.rig.digest()).toBe(await inTime.rig.digest());
    const [gaps] = await late.rig.rows<{ gaps: number }>(
      `SELECT count(*)::int AS gaps FROM flag WHERE workspace_id = $1 AND kind = 'data_gap' AND superseded_at IS NULL`,
    );
    expect(gaps?.gaps).toBe(0);
  }, 240_000);
});
