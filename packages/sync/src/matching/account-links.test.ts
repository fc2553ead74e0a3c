import fc from 'fast-check';
import type { EntityFact } from '@waymark/journey';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFile } from '../import/import.ts';
import {
  company,
  mail,
  person,
  scriptedConnector,
  scriptedStream,
  type ScriptedRecord,
} from '../testing/scripted-source.ts';
import { day, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 1_000_000);

interface World {
  readonly rig: SyncRig;
  /** Lets a CRM say this, and reads it. */
  readonly say: (crm: 'one' | 'two' | 'three', ...facts: readonly EntityFact[]) => Promise<void>;
  readonly drop: (crm: 'one' | 'two', id: string) => Promise<void>;
  readonly receive: (...senders: readonly string[]) => Promise<void>;
  /** Whose mail a sender's is. */
  readonly accountOf: (sender: string) => Promise<{ name: string | null; reason: string; lost: readonly string[] }>;
  readonly standing: () => Promise<readonly string[]>;
}

async function world(): Promise<World> {
  const rig = await syncRig(database);
  const ids = new Map<string, string>();
  // The older installation gives the account its id; both are there before anything is read.
  for (const name of ['one', 'two', 'three', 'mailbox']) {
    ids.set(name, await rig.install(scriptedConnector(name, [])));
    rig.now += 1000;
  }
  let version = 0;
  const read = async (name: string, records: readonly ScriptedRecord[], gone: readonly string[] = []) => {
    const page = { records, gone: gone.map((id) => ({ id, certain: true })), done: true };
    rig.use(scriptedConnector(name, [scriptedStream('objects', 1, () => [page])]));
    expect(await rig.run(ids.get(name) ?? '')).toMatchObject({ kind: 'ran', result: { faults: [] } });
    await rig.fold();
  };
  return {
    rig,
    say: (crm, ...facts) => {
      version += 1;
      return read(
        crm,
        facts.map((fact) => ({ id: fact.externalId, version: String(version), entities: [fact] })),
      );
    },
    drop: (crm, id) => read(crm, [], [id]),
    receive: (...senders) =>
      read(
        'mailbox',
        senders.map((from) => ({
          id: from,
          version: '1',
          events: [mail(from, start - day, from, 'csm@vendor.example')],
        })),
      ),
    accountOf: async (sender) => {
      const [row] = await rig.rows<{ name: string | null; match: { reason: string; lost: { why: string }[] } }>(
        `SELECT a.name, e.match FROM journey_event e LEFT JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id
          WHERE e.workspace_id = $1 AND e.external_id = '${sender}' AND e.superseded_at IS NULL`,
      );
      if (!row) throw new Error(`no mail of ${sender}`);
      return { name: row.name, reason: row.match.reason, lost: row.match.lost.map((one) => one.why) };
    },
    standing: async () =>
      (
        await rig.rows<{ name: string }>(
          'SELECT name FROM account WHERE workspace_id = $1 AND merged_into IS NULL ORDER BY name',
        )
      ).map((one) => one.name),
  };
}

describe('one company in two CRMs', () => {
  it('is one account, whichever was read first', async () => {
    const digests: string[] = [];
    for (const order of [['one', 'two'] as const, ['two', 'one'] as const]) {
      const { rig, say, receive, standing } = await world();
      await receive('ann@acme.example', 'bob@acme-labs.example');
      for (const crm of order) {
        if (crm === 'one') await say('one', company('a', ['acme.example'], { name: 'Acme' }));
        else await say('two', company('x', ['acme.example', 'acme-labs.example'], { name: 'ACME Corp.' }));
      }
      expect(await standing()).toEqual(['Acme']);
      digests.push(await rig.digest());
      const ids = await rig.rows<{ n: number }>(
        'SELECT count(DISTINCT account_id)::int AS n FROM journey_event WHERE workspace_id = $1 AND account_id IS NOT NULL',
      );
      expect(ids).toEqual([{ n: 1 }]);
    }
    expect(digests[1]).toBe(digests[0]);
  });

  it('parts again when the domain is taken away or the record is gone, and people follow their own', async () => {
    const { say, drop, receive, accountOf, standing } = await world();
    await receive('ann@acme.example', 'zoe@gmail.com');
    await say('one', company('a', ['acme.example'], { name: 'Acme' }));
    await say('two', company('x', ['acme.example'], { name: 'ACME Corp.' }), person('p', ['zoe@gmail.com'], ['x']));
    expect(await accountOf('zoe@gmail.com')).toMatchObject({ name: 'Acme', reason: 'contact' });
    await say('two', company('x', ['other.example'], { name: 'ACME Corp.' }));
    expect(await standing()).toEqual(['ACME Corp.', 'Acme']);
    expect(await accountOf('zoe@gmail.com')).toMatchObject({ name: 'ACME Corp.' });
    expect(await accountOf('ann@acme.example')).toMatchObject({ name: 'Acme' });
    await say('two', company('x', ['acme.example'], { name: 'ACME Corp.' }));
    expect(await standing()).toEqual(['Acme']);
    await say('two', company('x', [], { name: 'ACME Corp.' }));
    expect(await standing()).toEqual(['ACME Corp.', 'Acme']);
    await say('two', company('x', ['acme.example'], { name: 'ACME Corp.' }));
    await drop('one', 'a');
    expect(await accountOf('ann@acme.example')).toMatchObject({ name: 'ACME Corp.' });
  });

  it('is never guessed: a domain that one CRM gives to two companies links nothing, nor does a chain back to the same CRM', async () => {
    const { say, standing } = await world();
    await say('one', company('a', ['shared.example'], { name: 'A' }), company('b', ['shared.example'], { name: 'B' }));
    await say('two', company('x', ['shared.example'], { name: 'X' }));
    expect(await standing()).toEqual(['A', 'B', 'X']);
    const chain = await world();
    await chain.say('one', company('a', ['a.example'], { name: 'A' }), company('b', ['b.example'], { name: 'B' }));
    await chain.say('two', company('x', ['a.example', 'b.example'], { name: 'X' }));
    expect(await chain.standing()).toEqual(['A', 'B', 'X']);
    // Over a third CRM, each link alone would be plain.
    await chain.say('two', company('x', ['a.example', 'x.example'], { name: 'X' }));
    expect(await chain.standing()).toEqual(['A', 'B']);
    await chain.say('three', company('k', ['x.example', 'b.example'], { name: 'K' }));
    expect(await chain.standing()).toEqual(['A', 'B', 'K', 'X']);
    // A domain of their own links two, though they share another with a third.
    const own = await world();
    await own.say(
      'one',
      company('a', ['shared.example', 'a.example'], { name: 'A' }),
      company('b', ['shared.example'], { name: 'B' }),
    );
    await own.say('two', company('x', ['shared.example', 'a.example'], { name: 'X' }));
    expect(await own.standing()).toEqual(['A', 'B']);
  });

  it(`I3: any order of reading two CRMs gives the same (WAYMARK_SEED=${seed})`, async () => {
    const domains = ['a.example', 'b.example', 'c.example'];
    const record = fc.record({
      crm: fc.constantFrom('one' as const, 'two' as const),
      id: fc.integer({ min: 0, max: 2 }),
      domains: fc.subarray(domains),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 2, maxLength: 6 }), fc.array(fc.nat(100)), async (all, dice) => {
        const last = [...new Map(all.map((one) => [`${one.crm}${one.id}`, one])).values()];
        const results: string[] = [];
        // Once in this order with former forms between, once the last forms alone in another.
        for (const order of [all, last.toSorted((a, b) => (dice[a.id] ?? a.id) - (dice[b.id] ?? b.id)).toReversed()]) {
          const { rig, say, receive } = await world();
          await receive(...domains.map((domain) => `who@${domain}`));
          for (const one of order)
            await say(one.crm, company(`${one.crm}${one.id}`, one.domains, { name: `${one.crm} ${one.id}` }));
          results.push(await rig.digest());
        }
        expect(results[1]).toBe(results[0]);
      }),
      { seed, numRuns: Number(process.env.WAYMARK_RUNS ?? 6), endOnFailure: process.env.WAYMARK_SHRINK === undefined },
    );
  }, 300_000);
});

describe('subsidiaries and merges', () => {
  it('gives a domain that a parent shares with its subsidiaries to the parent, and names them as candidates', async () => {
    const { say, receive, accountOf } = await world();
    await receive('ann@group.example');
    const group = company('p', ['group.example'], { name: 'Group' });
    const child = (parentExternalId?: string) =>
      company('c', ['group.example'], { name: 'Child', ...(parentExternalId && { parentExternalId }) });
    await say('one', child('p'), company('g', ['group.example'], { name: 'Grandchild', parentExternalId: 'c' }), group);
    expect(await accountOf('ann@group.example')).toEqual({
      name: 'Group',
      reason: 'parent',
      lost: ['family', 'family'],
    });
    await say('one', child());
    expect(await accountOf('ann@group.example')).toMatchObject({ name: null, reason: 'ambiguous-domain' });
    await say('one', child('p'));
    expect(await accountOf('ann@group.example')).toMatchObject({ name: 'Group' });
  });

  it('B6: follows merges through chains, and through a circle to one end', async () => {
    const { rig, say, receive, accountOf, standing } = await world();
    await receive('ann@acme.example');
    await say(
      'one',
      company('a', ['acme.example'], { name: 'A' }),
      company('b', [], { name: 'B' }),
      company('c', [], { name: 'C' }),
    );
    await say('one', company('b', [], { name: 'B', mergedIds: ['a'] }));
    await say('one', company('c', ['acme.example'], { name: 'C', mergedIds: ['b'] }));
    expect(await standing()).toEqual(['C']);
    expect(await accountOf('ann@acme.example')).toMatchObject({ name: 'C' });
    const [one, two] = await rig.rows<{ account_id: string }>(
      'SELECT account_id FROM account WHERE workspace_id = $1 ORDER BY name',
    );
    // No CRM says so, but a row is a row: two that go on as each other must not hang whoever follows them.
    await database.asOwner('UPDATE account SET merged_into = $2 WHERE account_id = $1', [
      one?.account_id,
      two?.account_id,
    ]);
    await database.asOwner('UPDATE account SET merged_into = $2 WHERE account_id = $1', [
      two?.account_id,
      one?.account_id,
    ]);
    await receive('bob@acme.example');
    expect(await accountOf('bob@acme.example')).toMatchObject({ name: 'C' });
  });
});

describe('an import and a CRM', () => {
  const line = JSON.stringify({
    specversion: '1.0',
    source: 'archive',
    id: '1',
    type: 'email.received',
    time: '2026-03-01T09:30:00Z',
    subject: 'acme.example',
    data: { from: 'ann@acme.example' },
  });
  const bring = (rig: SyncRig) =>
    importFile({ database, sealer: database.sealer, now: () => rig.now }, rig.workspaceId, [line]);

  it('lead to one account whichever came first; the import’s own stands again when the CRM drops the company', async () => {
    const before = await world();
    await bring(before.rig);
    expect(await before.standing()).toEqual(['acme.example']);
    await before.say('one', company('a', ['acme.example'], { name: 'Acme' }));
    const after = await world();
    await after.say('one', company('a', ['acme.example'], { name: 'Acme' }));
    await bring(after.rig);
    await after.rig.fold();
    for (const { rig, standing } of [before, after]) {
      expect(await standing()).toEqual(['Acme']);
      const rows = await rig.rows(
        'SELECT a.name FROM journey_event e JOIN account a USING (workspace_id, account_id) WHERE e.workspace_id = $1',
      );
      expect(rows).toEqual([{ name: 'Acme' }]);
    }
    const state = (rig: SyncRig) =>
      rig.rows(
        'SELECT p.stage, p.entered_at, p.exited_at FROM stage_period p JOIN account a USING (workspace_id, account_id) WHERE p.workspace_id = $1 AND p.superseded_at IS NULL AND a.merged_into IS NULL ORDER BY 2',
      );
    expect(await state(before.rig)).toEqual(await state(after.rig));
    await before.drop('one', 'a');
    expect(await before.standing()).toContain('acme.example');
    expect(
      await before.rig.rows(
        'SELECT a.name FROM journey_event e JOIN account a USING (workspace_id, account_id) WHERE e.workspace_id = $1',
      ),
    ).toEqual([{ name: 'acme.example' }]);
  });
});
