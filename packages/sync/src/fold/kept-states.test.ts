import fc from 'fast-check';
import { exclude } from '../matching/exclusions.ts';
import { keptPlaces, retireJourney } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acmeCustomer, acmeMail } from '../testing/acme.ts';
import { type ScriptedPage, crmOf, mailboxOf } from '../testing/scripted-source.ts';
import { day, shippedJourney, start, syncRig, type SyncRig } from '../testing/sync-rig.ts';
import { compareWithLog } from '../testing/whole-log.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 1_000_000);
const runs = Number(process.env.WAYMARK_RUNS ?? 5);
const minute = 60_000;

const acme = acmeCustomer();

/** An account with so many mails, six hours apart, the last an hour ago. */
async function accountWith(count: number): Promise<{ readonly rig: SyncRig; readonly box: string }> {
  const rig = await syncRig(database);
  await rig.run(await rig.install(crmOf({ records: [acme] })));
  const box = await rig.install(
    mailboxOf({
      records: Array.from({ length: count }, (_, n) =>
        acmeMail(`m${n}`, start - (60 + (count - 1 - n) * 360) * minute),
      ),
    }),
  );
  await rig.run(box);
  await rig.fold();
  return { rig, box };
}

async function placesOf(rig: SyncRig): Promise<readonly number[]> {
  const accounts = await rig.rows<{ account_id: string }>('SELECT account_id FROM account WHERE workspace_id = $1');
  const ids = accounts.map((one) => one.account_id);
  const places = await database.inWorkspace(rig.workspaceId, (tx) => keptPlaces(tx, ids));
  return places.map(({ taken }) => taken);
}

const step = fc.record({
  // Some before, some after, some of one instant; what went before may also be taken away or come again at another time.
  kind: fc.constantFrom<'new' | 'late' | 'tied' | 'changed' | 'gone' | 'ahead' | 'wait'>(
    'new', 'new', 'new', 'late', 'tied', 'changed', 'gone', 'ahead', 'wait', 'wait',
  ), // prettier-ignore
  count: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 70 })),
  back: fc.integer({ min: 1, max: 400 }),
  which: fc.nat(1000),
});

describe('states that are kept along an account’s history', () => {
  it(`I3: give the answer of the whole log, whatever comes, changes or goes (WAYMARK_SEED=${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 20, max: 700 }),
        fc.array(step, { minLength: 3, maxLength: 12 }),
        async (count, steps) => {
          const { rig, box } = await accountWith(count);
          const known = Array.from({ length: count }, (_, n) => `m${n}`);
          for (const [turn, one] of steps.entries()) {
            rig.now += 3 * 60 * minute;
            const version = String(turn + 2);
            const which = known[one.which % known.length] ?? 'm0';
            const page = (): ScriptedPage => {
              const many = (at: (n: number) => number): ScriptedPage => {
                const ids = Array.from({ length: one.count }, (_, n) => `${one.kind}${turn}-${n}`);
                known.push(...ids);
                return {
                  records: ids.map((id, n) =>
                    acmeMail(id, at(n), '1', n % 3 === 2 ? 'csm@vendor.example' : 'ann@acme.example'),
                  ),
                };
              };
              if (one.kind === 'new') return many((n) => rig.now - (one.count - n) * minute);
              if (one.kind === 'late') return many((n) => rig.now - one.back * 6 * 60 * minute + n * 7 * minute);
              if (one.kind === 'tied') return many(() => rig.now - 2 * minute);
              if (one.kind === 'ahead') return many((n) => rig.now + one.back * minute + n * minute);
              if (one.kind === 'changed')
                return { records: [acmeMail(which, rig.now - one.back * 60 * minute, version)] };
              return one.kind === 'gone' ? { gone: [{ id: which, certain: true }] } : {};
            };
            // Long enough for silences to be told of, and to end.
            if (one.kind === 'wait') rig.now += one.back * 4 * 60 * minute;
            rig.use(mailboxOf(page()));
            await rig.run(box);
            await rig.fold();
            await compareWithLog(rig);
          }
          const places = await placesOf(rig);
          expect(places.length).toBeLessThanOrEqual(8);
        },
      ),
      { seed, numRuns: runs, endOnFailure: process.env.WAYMARK_SHRINK === undefined },
    );
  }, 300_000);

  it('are written once in some dozen events, and by time alone never', async () => {
    const { rig, box } = await accountWith(600);
    const before = await placesOf(rig);
    expect(before).toEqual([250, 500, 600]);
    const seen = new Set<string>();
    for (let n = 0; n < 40; n += 1) {
      rig.now += 10 * minute;
      rig.use(mailboxOf({ records: [acmeMail(`n${n}`, rig.now - minute)] }));
      await rig.run(box);
      expect(await rig.fold()).toBe(1);
      seen.add((await placesOf(rig)).join());
    }
    expect([...seen]).toEqual(['250,500,600', '250,500,632']);
    rig.now += 90 * day;
    await rig.fold();
    expect((await placesOf(rig)).join()).toBe('250,500,632');
    await compareWithLog(rig);
  }, 120_000);

  it('of a history of one instant are gone on from after it', async () => {
    const rig = await syncRig(database);
    await rig.run(await rig.install(crmOf({ records: [acme] })));
    const tied = Array.from({ length: 700 }, (_, n) => acmeMail(`t${n}`, start - 10 * day));
    const box = await rig.install(mailboxOf({ records: tied }));
    await rig.run(box);
    await rig.fold();
    expect(await placesOf(rig)).toEqual([700]);
    rig.now += minute;
    rig.use(mailboxOf({ records: [acmeMail('after', rig.now - 1000)] }));
    await rig.run(box);
    // What the state has taken is not read again: it may as well be gone.
    await database.asOwner('UPDATE journey_event SET account_id = NULL WHERE workspace_id = $1 AND occurred_at = $2', [
      rig.workspaceId,
      new Date(start - 10 * day),
    ]);
    await rig.fold();
    const [kept] = await rig.rows<{ stage: string | null }>('SELECT stage FROM engine_state WHERE workspace_id = $1');
    expect(kept?.stage).not.toBeNull();
    expect(await placesOf(rig)).toEqual([700]);
  }, 120_000);

  it('I11: are gone when somebody is excluded, and with a journey that is taken out of force', async () => {
    const { rig } = await accountWith(300);
    const held = async (text: string) => {
      const rows = await rig.rows<{ state: string }>('SELECT state FROM kept_state WHERE workspace_id = $1');
      return rows.filter(({ state }) => state.includes(text)).length;
    };
    expect(await held('ann@acme.example')).toBeGreaterThan(0);
    const deps = { database, sealer: database.sealer, now: () => rig.now };
    await exclude(deps, rig.workspaceId, { kind: 'person', value: 'ann@acme.example' }, 'admin');
    expect(await held('')).toBe(0);

    const other = await accountWith(300);
    const { digest, definition } = shippedJourney.journey;
    const change = { activationId: randomUUID(), journey: definition.id, formerDigest: digest };
    await database.inWorkspace(other.rig.workspaceId, (tx) => retireJourney(tx, change, 'me', other.rig.now));
    expect(await placesOf(other.rig)).toEqual([]);
  }, 120_000);
});
