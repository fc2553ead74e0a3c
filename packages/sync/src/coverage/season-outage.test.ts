import { ConnectorFault } from '@waymark/connector-kit';
import { installations, readSeason, sourceOutagesInForce } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFile } from '../import/import.ts';
import { company, mail, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';
import { watchCoverage } from './coverage.ts';
import { keepSeason } from './season.ts';
import { keepSourceOutages } from './source-outages.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const first = Math.floor(start / day) * day - 120 * day;
const outage = { from: 100, to: 109 };
const hour = day / 24;

/** Twenty words a day of twenty customers, told by one source, for days from and to. */
const told = (from: number, to: number) =>
  Array.from({ length: (to - from) * 20 }, (_, index) => {
    const [one, n] = [from + Math.floor(index / 20), index % 20];
    return JSON.stringify({
      specversion: '1.0',
      id: `${one}-${n}`,
      source: 'archive',
      type: 'email.received',
      subject: `customer-${n}.example`,
      time: new Date(first + one * day + n * hour).toISOString(),
      data: { from: `ann@customer-${n}.example` },
    });
  });
const bring = (rig: SyncRig, lines: readonly string[]) =>
  importFile({ database, sealer: database.sealer, now: () => rig.now }, rig.workspaceId, lines);
const inside = <T>(rig: SyncRig, work: Parameters<typeof database.inWorkspace<T>>[1]) =>
  database.inWorkspace(rig.workspaceId, work);
const lullsOf = async (rig: SyncRig) => (await inside(rig, (tx) => readSeason(tx)))?.lulls ?? [];
const known = (rig: SyncRig) => inside(rig, (tx) => sourceOutagesInForce(tx));

describe('a source that was silent for nine days and a season of the same days', () => {
  it('is an outage, whichever is looked for first', async () => {
    const lines = [...told(0, outage.from), ...told(outage.to, 120)];
    const rig = await syncRig(database);
    rig.now = start;
    await bring(rig, lines);
    expect(await known(rig)).toMatchObject([{ source: 'archive', touchpoint: 'email' }]);
    expect(await lullsOf(rig)).toEqual([]);
    // The season first: as if nobody had looked for outages yet. It is taken back as soon as somebody does.
    const other = await syncRig(database);
    other.now = start;
    await bring(other, lines);
    await database.asOwner('DELETE FROM source_outage WHERE workspace_id = $1', [other.workspaceId]);
    await inside(other, (tx) => keepSeason(tx, other.now, { again: true }));
    expect(await lullsOf(other)).not.toEqual([]);
    await inside(other, (tx) => keepSourceOutages(tx, other.now, { again: true }));
    await inside(other, (tx) => keepSeason(tx, other.now));
    expect(await lullsOf(other)).toEqual([]);
  });

  it('is looked at as it goes on: what comes of a silence that is noticed late is no season for longer than that', async () => {
    const rig = await syncRig(database);
    rig.now = first + outage.from * day;
    await bring(rig, told(0, outage.from));
    for (let one = outage.from; one < outage.to; one += 1) {
      rig.now = first + one * day + day / 2;
      await rig.fold();
      await inside(rig, (tx) => keepSeason(tx, rig.now));
      if ((await known(rig)).length > 0) expect({ one, lulls: await lullsOf(rig) }).toEqual({ one, lulls: [] });
    }
    expect(await known(rig)).toHaveLength(1);
    // Delivered late, in one burst: as if it had come in time.
    rig.now = first + 110 * day;
    await bring(rig, told(outage.from, 110));
    expect(await known(rig)).toEqual([]);
    expect(await lullsOf(rig)).toEqual([]);
  });

  it('is woken by the fold that finds the outage: the season does not wait for the next import', async () => {
    const rig = await syncRig(database);
    rig.now = first + outage.from * day;
    await bring(rig, told(0, outage.from));
    await database.asOwner(`UPDATE workspace_season SET lulls = $2::jsonb, day = day + 30 WHERE workspace_id = $1`, [
      rig.workspaceId,
      JSON.stringify([{ from: rig.now, to: rig.now + 9 * day, level: 0.05, of: 'contact' }]),
    ]);
    rig.now += 8 * day;
    await rig.fold();
    expect(await known(rig)).toHaveLength(1);
    expect(await lullsOf(rig)).toEqual([]);
  });

  it.each([
    { what: 'both of two mailboxes', of: 2, unread: 2, isSeason: false },
    { what: 'one mailbox of five, while the others tell of little', of: 5, unread: 1, isSeason: true },
  ])(
    'is a gap where mailboxes are not read: $what',
    async ({ of, unread, isSeason }) => {
      const rig = await syncRig(database, { historyDays: 200 });
      const customers = Array.from({ length: 20 }, (_, n) => ({
        id: `c${n}`,
        version: '1',
        entities: [company(`c${n}`, [`customer-${n}.example`])],
      }));
      const crm = scriptedConnector('crm', [
        scriptedStream('companies', 1, () => [{ records: customers, done: true }]),
      ]);
      const names = Array.from({ length: of }, (_, n) => `box-${n}`);
      const broken = names.slice(0, unread);
      const records = (name: string, from: number, to: number, share: number) =>
        Array.from({ length: (to - from) * share }, (_, index) => {
          const [one, n] = [from + Math.floor(index / share), index % share];
          const id = `${name}-${one}-${n}`;
          const at = first + one * day + n * hour;
          return { id, version: '1', events: [mail(id, at, `ann@customer-${n}.example`, 'csm@vendor.example')] };
        });
      const parts = { partitions: () => Promise.resolve(names.map((id) => ({ id, label: id }))) };
      const whole = scriptedConnector('mailbox', [
        scriptedStream('messages', 5, (_from, _, name) => [{ records: records(name, 0, 108, 10), done: true }], parts),
      ]);
      const then = scriptedConnector('mailbox', [
        scriptedStream(
          'messages',
          5,
          (_from, _, name) =>
            broken.includes(name)
              ? [new ConnectorFault({ kind: 'transient', message: 'The line is down.' })]
              : [{ records: records(name, 108, 118, 2), done: true }],
          parts,
        ),
      ]);
      rig.now = first + 108 * day;
      await rig.run(await rig.install(crm));
      const box = await rig.install(whole);
      await rig.run(box);
      const season = async () => {
        await inside(rig, async (tx) => {
          await watchCoverage(tx, await installations(tx), rig.now);
          await keepSeason(tx, rig.now);
        });
        return lullsOf(rig);
      };
      expect(await season()).toEqual([]);
      rig.now = first + 118 * day;
      rig.use(then);
      await rig.run(box);
      expect((await season()).length > 0).toBe(isSeason);
      // Without the gap it is what it looks like.
      await database.asOwner('DELETE FROM coverage_gap WHERE workspace_id = $1', [rig.workspaceId]);
      await inside(rig, (tx) => keepSeason(tx, rig.now));
      expect((await lullsOf(rig)).length).toBeGreaterThan(0);
    },
    90_000,
  );
});
