import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runOutcome, runSweep, smallSample } from './campaign.ts';
import { momentKills, pointKills, seeded, type Kill } from './kill-plan.ts';
import { makeTemplate } from './template.ts';
import { rounds } from './sweep.ts';
import { isClean, type Verdict } from './verdict.ts';

const USAGE =
  'Usage: node test/faults/main.ts [--kills 20] [--seed N] [--points] [--point name:n] [--per-run 5] [--sweep] [--folder DIR] [--keep]';

/** Kills Waymark many times and tells what was lost, doubled and how long it took to be well again. Exit 1 where anything was. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      points: { type: 'boolean', default: false },
      point: { type: 'string', multiple: true, default: [] },
      'per-run': { type: 'string', default: '5' },
      folder: { type: 'string', default: join(tmpdir(), `waymark-faults-${process.pid}`) },
      sweep: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed);
  const count = Number(values.kills);
  const perRun = Number(values['per-run']);
  if (![seed, count, perRun].every((number) => Number.isInteger(number) && number >= 0) || perRun === 0)
    throw new Error(USAGE);
  say(`seed ${seed}`);
  const random = seeded(seed);
  const kills: readonly Kill[] = [
    ...values.point.map(namedKill),
    ...(values.points ? pointKills(random) : []),
    ...momentKills(random, count),
  ];
  await mkdir(values.folder, { recursive: true, mode: 0o711 });
  if (values.sweep) {
    const { verdict } = await runSweep(join(values.folder, 'sweep'), rounds, say);
    tell(verdict);
    process.exitCode = isClean(verdict) ? 0 : 1;
    return;
  }
  const template = join(values.folder, 'template');
  await makeTemplate(template, smallSample);
  let bad = 0;
  const recovered: number[] = [];
  for (let at = 0; at < kills.length; at += perRun) {
    const folder = join(values.folder, `run-${at}`);
    const outcome = await runOutcome(template, folder, kills.slice(at, at + perRun), { ticks: 3, say });
    recovered.push(...outcome.kills.map((kill) => kill.readyMs + kill.healthyMs));
    const { trial } = outcome;
    say(
      `  ${trial.holdings.sources.size} source objects, ${trial.holdings.events.size} sightings, ${trial.ledger.posts.size} posts, ${trial.ledger.writes.size} values written`,
    );
    if (!trial.orderly) say('  the orderly end was none');
    if (isClean(outcome.verdict) && trial.orderly) {
      if (!values.keep) await rm(folder, { recursive: true, force: true });
      continue;
    }
    bad += 1;
    tell(outcome.verdict);
  }
  const sorted = recovered.toSorted((a, b) => a - b);
  say(
    `${kills.length} kills, ${bad} runs with losses or doubles; recovery median ${seconds(sorted[Math.floor(sorted.length / 2)])} s, worst ${seconds(sorted.at(-1))} s; seed ${seed}`,
  );
  if (!values.keep && bad === 0) await rm(values.folder, { recursive: true, force: true });
  process.exitCode = bad === 0 ? 0 : 1;
}

function namedKill(text: string): Kill {
  const [name = '', nth = '1'] = text.split(':');
  return { at: 'point', name, nth: Number(nth), stage: 'backfill' };
}

function tell(verdict: Verdict): void {
  for (const [name, list] of Object.entries(verdict)) {
    if (list.length > 0) say(`  ${name}: ${list.length}\n    ${list.slice(0, 10).join('\n    ')}`);
  }
}

const seconds = (ms: number | undefined): string => ((ms ?? 0) / 1000).toFixed(1);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

await main();
