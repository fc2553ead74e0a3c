import { join } from 'node:path';
import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOutcome, smallSample, type Outcome } from './campaign.ts';
import { momentKills, seeded, type Kill } from './kill-plan.ts';
import { makeTemplate } from './template.ts';

const seed = 20;

// A slice of what `node test/faults/main.ts` does at length: real processes, a real database, SIGKILL.
describe(`Waymark, killed and started again (seed ${seed})`, () => {
  let folder: string;
  let outcome: Outcome;
  const kills: readonly Kill[] = [
    ...momentKills(seeded(seed), 1),
    { at: 'point', name: 'page-stored', nth: 3, stage: 'backfill' },
    { at: 'point', name: 'post-sent', nth: 1, stage: 'backfill' },
    { at: 'point', name: 'write-sent', nth: 1, stage: 'backfill' },
  ];

  beforeAll(async () => {
    folder = await temporaryHome('faults');
    await makeTemplate(join(folder, 'template'), smallSample);
    outcome = await runOutcome(join(folder, 'template'), folder, kills, { ticks: 2 });
  }, 300_000);
  afterAll(() => removeHome(folder));

  it('I14: dies at each planned instant and is healthy within 30 s of its restart', () => {
    expect(outcome.kills.filter((kill) => !kill.hit)).toEqual([]);
    expect(Math.max(...outcome.kills.map((kill) => kill.readyMs + kill.healthyMs))).toBeLessThan(30_000);
    expect(outcome.trial.orderly).toBe(true);
  });

  it('I1, I2: holds every source object and event that an undisturbed reader holds, and none twice', () => {
    expect(outcome.trial.holdings.sources.size).toBeGreaterThan(1000);
    expect(outcome.verdict.lost).toEqual([]);
    expect(outcome.verdict.doubled).toEqual([]);
  });

  it('I3: gives the answers that the undisturbed reader gives, and that its own log gives', () => {
    expect(outcome.trial.holdings.stages.size).toBeGreaterThan(50);
    expect(outcome.verdict.otherAnswers).toEqual([]);
  });

  it('I4, G2: posted each alert once or counts it as uncertain', () => {
    expect(outcome.trial.ledger.posts.size).toBeGreaterThan(3);
    expect(outcome.verdict.alerts).toEqual([]);
  });

  it('I5: applied each write to the CRM once', () => {
    expect(outcome.trial.ledger.writes.size).toBeGreaterThan(50);
    expect(outcome.verdict.writes).toEqual([]);
  });
});
