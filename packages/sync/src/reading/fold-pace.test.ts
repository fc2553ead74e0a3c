import { accountsToFold } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { foldDue } from '../fold/fold.ts';
import {
  company,
  crmOf,
  mail,
  mailboxOf,
  scriptedConnector,
  scriptedStream,
  type ScriptedPage,
} from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const acme = crmOf({ records: [{ id: 'a', version: '1', entities: [company('a', ['acme.example'])] }] });
const letters = (...ids: string[]): ScriptedPage => ({
  records: ids.map((id, at) => ({
    id,
    version: '1',
    events: [mail(id, start - (at + 1) * day, 'ann@acme.example', 'cs@vendor.example')],
  })),
});

/** A workspace in which the worker folds what is due whenever a page was stored; tells after which pages it found something. */
async function watchedRig() {
  const folded: number[] = [];
  const rig: SyncRig = await syncRig(database, {
    point: async (name) => {
      if (name === 'page-committed') folded.push(await foldNow(rig));
    },
  });
  return { rig, folded };
}
const foldNow = (rig: SyncRig) =>
  foldDue({
    database,
    workspaceId: rig.workspaceId,
    now: () => rig.now,
    point: () => Promise.resolve(),
    afterFold: () => Promise.resolve(),
  });
const waiting = (rig: SyncRig) =>
  database.inWorkspace(rig.workspaceId, async (tx) => (await accountsToFold(tx, rig.now, 10)).length);

it('folds an account once for all pages of a first history, as soon as it is read', async () => {
  const { rig, folded } = await watchedRig();
  const crm = await rig.install(acme);
  const asked: string[] = [];
  rig.deps = { ...rig.deps, onCommitted: (workspaceId) => asked.push(workspaceId) };
  await rig.run(crm);
  expect(await foldNow(rig)).toBe(1);
  expect(folded).toEqual([0]);
  const mailbox = await rig.install(mailboxOf(letters('m1'), letters('m2'), letters('m3')));
  await rig.run(mailbox);
  expect(folded).toEqual([0, 0, 0, 0]);
  // Somebody is asked to fold at the end of each first run, and not for each page.
  expect(asked).toEqual([rig.workspaceId, rig.workspaceId]);
  expect(await foldNow(rig)).toBe(1);
});

it('waits for the first runs of others, but not for ever', async () => {
  const { rig } = await watchedRig();
  const [crm, mailbox] = [await rig.install(acme), await rig.install(mailboxOf(letters('m1')))];
  await rig.run(crm);
  expect(await waiting(rig)).toBe(0);
  rig.now += 60_000;
  expect(await waiting(rig)).toBe(1);
  rig.now -= 60_000;
  await rig.run(mailbox);
  expect(await waiting(rig)).toBe(1);
});

it('does not hold up what is new of an account whose history is being read elsewhere', async () => {
  const { rig, folded } = await watchedRig();
  const crm = await rig.install(acme);
  await rig.run(crm);
  await foldNow(rig);
  rig.use(crmOf({ records: [{ id: 'a', version: '2', entities: [company('a', ['acme.example', 'acme.test'])] }] }));
  // The page is asked for while the one before it is stored: the news waits for that, so that each comes by itself.
  const news = async () => {
    await vi.waitFor(() => expect(folded).toHaveLength(1), { timeout: 10_000 });
    rig.now += 1000;
    await rig.run(crm);
  };
  const pages = [letters('m1'), news, { ...letters('m2'), done: true }];
  const mailbox = await rig.install(scriptedConnector('mailbox', [scriptedStream('messages', 5, () => pages)]));
  folded.length = 0;
  await rig.run(mailbox);
  expect(folded).toEqual([0, 1, 0]);
});
