import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importFile } from './import.ts';
import { replayWorkspace } from '../replay/replay.ts';
import { company, scriptedConnector, scriptedStream } from '../testing/scripted-source.ts';
import { syncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const line = (id: string, subject: string, to: string, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    specversion: '1.0',
    source: 'archive',
    id,
    type: 'crm.stage_changed',
    time: `2026-03-0${id}T09:30:00Z`,
    subject,
    data: { to, ...more },
  });

type Delivery = 'by id' | 'by domain' | 'CRM';
const orders: readonly (readonly Delivery[])[] = [
  ['by id', 'by domain', 'CRM'],
  ['by id', 'CRM', 'by domain'],
  ['by domain', 'by id', 'CRM'],
  ['by domain', 'CRM', 'by id'],
  ['CRM', 'by id', 'by domain'],
  ['CRM', 'by domain', 'by id'],
];

it(
  'an account that one import names by its id and another by its domain is one, whenever the CRM says so (I3)',
  { timeout: 120_000 },
  async () => {
    const said = new Set<string>();
    for (const [at, order] of orders.entries()) {
      const rig = await syncRig(database);
      const crm = await rig.install(scriptedConnector('one', []));
      // Whether what is new is folded by the import itself makes no difference either.
      const along = at % 2 === 0 ? { afterFold: () => Promise.resolve() } : {};
      const bring = (...lines: readonly string[]) =>
        importFile({ database, sealer: database.sealer, now: () => rig.now, ...along }, rig.workspaceId, lines);
      for (const delivery of order) {
        if (delivery === 'by id') await bring(line('1', 'Id-77', 'trial'), line('3', 'Id-77', 'gone'));
        if (delivery === 'by domain')
          await bring(line('2', 'WWW.acme.example.', 'live'), line('4', 'acme.example', 'back'));
        if (delivery === 'CRM') {
          const fact = company('Id-77', ['acme.example'], { name: 'Acme' });
          const page = { records: [{ id: 'Id-77', version: '1', entities: [fact] }], gone: [], done: true };
          rig.use(scriptedConnector('one', [scriptedStream('objects', 1, () => [page])]));
          expect(await rig.run(crm)).toMatchObject({ kind: 'ran', result: { faults: [] } });
        }
        await rig.fold();
      }
      const owners = await rig.rows<{ name: string; events: number }>(
        `SELECT a.name, count(*)::int AS events FROM journey_event e JOIN account a USING (workspace_id, account_id)
          WHERE e.workspace_id = $1 GROUP BY 1`,
      );
      expect(owners, order.join(', ')).toEqual([{ name: 'Acme', events: 4 }]);
      const replayed = await replayWorkspace(database, rig.workspaceId, { now: rig.now });
      expect(replayed, order.join(', ')).toMatchObject({ events: 4, unmatched: 0, differences: [] });
      const stored = await rig.rows(
        `SELECT p.journey, p.stage, p.entered_at, p.exited_at FROM stage_period p JOIN account a USING (workspace_id, account_id)
          WHERE p.workspace_id = $1 AND p.superseded_at IS NULL AND a.merged_into IS NULL ORDER BY 1, 3`,
      );
      said.add(JSON.stringify([replayed.digest, stored]));
    }
    expect([...said]).toHaveLength(1);
  },
);

it(
  'goes on as the CRM has it, by the website that an import gave to an id of its own, whatever came first (I3)',
  { timeout: 120_000 },
  async () => {
    const said = new Set<string>();
    for (const order of orders) {
      const rig = await syncRig(database);
      const crm = await rig.install(scriptedConnector('one', []));
      const bring = (...lines: readonly string[]) =>
        importFile({ database, sealer: database.sealer, now: () => rig.now }, rig.workspaceId, lines);
      for (const delivery of order) {
        if (delivery === 'by id') await bring(line('1', 'legacy-7', 'trial', { website: 'https://acme.example' }));
        if (delivery === 'by domain') await bring(line('2', 'acme.example', 'live'));
        if (delivery === 'CRM') {
          const fact = company('Id-77', ['acme.example'], { name: 'Acme' });
          const page = { records: [{ id: 'Id-77', version: '1', entities: [fact] }], gone: [], done: true };
          rig.use(scriptedConnector('one', [scriptedStream('objects', 1, () => [page])]));
          expect(await rig.run(crm)).toMatchObject({ kind: 'ran', result: { faults: [] } });
        }
        await rig.fold();
      }
      const owners = await rig.rows<{ name: string; events: number }>(
        `SELECT a.name, count(*)::int AS events FROM journey_event e JOIN account a USING (workspace_id, account_id)
          WHERE e.workspace_id = $1 GROUP BY 1`,
      );
      expect(owners, order.join(', ')).toEqual([{ name: 'Acme', events: 2 }]);
      const replayed = await replayWorkspace(database, rig.workspaceId, { now: rig.now });
      expect(replayed, order.join(', ')).toMatchObject({ events: 2, unmatched: 0, differences: [] });
      said.add(replayed.digest);
    }
    expect([...said]).toHaveLength(1);
  },
);
