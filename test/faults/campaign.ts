import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kill } from './kill-plan.ts';
import { copyTemplate, homesIn, type TemplateSize } from './template.ts';
import { runTrial, type KillRecord, type Trial } from './trial.ts';
import { judge, type Verdict } from './verdict.ts';

/** One run that was killed, and its judgment. */
export interface Outcome {
  readonly kills: readonly KillRecord[];
  readonly verdict: Verdict;
  readonly trial: Trial;
}

/** What a fault test reads when it need not be large: longer ago than any shipped rule looks, so that none hangs on when it began. */
export const smallSample: TemplateSize = { historyDays: 120, people: 2 };

/**
 * Runs the kills on a copy of the template, then has an undisturbed Waymark read the same world in the state in which the run left it,
 * and compares the two. Folders are removed unless something was wrong.
 */
export async function runOutcome(
  template: string,
  folder: string,
  kills: readonly Kill[],
  options: { readonly ticks: number; readonly say?: (line: string) => void },
): Promise<Outcome> {
  const own = join(folder, 'killed');
  const other = join(folder, 'undisturbed');
  await copyTemplate(template, own);
  const trial = await runTrial(own, kills, options);
  await copyTemplate(template, other);
  const { outside } = homesIn(other);
  await rm(outside, { recursive: true, force: true });
  await cp(homesIn(own).outside, outside, { recursive: true });
  const control = await runTrial(other, [], { ticks: 0 });
  return { kills: trial.kills, verdict: judge(trial, control), trial };
}
