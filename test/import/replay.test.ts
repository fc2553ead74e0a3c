import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileJourney, parseDefinition, templateFile } from '@waymark/lifecycle';
import { accounts, activateDefinition } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import {
  deriveAccount,
  exportLines,
  foldDue,
  importFile,
  journeyFromStages,
  noPoint,
  replayWorkspace,
} from '@waymark/sync';
import { historyLines, randomOf } from '../bench/history.ts';

let database: TestDatabase;
let source = '';
beforeAll(async () => {
  database = await testDatabase();
  source = await readFile(templateFile('nine-stages'), 'utf8');
});
afterAll(() => database.close());

const now = Date.UTC(2026, 5, 1);
const lines = [...historyLines({ events: 1500, accounts: 8, until: now - 86_400_000 })];
const compile = () => compileJourney(parseDefinition(source, 'nine-stages.yaml'));
let count = 0;

async function workspace(given: readonly string[]) {
  count += 1;
  const { workspaceId } = await database.newWorkspace(`replay-${count}`, { ownDomains: ['vendor.example'] });
  const { definition, digest } = compile();
  const stored = { journey: definition.id, digest, version: definition.version, source };
  const inside = <T>(work: Parameters<typeof database.inWorkspace<T>>[1]) => database.inWorkspace(workspaceId, work);
  await inside((tx) => activateDefinition(tx, stored, 'test', now));
  const afterFold = () => Promise.resolve();
  const deps = { database, sealer: database.sealer, now: () => now, afterFold };
  const foldAll = async () => {
    for (let done = 1; done > 0;)
      done = await foldDue({ database, workspaceId, now: () => now, point: noPoint, afterFold });
  };
  const result = await importFile(deps, workspaceId, given);
  await foldAll();
  return {
    result,
    workspaceId,
    inside,
    foldAll,
    replay: (options: Partial<Parameters<typeof replayWorkspace>[2]> = {}) =>
      replayWorkspace(database, workspaceId, { now, ...options }),
    tamper: (sql: string) => database.asOwner(sql, [workspaceId]),
  };
}

const shuffled = (given: readonly string[], seed: number): readonly string[] => {
  const random = randomOf(seed);
  return [...given, ...given.filter(() => random() < 0.1)]
    .map((line) => ({ line, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ line }) => line);
};

it(
  'gives one digest for one history: any order, duplicates, another workspace, its own export (I3)',
  { timeout: 120_000 },
  async () => {
    const first = await workspace(lines);
    const report = await first.replay();
    expect(report).toMatchObject({ accounts: 8, events: 1500, waiting: 0, unmatched: 0, differences: [], repaired: 0 });
    expect(report.transitions).toBeGreaterThan(0);
    expect(report.flags).toBeGreaterThan(0);
    // Today's date changes what is so, not what the log says up to its last event.
    expect(await first.replay({ now: now + 86_400_000 })).toMatchObject({ digest: report.digest });

    const { digest, events, transitions, flags } = report;
    const second = await workspace(shuffled(lines, 3));
    expect(await second.replay()).toMatchObject({ digest, events, transitions, flags, differences: [] });

    const exported = await first.inside(async (tx) => {
      let text = '';
      for await (const block of exportLines(tx)) text += block;
      return text.split('\n');
    });
    const third = await workspace(exported);
    expect(third.result).toMatchObject({ stored: 1500, rejected: 0 });
    expect(await third.replay()).toMatchObject({ digest, events, transitions, flags, differences: [] });

    const other = await workspace(lines.slice(0, -200));
    expect((await other.replay()).digest).not.toBe(digest);
  },
);

it(
  'gives one digest in any workspace, though much has one instant and lines contradict each other (I3)',
  { timeout: 120_000 },
  async () => {
    const given: string[] = [];
    const tell = (day: number, subject: string, type: string, data: object, id = `e${given.length}`) => {
      const time = new Date(Date.UTC(2026, 0, 1 + day)).toISOString();
      given.push(JSON.stringify({ specversion: '1.0', id, source: 's', type, time, subject, data }));
    };
    for (const at of [0, 1, 2, 3, 4, 5]) {
      const own = `c${at}.example`;
      const [they, us] = [`p@${own}`, 'x@vendor.example'];
      // A table whose dates have no time: all of a day is one instant.
      for (let day = 0; day < 100; day += 10) {
        for (const to of ['customer', 'lead', 'opportunity'])
          tell(day, own, 'crm.stage_changed', { to, property: 'lifecyclestage' });
        for (const type of ['ticket.opened', 'ticket.solved', 'ticket.reopened', 'ticket.escalated'])
          tell(day, own, type, { ticket: 'T', requester: they, priority: 'urgent' });
        for (const score of [1, 10]) tell(day, own, 'survey.responded', { score, respondent: they });
        for (const value of [5, 50]) tell(day, own, 'usage.recorded', { metric: 'seats', value });
        tell(day, own, 'email.received', { from: they, to: [us] });
        tell(day, own, 'email.sent', { from: us, to: [they] });
        // One mail under two names, and one id with two contents.
        for (const subject of [own, `other-${own}`])
          tell(day, subject, 'email.received', { from: they, to: [us], messageId: `<${at}-${day}@${own}>` });
        for (const value of [1, 2, 3]) tell(day, own, 'usage.recorded', { metric: 'logins', value }, `u${at}-${day}`);
      }
    }
    const digests = new Set<string>();
    for (const seed of [1, 2, 3]) {
      const { replay } = await workspace(shuffled(given, seed));
      const { digest, events, transitions, flags, differences } = await replay();
      expect(differences).toEqual([]);
      digests.add(JSON.stringify({ digest, events, transitions, flags }));
    }
    expect([...digests]).toHaveLength(1);
  },
);

it('counts what is so on any later day, as each account by itself says it', { timeout: 120_000 }, async () => {
  const { inside, replay } = await workspace(lines);
  const all = await inside((tx) => accounts(tx));
  const counts: number[] = [];
  for (const later of [0, 1, 36, 24 * 9, 24 * 40, 24 * 200]) {
    const at = now + later * 3_600_000;
    let [transitions, flags] = [0, 0];
    for (const { accountId } of all) {
      const derived = await inside((tx) => deriveAccount(tx, accountId, at));
      for (const { answer } of derived?.answers ?? []) {
        transitions += answer.periods.length;
        flags += answer.flags.length;
      }
    }
    expect(await replay({ now: at }), `${later} hours later`).toMatchObject({ transitions, flags, differences: [] });
    counts.push(flags);
  }
  // Else it would say nothing of what changes meanwhile.
  expect(new Set(counts).size).toBeGreaterThan(1);
});

it(
  'finds what is stored otherwise than the log says, and repairs it only when told to',
  { timeout: 120_000 },
  async () => {
    const { replay, tamper, foldAll } = await workspace(lines);
    const { digest } = await replay();
    const one = '(SELECT min(account_id::text)::uuid FROM engine_state WHERE workspace_id = $1)';
    const last = '(SELECT max(account_id::text)::uuid FROM engine_state WHERE workspace_id = $1)';
    await tamper(
      `UPDATE stage_period SET stage = 'churn' WHERE workspace_id = $1 AND account_id = ${one} AND exited_at IS NULL`,
    );
    await tamper(`UPDATE flag SET cleared_at = opened_at WHERE workspace_id = $1 AND account_id = ${one}`);
    await tamper(`UPDATE engine_state SET stage = 'churn', health = 3 WHERE workspace_id = $1 AND account_id = ${one}`);
    await tamper(`UPDATE kept_state SET state = '{}' WHERE workspace_id = $1 AND account_id = ${one}`);
    await tamper(`DELETE FROM engine_state WHERE workspace_id = $1 AND account_id = ${last}`);
    const found = await replay();
    expect(found.digest).toBe(digest);
    expect(new Set(found.differences.map(({ what }) => what))).toEqual(
      new Set(['answer', 'stage', 'health', 'state', 'period', 'flag']),
    );
    expect(new Set(found.differences.map(({ accountId }) => accountId)).size).toBe(2);
    expect((await replay()).differences).toEqual(found.differences);

    expect(await replay({ repair: true })).toMatchObject({ digest, repaired: 2 });
    await foldAll();
    expect(await replay()).toMatchObject({ digest, differences: [], waiting: 0 });
  },
);

it(
  'finds each of them alone: another digest, one period twice, a flag that is gone',
  { timeout: 120_000 },
  async () => {
    const { replay, tamper } = await workspace(lines);
    const { digest } = await replay();
    const differences = async () =>
      (await replay()).differences.map(({ what, stored, derived }) => [what, stored, derived]);
    await tamper(
      `UPDATE engine_state SET digest = 'other' WHERE workspace_id = $1
       AND account_id = (SELECT min(account_id::text)::uuid FROM engine_state WHERE workspace_id = $1)`,
    );
    expect(await differences()).toEqual([['answer', 'other', expect.stringMatching(/^[0-9a-f]{64}$/)]]);
    expect(await replay({ repair: true })).toMatchObject({ digest, repaired: 1 });

    const period = '(SELECT min(period_id::text)::uuid FROM stage_period WHERE workspace_id = $1)';
    await tamper(
      `INSERT INTO stage_period (workspace_id, period_id, account_id, journey, stage, entered_at, exited_at, detail, recorded_at)
     SELECT workspace_id, gen_random_uuid(), account_id, journey, stage, entered_at, exited_at, detail, recorded_at
       FROM stage_period WHERE workspace_id = $1 AND period_id = ${period}`,
    );
    expect(await differences()).toEqual([['period', expect.any(String), null]]);
    expect(await replay({ repair: true })).toMatchObject({ digest, repaired: 1 });

    await tamper(
      `DELETE FROM flag WHERE workspace_id = $1 AND flag_id = (SELECT min(flag_id::text)::uuid FROM flag WHERE workspace_id = $1)`,
    );
    expect(await differences()).toEqual([['flag', null, expect.any(String)]]);
    expect(await replay({ repair: true })).toMatchObject({ digest, repaired: 1 });
    expect(await differences()).toEqual([]);
  },
);

it('says of accounts that are not folded yet that they wait', async () => {
  const { replay, tamper } = await workspace(lines);
  await tamper(
    `INSERT INTO account_wake (workspace_id, account_id, version, since, earliest)
     SELECT workspace_id, account_id, 1, as_of, as_of FROM engine_state WHERE workspace_id = $1 LIMIT 2`,
  );
  expect(await replay()).toMatchObject({ waiting: 2, differences: [] });
});

it('takes the stages of any log from what it says', async () => {
  const event = (id: number, to: string, day: number) =>
    JSON.stringify({
      specversion: '1.0',
      id: String(id),
      source: 'desk',
      type: 'crm.stage_changed',
      time: new Date(Date.UTC(2026, 0, day)).toISOString(),
      subject: `case-${id % 2}.example`,
      data: { to },
    });
  const log = [
    event(0, '1', 1),
    event(1, '1', 1),
    event(2, 'Wait, what?', 3),
    event(4, '1', 4),
    event(3, '8', 5),
    event(5, '8', 6),
    event(7, 'wait what', 7),
  ];
  const { inside, replay } = await workspace(log);
  const journey = await inside((tx) => journeyFromStages(tx, 'crm.stage_changed'));
  expect(journey.definition.stages.map(({ id, title }) => [id, title])).toEqual([
    ['stage_1', '1'],
    ['wait_what', 'Wait, what?'],
    ['stage_8', '8'],
    ['wait_what_2', 'wait what'],
  ]);
  expect(await replay({ journey })).toMatchObject({ events: 7, transitions: 6, flags: 0, differences: [] });
  await expect(inside((tx) => journeyFromStages(tx, 'deal.stage_changed'))).rejects.toThrow('nothing to take stages');
  await expect(inside((tx) => journeyFromStages(tx, 'email.sent'))).rejects.toThrow('Stages can be taken from');
});
