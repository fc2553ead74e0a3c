import { backtest, compileJourney, parseDefinition, type BacktestAccount } from '@waymark/lifecycle';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { importFile, linesOf, peersAsked } from '@waymark/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { workspaceHistory } from './history.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const DAY = 86_400_000;
const start = Date.UTC(2026, 0, 5);
const journey = compileJourney(
  parseDefinition(
    `id: tiers
version: 1
title: Tiers
type: cyclical
stages: [{ id: live, title: Live, enter: [{ from: [none] }] }]
rules:
  - id: below_tier
    kind: risk
    severity: low
    title: Below its tier
    when: { signal: tier_share, with: { types: [email.received], days: 28 }, op: '<', value: 0.4 }
    reason: 'Wrote {tier_share} of what is usual'
    clears: More.
    nextStep: Ask.
outcomes: { churned: [{ type: account.churned }], renewed: [{ type: account.renewed }] }
`,
    'tiers.yaml',
  ),
);

/** Eight customers who write twice a week over thirty weeks; one stops after twenty, one is told of late, one has churned. */
function lines(): string[] {
  const told: object[] = [];
  const line = (n: number, type: string, at: number, recorded: number) =>
    told.push({
      specversion: '1.0',
      id: `${n}-${type}-${at}`,
      source: 'mail',
      type,
      subject: `customer-${n}.example`,
      time: new Date(at).toISOString(),
      recordedtime: new Date(recorded).toISOString(),
      data: { from: `ann@customer-${n}.example` },
    });
  for (let n = 0; n < 8; n += 1) {
    for (let half = 0; half < 60; half += 1) {
      const at = start + half * 3.5 * DAY + n * 3_600_000;
      if ((n === 0 && half >= 40) || (n === 7 && half >= 20)) continue;
      line(n, 'email.received', at, n === 1 ? at + 9 * DAY : at);
    }
  }
  line(7, 'account.churned', start + 71 * DAY, start + 71 * DAY);
  return told.map((one) => JSON.stringify(one));
}

it('a backtest holds each account against its tier by what was known then, as accounts in force are', async () => {
  const now = start + 211 * DAY;
  const { workspaceId } = await database.newWorkspace('tiers', { ownDomains: ['vendor.example'] });
  await importFile(
    { database, sealer: database.sealer, now: () => now },
    workspaceId,
    linesOf([Buffer.from(lines().join('\n'))]),
    {},
  );
  const [accounts, live] = await database.inWorkspace(workspaceId, async (tx) => {
    const { walk } = await workspaceHistory(tx, [journey], now);
    const all: BacktestAccount[] = [];
    for await (const account of walk()) all.push(account);
    return [all, await peersAsked(tx, journey.definition, now)] as const;
  });
  const [{ contexts } = { contexts: [] }] = accounts;
  const steps = contexts[0]?.context.peers?.[0]?.steps ?? [];
  const last = live['']?.[0]?.steps.at(-1);
  // One alone had written on the first day. The one that is told of nine days late counts a week less at each week's end, which moves no median of seven.
  expect(steps.map(({ median }) => median)).toEqual([null, 8]);
  expect(last?.median).toBe(8);
  expect(steps.at(-1)?.accounts).toBeGreaterThanOrEqual(7);
  const report = backtest(journey, accounts, { from: start, to: now });
  const below = report.rules.find((one) => one.rule === 'below_tier');
  expect(below?.cases.map((one) => one.account).filter((name) => name !== 'customer-7.example')).toContain(
    'customer-0.example',
  );
  const named = new Set(below?.cases.map((one) => one.account));
  expect([...named].filter((name) => !['customer-0.example', 'customer-7.example'].includes(name))).toEqual([]);
}, 60_000);
