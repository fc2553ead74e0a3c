import { accounts, sourceOutagesInForce } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountCoverage, coverageIndex } from './coverage.ts';
import { importFile } from '../import/import.ts';
import { company, mail, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const hour = day / 24;
const first = start - 100 * day;
/** Eight mails a day of one account, told by a source. A mail of the same account and hour is the same one, whoever tells it. */
const told = (source: string, name: string, from: number, to: number) =>
  Array.from({ length: (to - from) * 8 }, (_, n) => {
    const at = first + from * day + Math.floor(n / 8) * day + (n % 8) * hour;
    return JSON.stringify({
      specversion: '1.0',
      id: `${name}-${at}`,
      source,
      type: 'email.received',
      subject: `${name}.example`,
      time: new Date(at).toISOString(),
      data: { from: `ann@${name}.example`, to: ['csm@vendor.example'], messageId: `${name}-${at}@${name}.example` },
    });
  });
const bring = (rig: SyncRig, lines: readonly string[]) =>
  importFile({ database, sealer: database.sealer, now: () => rig.now }, rig.workspaceId, lines);
/** The gaps of every account, by its name. */
const gapsOf = (rig: SyncRig) =>
  database.inWorkspace(rig.workspaceId, async (tx) => {
    const index = await coverageIndex(tx);
    const found: Record<string, readonly (readonly [number, number | null])[]> = {};
    for (const account of await accounts(tx)) {
      const { gaps } = await accountCoverage(tx, index, account);
      found[account.domain ?? account.name] = gaps.map(({ from, to }) => [from, to]);
    }
    return found;
  });
const lastOf = (to: number) => first + (to - 1) * day + 7 * hour;

describe('a source that fell silent', () => {
  it('proves no silence of those whom it told of, and of nobody else', async () => {
    const rig = await syncRig(database);
    await bring(rig, [...told('a', 'acme', 0, 80), ...told('b', 'birch', 0, 100)]);
    expect(await gapsOf(rig)).toEqual({ 'acme.example': [[lastOf(80) + 1, null]], 'birch.example': [] });
  });

  it('does not matter where all that it told came from another as well that goes on; where both fell silent it does', async () => {
    const rig = await syncRig(database);
    const others = told('b', 'birch', 0, 100);
    await bring(rig, [...told('a', 'acme', 0, 80), ...told('b', 'acme', 0, 80), ...others]);
    expect(await gapsOf(rig)).toEqual({ 'acme.example': [], 'birch.example': [] });
    const both = await syncRig(database);
    await bring(both, [...told('a', 'acme', 0, 80), ...told('b', 'acme', 0, 80)]);
    const gap = [lastOf(80) + 1, null];
    expect(await gapsOf(both)).toEqual({ 'acme.example': [gap, gap] });
    // One mail that it alone told: there is contact that only it sees.
    const alone = await syncRig(database);
    await bring(alone, [...told('a', 'acme', 0, 80), ...told('b', 'acme', 0, 79), ...others]);
    expect(await gapsOf(alone)).toEqual({ 'acme.example': [gap], 'birch.example': [] });
  });

  it('does not matter from where a mailbox watches in its place, for an account that the mailbox sees', async () => {
    const rig = await syncRig(database);
    await bring(rig, [...told('a', 'acme', 0, 80), ...told('a', 'birch', 0, 80)]);
    const crm = scriptedConnector('crm', [
      scriptedStream('companies', 1, () => [
        { records: [{ id: 'acme', version: '1', entities: [company('acme', ['acme.example'])] }], done: true },
      ]),
    ]);
    await rig.run(await rig.install(crm));
    const seen = mail('live', start - hour, 'ann@acme.example', 'csm@vendor.example');
    const box = scriptedConnector('mailbox', [
      scriptedStream('messages', 5, () => [{ records: [{ id: 'live', version: '1', events: [seen] }], done: true }]),
    ]);
    await rig.run(await rig.install(box));
    const [state] = await rig.rows<{ from: Date }>(
      `SELECT backfilled_from AS "from" FROM stream_state WHERE workspace_id = $1`,
    );
    const gaps = await gapsOf(rig);
    // It reads back to long before the archive ended.
    expect(state?.from.getTime()).toBeLessThan(lastOf(80));
    expect(gaps).toEqual({ 'acme.example': [], 'birch.example': [[lastOf(80) + 1, null]] });
  });

  it('is silent no longer once what was missing is imported, in any order and any number of files', async () => {
    const rig = await syncRig(database);
    const all = told('a', 'acme', 0, 100);
    await bring(rig, [...all.slice(0, 400), ...all.slice(700)]);
    const known = () => database.inWorkspace(rig.workspaceId, (tx) => sourceOutagesInForce(tx));
    expect(await known()).toMatchObject([{ source: 'a', touchpoint: 'email' }]);
    rig.now += day;
    await bring(rig, all.slice(550, 700));
    expect(await known()).toHaveLength(1);
    rig.now += day;
    const then = { at: rig.now, outages: await known() };
    rig.now += hour;
    await bring(rig, all.slice(400, 550).toReversed());
    expect((await known()).filter(({ to }) => to !== null)).toEqual([]);
    // What was known before is known to have been so: of the outages, and of the gaps that they left.
    const knownThen = () => database.inWorkspace(rig.workspaceId, (tx) => sourceOutagesInForce(tx, then.at));
    expect(await knownThen()).toEqual(then.outages);
    const gaps = await database.inWorkspace(rig.workspaceId, async (tx) => {
      const index = await coverageIndex(tx, then.at);
      const [acme] = await accounts(tx);
      return acme && (await accountCoverage(tx, index, acme, then.at)).gaps.map(({ from, to }) => [from, to]);
    });
    expect(gaps).toEqual(then.outages.map(({ from, to }) => [from, to]));
  });
});
