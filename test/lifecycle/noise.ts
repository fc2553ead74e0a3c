import { readFileSync } from 'node:fs';
import { compileJourney, parseDefinition, reduce, templateFile } from '@waymark/lifecycle';
import { generateWorld } from '../../apps/sandbox/src/company/generate.ts';
import { contextOf, factsOf } from './sample-facts.ts';

/**
 * Prints how many alerts the sample's last 90 days would have made: flags opened per CSM and week by rule, and with `--flags` each
 * open flag as a CSM reads it. `npx node test/lifecycle/noise.ts [--flags] [--days=90] [--definition=file] [anchor] [seed]`
 */
const DAY = 86_400_000;
const option = (name: string) => process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1];
const WINDOW = Number(option('days') ?? 90);
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const anchor = Date.parse(words[0] ?? '2026-11-21T20:48:00Z');
const seed = Number(words[1] ?? 7);
const world = generateWorld({ seed, anchor });
const journey = compileJourney(
  parseDefinition(readFileSync(option('definition') ?? templateFile('nine-stages'), 'utf8'), 'nine-stages'),
);
const opened = new Map<string, { total: number; healthy: number; short: number }>();
const date = (at: number) => new Date(at).toISOString().slice(0, 10);

for (const account of world.accounts) {
  const answer = reduce(journey, contextOf(world, account), factsOf(world, account), anchor);
  const story = world.manifest.find((one) => one.account === account.key);
  for (const flag of answer.flags) {
    if (flag.openedAt < anchor - WINDOW * DAY) continue;
    const tally = opened.get(flag.rule) ?? { total: 0, healthy: 0, short: 0 };
    tally.total += 1;
    if (story?.healthy) tally.healthy += 1;
    if (flag.clearedAt !== null && flag.clearedAt - flag.openedAt < 2 * DAY) tally.short += 1;
    opened.set(flag.rule, tally);
    if (!process.argv.includes('--flags')) continue;
    const end = flag.clearedAt === null ? 'open' : `cleared ${date(flag.clearedAt)}: ${flag.clearedBecause}`;
    console.log(`\n${account.key} (${story?.story ?? '-'}) ${flag.rule} ${date(flag.openedAt)} ${end}`);
    console.log(
      `  ${flag.reason}${flag.reasonNow && flag.reasonNow !== flag.reason ? `\n  now: ${flag.reasonNow}` : ''}`,
    );
    console.log(`  clears: ${flag.proof.clears}\n  next: ${flag.nextStep}`);
    for (const one of flag.proof.evidence) console.log(`   - ${date(one.at)} ${one.note} (${one.type})`);
  }
}

const csms = new Set(world.accounts.map((account) => account.csm)).size;
const perWeek = (count: number) => (count / csms / (WINDOW / 7)).toFixed(2);
console.log(`\nFlags opened in ${WINDOW} days before ${date(anchor)}, ${world.accounts.length} accounts, ${csms} CSMs`);
for (const [rule, { total, healthy, short }] of [...opened].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  console.log(
    `${rule.padEnd(18)} ${String(total).padStart(4)}  ${perWeek(total)} a week per CSM; ${healthy} on healthy accounts; ${short} over within two days`,
  );
