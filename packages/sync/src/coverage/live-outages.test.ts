import type { EventDraft } from '@waymark/journey';
import {
  accounts,
  gaps,
  installations,
  readSeason,
  readSettings,
  sourceOutagesInForce,
  writeSettings,
} from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountCoverage, coverageIndex, watchCoverage } from './coverage.ts';
import { keepLiveOutages } from './live-outages.ts';
import { keepSeason } from './season.ts';
import {
  company,
  crmOf,
  mail,
  mailboxOf,
  scriptedConnector,
  type ScriptedRecord,
  scriptedStream,
} from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const hour = day / 24;
/** Midnight, fifty days before the rig's clock begins. */
const first = Math.floor(start / day) * day - 100 * day;
const at = (one: number) => first + one * day;
const customers = ['acme', 'birch', 'cedar'];

/** Eight words each day of the customers in turn, from one day to another. */
const words = (from: number, to: number, whom: readonly string[] = customers): ScriptedRecord[] =>
  Array.from({ length: (to - from) * 8 }, (_, index) => {
    const [one, n] = [from + Math.floor(index / 8), index % 8];
    const name = whom[n % whom.length] ?? 'acme';
    const id = `${name}-${one}-${n}`;
    return {
      id,
      version: '1',
      events: [mail(id, at(one) + (9 + n) * hour, `ann@${name}.example`, 'csm@vendor.example')],
    };
  });
/** Tickets of a customer who writes no mail, eight a day. */
const tickets = (from: number, to: number): ScriptedRecord[] =>
  words(from, to, ['dune']).map((record): ScriptedRecord => ({
    ...record,
    events: (record.events ?? []).map(({ occurredAt, participants }): EventDraft => ({
      type: 'ticket.opened',
      identity: `ticket:${record.id}`,
      occurredAt,
      participants,
      touchpoint: 'ticket',
      direction: 'inbound',
      automated: false,
      attributes: { ticketId: record.id },
      rank: 0,
    })),
  }));

const crm = crmOf({
  records: [...customers, 'dune'].map((name) => ({
    id: name,
    version: '1',
    entities: [company(name, [`${name}.example`], { customerSince: start - 400 * day })],
  })),
});
const desk = (from: number, to: number) =>
  scriptedConnector('desk', [scriptedStream('tickets', 5, () => [{ records: tickets(from, to), done: true }])]);
const inside = <T>(rig: SyncRig, work: Parameters<typeof database.inWorkspace<T>>[1]) =>
  database.inWorkspace(rig.workspaceId, work);
const known = (rig: SyncRig, knownAt?: number) => inside(rig, (tx) => sourceOutagesInForce(tx, knownAt));
const look = (rig: SyncRig, again = false) => inside(rig, (tx) => keepLiveOutages(tx, rig.now, { again }));
/** The gaps of every account, by its domain. */
const gapsOf = (rig: SyncRig, knownAt?: number) =>
  inside(rig, async (tx) => {
    const index = await coverageIndex(tx, knownAt);
    const found: Record<string, readonly (readonly [number, number | null])[]> = {};
    for (const account of await accounts(tx)) {
      const { gaps: own } = await accountCoverage(tx, index, account, knownAt);
      found[account.domain ?? account.name] = own.map(({ from, to }) => [from, to]);
    }
    return found;
  });
const lastOf = (to: number) => at(to - 1) + 16 * hour;

/** A mailbox that told of these customers until day 90, and a help desk that goes on; both read until the day `day`. */
async function cutOff(until: number, whom: readonly string[] = customers) {
  const rig = await syncRig(database);
  rig.now = at(80);
  await rig.run(await rig.install(crm));
  const box = await rig.install(mailboxOf({ records: words(0, 80, whom) }));
  const help = await rig.install(desk(0, 80));
  await rig.run(box);
  await rig.run(help);
  const go = async (to: number, more: readonly ScriptedRecord[] = []) => {
    rig.now = at(to);
    rig.use(mailboxOf({ records: more }));
    rig.use(desk(80, to));
    await rig.run(box);
    await rig.run(help);
  };
  await go(90, words(80, 90, whom));
  await look(rig);
  await go(until);
  return { rig, box, help, go };
}

describe('an installation that is read and tells nothing', () => {
  it('is an outage after some days, which ends with the first that comes, and both are known as they were', async () => {
    const { rig, box, go } = await cutOff(92);
    await look(rig);
    expect(await known(rig)).toEqual([]);
    await go(97);
    const before = rig.now - 1;
    expect(await look(rig)).toBe(true);
    const from = lastOf(90) + 1;
    expect(await known(rig)).toMatchObject([{ source: box, installationId: box, touchpoint: 'email', from, to: null }]);
    const gap = Object.fromEntries([...customers, 'dune'].map((name) => [`${name}.example`, [[from, null]]]));
    expect(await gapsOf(rig)).toEqual(gap);
    expect(Object.values(await gapsOf(rig, before)).flat()).toEqual([]);
    const then = rig.now;
    const back = words(99, 100).slice(0, 1);
    await go(99.5, back);
    expect(await look(rig)).toBe(true);
    expect(await known(rig)).toMatchObject([{ from, to: at(99) + 9 * hour - 1 }]);
    expect(await gapsOf(rig, then)).toEqual(gap);
    // What was missed comes after all, in one burst: as if it had come in time.
    await go(101, words(90, 100));
    await look(rig, true);
    expect(await known(rig)).toEqual([]);
    expect(Object.values(await gapsOf(rig)).flat()).toEqual([]);
    expect(await gapsOf(rig, then)).toEqual(gap);
  });

  it('concerns those whom it sees and those whom nobody sees, and no season is made of it', async () => {
    const { rig } = await cutOff(97, ['acme', 'birch']);
    // Another mailbox sees cedar, and goes on.
    const other = scriptedConnector('other', [
      scriptedStream('messages', 5, () => [{ records: words(0, 97, ['cedar']), done: true }]),
    ]);
    await rig.run(await rig.install(other));
    await look(rig, true);
    await inside(rig, (tx) => keepSeason(tx, rig.now));
    const gap = [[lastOf(90) + 1, null]];
    expect(await gapsOf(rig)).toEqual({
      'acme.example': gap,
      'birch.example': gap,
      'cedar.example': [],
      'dune.example': gap,
    });
    expect((await inside(rig, (tx) => readSeason(tx)))?.lulls ?? []).toEqual([]);
  });

  it('is told of one mailbox of an organization’s many, and not of one whose owner is away and still gets mail', async () => {
    const rig = await syncRig(database);
    rig.now = at(80);
    await rig.run(await rig.install(crm));
    const own = (from: number, to: number, name: string, every = 1) =>
      words(from, to, [name]).filter((_, index) => index % every === 0);
    const boxes: { readonly name: string; readonly box: string }[] = [];
    for (const name of customers) {
      const box = await rig.install(mailboxOf({ records: own(0, 80, name) }), {
        account: name,
        address: `${name}@vendor.example`,
      });
      boxes.push({ name, box });
      await rig.run(box);
    }
    // From the ninetieth day on nothing comes from the first; who has the second is away for two weeks, and a quarter still comes.
    const go = async (to: number, most: (name: string) => readonly ScriptedRecord[]) => {
      rig.now = at(to);
      for (const { name, box } of boxes) {
        rig.use(mailboxOf({ records: [...most(name)] }));
        await rig.run(box);
      }
    };
    await go(90, (name) => own(80, 90, name));
    await go(104, (name) => (name === 'acme' ? [] : own(90, 104, name, name === 'birch' ? 4 : 1)));
    await look(rig, true);
    expect(await known(rig)).toMatchObject([{ installationId: boxes[0]?.box, from: lastOf(90) + 1, to: null }]);
    expect(Object.entries(await gapsOf(rig)).flatMap(([name, found]) => (found.length > 0 ? [name] : []))).toEqual([
      'acme.example',
      // Whom nobody sees writes perhaps to the one that is silent.
      'dune.example',
    ]);
  });

  it('raises one data-gap notice and no flag of silence, and the flags come once it tells again of others only', async () => {
    const { rig, go } = await cutOff(97);
    const open = async () =>
      (
        await rig.rows<{ rule: string }>(
          'SELECT rule FROM flag WHERE workspace_id = $1 AND superseded_at IS NULL AND cleared_at IS NULL',
        )
      ).map(({ rule }) => rule);
    await look(rig);
    for (const one of [110, 125, 140]) {
      await go(one);
      await look(rig);
      await rig.fold();
      expect(await open()).not.toContain('gone_quiet');
    }
    expect(await open()).toContain('data_gap');
    // The mailbox tells of all but acme again: its silence is its own now.
    await go(200, words(141, 200, ['birch', 'cedar']));
    await look(rig);
    await rig.fold();
    expect(await open()).toContain('gone_quiet');
  });

  it('is none where one account is quiet, nor where all sources are', async () => {
    const { rig, go, box, help } = await cutOff(90.5);
    await go(97, words(90, 97, ['birch', 'cedar']));
    await look(rig, true);
    expect(await known(rig)).toEqual([]);
    // Everything is quiet, for ten days.
    rig.now = at(107);
    rig.use(mailboxOf({}));
    rig.use(desk(0, 0));
    for (const id of [box, help]) await rig.run(id);
    await look(rig, true);
    expect(await known(rig)).toEqual([]);
  });

  it('is not looked for while it is not read: then it is a gap of its own', async () => {
    const { rig } = await cutOff(90.5);
    rig.now = at(100);
    await look(rig, true);
    expect(await known(rig)).toEqual([]);
    expect(await inside(rig, async (tx) => watchCoverage(tx, await installations(tx), rig.now))).toBeGreaterThan(0);
    expect(await inside(rig, (tx) => gaps(tx, { unhealedOnly: true }))).not.toEqual([]);
  });

  it('counts no holiday of the workspace’s country', async () => {
    const { rig } = await cutOff(93.8);
    await look(rig, true);
    expect(await known(rig)).toHaveLength(1);
    // 25 May 2026, the fourth day, is Whit Monday.
    await inside(rig, async (tx) =>
      writeSettings(tx, { ...(await readSettings(tx)), country: 'DE', timezone: 'Europe/Berlin' }, rig.now),
    );
    await look(rig, true);
    expect(await known(rig)).toEqual([]);
  });

  it('is the same in any order of looks and arrivals', async () => {
    const a = await cutOff(97);
    await look(a.rig);
    await a.go(101, words(99, 101));
    await look(a.rig);
    await a.go(102, words(95, 97));
    await look(a.rig, true);
    const b = await cutOff(97);
    await b.go(102, [...words(99, 101), ...words(95, 97)].toReversed());
    await look(b.rig, true);
    const bare = async (rig: SyncRig) =>
      (await known(rig)).map(({ source, touchpoint, from, to }) => ({ source, touchpoint, from, to }));
    expect(await bare(b.rig)).toEqual(await bare(a.rig));
    expect(await bare(a.rig)).not.toEqual([]);
  });
});
