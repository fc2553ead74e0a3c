import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { foldDue } from '../fold/fold.ts';
import { importFile } from './import.ts';
import { noPoint } from '../reading/points.ts';
import { syncRig } from '../testing/sync-rig.ts';

const broken = vi.hoisted(() => ({ type: 'ticket.escalated' }));
vi.mock('@waymark/lifecycle', async (original) => {
  const engine = await original<typeof import('@waymark/lifecycle')>();
  const refuse = (facts: readonly { readonly type: string }[]): void => {
    if (facts.some(({ type }) => type === broken.type)) throw new Error('this account cannot be folded');
  };
  const guarded: Pick<typeof engine, 'fold' | 'foldKeeping'> = {
    fold: (journey, context, facts, asOf) => {
      refuse(facts);
      return engine.fold(journey, context, facts, asOf);
    },
    foldKeeping: (journey, context, facts, asOf) => {
      refuse(facts);
      return engine.foldKeeping(journey, context, facts, asOf);
    },
  };
  return { ...engine, ...guarded };
});

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

it('an account that cannot be folded keeps no line from being stored and no other account from its answer (I9)', async () => {
  const { workspaceId, ...rig } = await syncRig(database);
  const afterFold = () => Promise.resolve();
  const lines = Array.from({ length: 60 }, (_, at) =>
    JSON.stringify({
      specversion: '1.0',
      source: 'desk',
      id: String(at),
      type: at === 7 ? broken.type : 'ticket.opened',
      time: `2026-03-01T09:30:${String(at).padStart(2, '0')}Z`,
      subject: `c${at % 6}.example`,
      data: { ticket: String(at) },
    }),
  );
  const deps = { database, sealer: database.sealer, now: () => rig.now, afterFold };
  for (const batch of [
    lines,
    lines.map((line) => line.replaceAll('.example', '.test').replaceAll('"id":"', '"id":"x')).toReversed(),
  ]) {
    const result = await importFile(deps, workspaceId, batch, { batchRows: 10 });
    expect(result).toMatchObject({ stored: 60, rejected: 0, accounts: { created: 6, folded: 5 } });
  }
  const rest = { database, workspaceId, now: () => rig.now, point: noPoint, afterFold };
  await expect(foldDue(rest)).rejects.toThrow('this account cannot be folded');
});
