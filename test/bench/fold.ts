import { readFile } from 'node:fs/promises';
import { compileJourney, fold, parseDefinition, templateFile, type CompiledJourney } from '@waymark/lifecycle';
import { foldAccounts, type FoldAccount } from './fold-history.ts';
import { cpuSeconds, median, size, type BenchRow } from './measure.ts';
import { rulesEngine } from './rules-engine.ts';
import { runActor, stageMachine } from './stage-machine.ts';

/** The shipped template, compiled. */
export async function shippedJourney(): Promise<CompiledJourney> {
  return compileJourney(parseDefinition(await readFile(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));
}

const until = Date.UTC(2026, 5, 1);

/**
 * The fold with every rule of the template, against an xstate 5 actor per account for the stages alone, and against json-rules-engine 7 run at
 * each event on the same rules with its facts given ready. Beside it the fold of the same stages without rules and scores, which is what the
 * actor has to do; it proves each move and wakes by time alone, and remembers of each event what its routes ask. The others go through a part of the accounts, since they take longer; all figures are
 * events a second of processor time, medians of runs that alternate in one process.
 */
export async function foldRow(): Promise<BenchRow> {
  const count = size('WAYMARK_BENCH_FOLD_ACCOUNTS', 10_000);
  const facts = size('WAYMARK_BENCH_FOLD_FACTS', 100);
  const runs = size('WAYMARK_BENCH_RUNS', 5);
  const journey = await shippedJourney();
  const accounts = foldAccounts({ accounts: count, facts, days: 540, until });
  const { health: _health, success: _success, ...kept } = journey.definition;
  const stages = compileJourney({ ...kept, rules: [] });
  const machine = stageMachine(journey.definition, until - 570 * 86_400_000);
  const rules = rulesEngine(journey.definition);
  const some = (share: number) => accounts.slice(0, Math.max(1, Math.ceil(count * share)));
  const rates = { waymark: [] as number[], stages: [] as number[], xstate: [] as number[], rules: [] as number[] };
  const ours = (by: CompiledJourney) =>
    rateOf(accounts, ({ context, facts: one }) => Promise.resolve(fold(by, { ...context }, one, until)));
  const actors = () => rateOf(some(0.1), ({ facts: one }) => Promise.resolve(runActor(machine, one)));
  const checked = () =>
    rateOf(some(0.005), async ({ facts: one }) => {
      for (let at = 0; at < one.length; at += 1) await rules.engine.run(rules.facts);
    });
  await rateOf(some(0.1), ({ context, facts: one }) => Promise.resolve(fold(journey, context, one, until)));
  for (let run = 0; run < runs; run += 1) {
    rates.waymark.push(await ours(journey));
    rates.stages.push(await ours(stages));
    rates.xstate.push(await actors());
    rates.rules.push(await checked());
  }
  const { waymark, alone, xstate, json } = {
    waymark: median(rates.waymark),
    alone: median(rates.stages),
    xstate: median(rates.xstate),
    json: median(rates.rules),
  };
  return {
    row: 'fold',
    setting: { accounts: count, facts, rules: journey.rules.length, runs },
    figures: [
      { name: 'events a second and core', value: waymark, unit: '1/s', aim: '>= 1000000', met: waymark >= 1e6 },
      {
        name: 'all rules, against xstate for the stages',
        value: waymark / xstate,
        unit: 'times',
        aim: '>= 20',
        met: waymark / xstate >= 20,
      },
      { name: 'stages alone, against xstate for the same', value: alone / xstate, unit: 'times' },
      {
        name: 'against json-rules-engine',
        value: waymark / json,
        unit: 'times',
        aim: '>= 50',
        met: waymark / json >= 50,
      },
      { name: 'Waymark, stages alone', value: alone, unit: '1/s' },
      { name: 'xstate, stages alone', value: xstate, unit: '1/s' },
      { name: 'json-rules-engine, rules alone', value: json, unit: '1/s' },
    ],
    runs: rates,
  };
}

/** Events a second of processor time, collecting of garbage included. */
async function rateOf(accounts: readonly FoldAccount[], work: (one: FoldAccount) => Promise<unknown>): Promise<number> {
  const start = cpuSeconds();
  for (const one of accounts) await work(one);
  const events = accounts.reduce((sum, { facts }) => sum + facts.length, 0);
  return events / (cpuSeconds() - start);
}
