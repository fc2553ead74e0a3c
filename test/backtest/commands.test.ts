import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backtest, compileJourney, parseDefinition, templateFile, type BacktestReport } from '@waymark/lifecycle';
import { commandHome, type CommandHome } from '../e2e/command-home.ts';
import { makeHistory } from './confounded-history.ts';
import { accountsOf } from './in-memory.ts';

const seed = Number(process.env['WAYMARK_SEED'] ?? 5);
const made = makeHistory({ seed, accounts: 60, months: 13, csms: 4, churnShare: 0.45 });
const template = fileURLToPath(templateFile('nine-stages'));

/** One whose only rule takes every pause for a warning. */
const loud = `id: lifecycle
version: 90
title: Loud
type: linear
stages:
  - { id: customer, title: Customer, enter: [{ from: [none] }] }
thresholds:
  quiet_days: { value: 5 }
rules:
  - id: quiet
    kind: risk
    severity: high
    title: Quiet
    when: { signal: days_since_inbound, op: '>=', value: { threshold: quiet_days } }
    reason: 'No word for {days_since_inbound}'
    clears: A word.
    nextStep: Call.
outcomes:
  churned: [{ type: account.churned }]
  renewed: [{ type: account.renewed }]
`;

let home: CommandHome;
let louder: string;

beforeAll(async () => {
  home = await commandHome('backtest');
  await home.database.newWorkspace('acme');
  await writeFile(join(home.folder, 'log.ndjson'), made.lines.join('\n'));
  louder = join(home.folder, 'louder.yaml');
  await writeFile(louder, loud);
  const { stored } = await json('import', join(home.folder, 'log.ndjson'));
  expect(stored).toBe(made.lines.length);
}, 300_000);
afterAll(() => home.close());

/** One object on standard output and nothing else. */
async function json(...args: readonly string[]) {
  const { code, stdout, stderr } = await home.waymark(...args, '--json');
  expect({ code, args, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, args, stderr: '' });
  return JSON.parse(stdout);
}

async function refusal(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await home.waymark(...args, '--json');
  expect(code).not.toBe(0);
  expect(stdout).toBe('');
  return stderr;
}

describe(`the commands on an imported history (seed ${seed})`, { timeout: 300_000 }, () => {
  it('backtest: every figure follows from the cases, and is what the same history gives without a database', async () => {
    const report: BacktestReport = await json('backtest');
    expect(report).toMatchObject({
      definition: { id: 'lifecycle' },
      accounts: 60,
      csms: 4,
      sufficient: true,
      claims: true,
    });
    const churned = made.stories.filter((one) => one.churnedAt !== null).length;
    expect(report.outcomes.churned).toBe(churned);
    const journey = compileJourney(parseDefinition(await readFile(template, 'utf8'), template));
    const [from, to] = [Date.parse(report.from), Date.parse(report.to)];
    const weeks = (to - from) / 604_800_000;
    for (const one of [report.overall, ...report.rules]) {
      const counted = (verdict: string) => one.cases.filter((each) => each.verdict === verdict).length;
      expect(one).toMatchObject({
        alerts: one.cases.length,
        hits: counted('hit'),
        falseAlarms: counted('false_alarm'),
      });
      expect(one.misses).toBe(one.missed.length);
      expect(one.alertsPerCsmPerWeek).toBeCloseTo(one.alerts / 4 / weeks, 2);
      for (const each of one.cases) {
        expect(each.sources.length).toBeGreaterThan(0);
        expect(Date.parse(each.at)).toBeGreaterThanOrEqual(from);
      }
    }
    const here = backtest(journey, accountsOf(made.lines, to), { from, to, toldBy: Infinity });
    const told = ({ overall }: BacktestReport) =>
      overall.cases.map(({ account, rule, at, outcome, verdict }) => `${account} ${rule} ${at} ${outcome} ${verdict}`);
    expect(told(report).toSorted()).toEqual(told(here).toSorted());
  });

  it('backtest: nothing is told of what was recorded after --to, nor counted before --from', async () => {
    const whole: BacktestReport = await json('backtest');
    const part: BacktestReport = await json('backtest', '--from', '2025-02-01', '--to', '2025-06-01');
    const names = ({ overall }: BacktestReport) =>
      overall.cases.map(({ account, at, reason }) => `${account} ${at} ${reason}`);
    const within = names(whole).filter((_, index) => {
      const { at } = whole.overall.cases[index] ?? { at: '' };
      return at >= '2025-02-01' && at < '2025-06-01';
    });
    expect(within.length).toBeGreaterThan(3);
    expect(names(part)).toEqual(expect.arrayContaining(within));
    // Of a message that was open before --from, the first flag within counts.
    for (const { at, outcomeAt } of part.overall.cases) {
      expect(at >= '2025-02-01' && at < '2025-06-01').toBe(true);
      expect(outcomeAt === null || outcomeAt < '2025-06-01').toBe(true);
    }
  });

  it('backtest --compare: of two definitions over the same accounts, with the exact test', async () => {
    const found = await json('backtest', 'nine-stages', '--compare', louder);
    expect(found.first.accounts).toBe(found.second.accounts);
    expect(found.second.overall.alerts).toBeGreaterThan(found.first.overall.alerts);
    const { both, neither, first, second } = found.warned;
    const churned = made.stories.filter((one) => one.churnedAt !== null).length;
    expect(both + neither + first + second).toBe(churned);
    expect(found.falseAlarms.first).toBeGreaterThan(found.falseAlarms.second);
    expect(found.falseAlarms.p).toBeLessThan(0.05);
    expect(found.sentence).toContain('version 90');
  });

  it('suggest: a definition that can be used, judged on the later part alone', async () => {
    const out = join(home.folder, 'suggested.yaml');
    const found = await json('suggest', louder, '--out', out);
    expect(found.verdict, found.sentence).not.toBe('refused');
    expect(found.thresholds.length).toBeGreaterThan(0);
    expect(found.later.first.from).toBe(found.laterFrom);
    expect(await readFile(out, 'utf8')).toBe(found.definition);
    expect((await home.waymark('journey', 'check', out)).code).toBe(0);
    expect(parseDefinition(found.definition, out).version).toBe(91);
  });

  it('signals and churn: what tells, or why nothing is claimed', async () => {
    const signals = await json('signals');
    expect(signals.signals.length === 0).toBe(!signals.sufficient);
    const churn = await json('churn');
    expect(churn.scores.length === 0).toBe(!churn.claims);
    expect(churn.because.length).toBeGreaterThan(10);
  });

  it('say what is wrong with what they are asked', async () => {
    expect(await refusal('backtest', '--from', 'soon')).toContain(
      '--from wants a date such as 2026-01-31; soon is none.',
    );
    expect(await refusal('backtest', '--to', '2020-01-01')).toContain('give a --to after its beginning');
    expect(await refusal('backtest', join(home.folder, 'nowhere.yaml'))).toContain('cannot be read');
    expect(await refusal('suggest', '--noise', '-1')).toContain('--noise wants');
    expect(await refusal('backtest', '--compare', template, '--horizon', '0')).toContain('--horizon wants');
  });
});
