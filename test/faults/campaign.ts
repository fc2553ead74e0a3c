import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kill } from './kill-plan.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHouse, type House } from './house.ts';
import { sweep, type Round, type RoundRecord } from './sweep.ts';
import { copyTemplate, homesIn, makeTemplate, type TemplateSize } from './template.ts';
import { journalQuery, runTrial, type JournalLine, type KillRecord, type Trial } from './trial.ts';
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
  const control = await readUndisturbed(template, own, other);
  return { kills: trial.kills, verdict: judge(trial, control), trial };
}

/** Has an undisturbed Waymark read the world in the state in which a run left it. */
async function readUndisturbed(template: string, own: string, other: string): Promise<Trial> {
  await copyTemplate(template, other);
  const { outside } = homesIn(other);
  await rm(outside, { recursive: true, force: true });
  await cp(homesIn(own).outside, outside, { recursive: true });
  return runTrial(other, [], { ticks: 0 });
}

/** How a sweep over faults ended. */
export interface Swept {
  readonly rounds: readonly RoundRecord[];
  readonly verdict: Verdict;
  readonly alerts: ReadonlyMap<string, string>;
}

/** Runs Waymark through rounds of faults from its first reading on, and compares it with an undisturbed reader. */
export async function runSweep(folder: string, chosen: readonly Round[], say?: (line: string) => void): Promise<Swept> {
  const template = join(folder, 'template');
  const own = join(folder, 'faulted');
  await makeTemplate(template, smallSample);
  await copyTemplate(template, own);
  const house = await openHouse(smallSample, {
    folder: own,
    // The first reading meets its faults as well: a digest and a batch of stages whose answers are lost.
    before: ({ sandbox }) => {
      sandbox.slack.faults.add({ kind: 'lost-answer', match: { path: '/api/chat.postMessage' }, times: 2 });
      sandbox.hubspot.faults.add({ kind: 'lost-answer', match: { path: '/batch/update' }, times: 1 });
      sandbox.google.faults.add({ kind: 'server-error', share: 0.02 });
    },
  });
  let swept: Omit<Swept, 'verdict'> & { readonly trial: Trial };
  try {
    await house.atRest();
    house.outside.sandbox.google.faults.clear();
    const rounds = await sweep(house, chosen, (round) => claimSome(house, round), say);
    await untilCertain(house);
    const alerts = await house.rows.alerts();
    const trial: Trial = {
      kills: [],
      holdings: await house.rows.holdings(),
      ledger: house.outside.ledger(),
      alerts,
      journal: await house.rows.query<JournalLine>(journalQuery),
      orderly: true,
      output: house.log.join(''),
    };
    swept = { rounds, alerts, trial };
  } finally {
    await house.close();
  }
  const control = await readUndisturbed(template, own, join(folder, 'undisturbed'));
  return { rounds: swept.rounds, alerts: swept.alerts, verdict: judge(swept.trial, control) };
}

/** Presses a button somewhere, so that the bot has something to say in every round. */
async function claimSome(house: House, round: number): Promise<void> {
  const slack = house.outside.sandbox.slack.handle;
  const buttons = slack.posted().flatMap((post) => {
    const message = slack.workspace.message(post.channel, post.ts);
    const blocks = message?.blocks ?? [];
    return blocks.flatMap((block) =>
      block.type === 'actions' && block.elements.some((one) => one.action_id === 'claim')
        ? [{ channel: post.channel, ts: post.ts, blockId: block.block_id ?? '' }]
        : [],
    );
  });
  const chosen = buttons[(round * 3) % Math.max(1, buttons.length)];
  const person =
    chosen && slack.workspace.state.channels[chosen.channel]?.members.find((one) => one.startsWith('U0CSM'));
  if (chosen && person !== undefined) await slack.use(person, 'claim', chosen);
}

/** Posts of which nobody knows are looked for once a minute. */
async function untilCertain(house: House): Promise<void> {
  const limit = Date.now() + 150_000;
  while (Date.now() < limit && [...(await house.rows.alerts()).values()].includes('uncertain')) await sleep(1000);
  await house.atRest();
}
