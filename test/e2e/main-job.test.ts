import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { generateWorld } from '@waymark/sandbox';
import { startWaymark, type Ended } from './waymark-process.ts';

const summary = z.object({
  workspace: z.string(),
  installations: z.array(
    z.object({
      connector: z.string(),
      streams: z.array(
        z.object({
          stream: z.string(),
          stored: z.number(),
          ignored: z.number(),
          rejected: z.number(),
          freshnessSeconds: z.number().nullable(),
        }),
      ),
    }),
  ),
  accounts: z.number(),
  contacts: z.number(),
  events: z.object({
    total: z.number(),
    byType: z.record(z.string(), z.number()),
    bySource: z.record(z.string(), z.number()),
    merged: z.number(),
  }),
  stages: z.record(z.string(), z.number()),
  flags: z.array(
    z.object({
      account: z.string(),
      domain: z.string().nullable(),
      rule: z.string(),
      kind: z.string(),
      reason: z.string(),
      evidence: z.array(z.string()),
    }),
  ),
  alerts: z.object({ posted: z.number(), uncertain: z.number(), heldBack: z.number() }),
  writeback: z.object({ planned: z.number(), applied: z.number(), verified: z.number(), failed: z.number() }),
  timings: z.record(z.string(), z.number().nullable()),
});

describe('the main job on the sample company', () => {
  let home: string;
  let first: Ended;

  beforeAll(async () => {
    home = await temporaryHome('main-job');
    first = await run();
  }, 300_000);
  afterAll(() => removeHome(home));

  const run = () => startWaymark(['demo', '--once', '--json'], { WAYMARK_HOME: home, WAYMARK_PORT: '0' }).ended;
  const read = (ended: Ended) => summary.parse(JSON.parse(ended.stdout));

  it('ends with 0 and one JSON object on standard output', () => {
    expect(first.code, first.stderr).toBe(0);
    expect(() => read(first)).not.toThrow();
  });

  it('flags every at-risk story by its rule, and no healthy account', async () => {
    const kept = z
      .object({ seed: z.number(), anchor: z.number() })
      .parse(JSON.parse(await readFile(join(home, 'sandbox', 'sandbox.json'), 'utf8')));
    const { manifest } = generateWorld({ seed: kept.seed, anchor: kept.anchor });
    const { flags } = read(first);
    const risks = manifest.filter((story) => story.rule !== undefined && !story.healthy);
    const missed = risks.filter(
      (story) => !flags.some((flag) => flag.domain === story.domain && flag.rule === story.rule),
    );
    const wronged = manifest.filter(
      (story) => story.healthy && flags.some((flag) => flag.domain === story.domain && flag.kind === 'risk'),
    );
    expect(risks.length).toBeGreaterThanOrEqual(8);
    expect(missed.map((story) => `${story.account}: ${story.rule}`)).toEqual([]);
    expect(wronged.map((story) => story.account)).toEqual([]);
    const unproven = flags.filter(
      (flag) =>
        flag.kind === 'risk' &&
        flag.rule !== 'renewal_weak' &&
        flag.evidence.length === 0 &&
        flag.rule !== 'onboarding_behind',
    );
    expect(unproven.map((flag) => `${flag.account}: ${flag.rule}`)).toEqual([]);
  });

  it('writes at least 50 stages back and reads them back', () => {
    const { writeback } = read(first);
    expect(writeback.verified).toBeGreaterThanOrEqual(50);
    expect(writeback.failed).toBe(0);
  });

  it('posts to every CSM, with nothing uncertain and nothing rejected', () => {
    const { alerts, installations } = read(first);
    expect(alerts.posted).toBeGreaterThanOrEqual(6);
    expect(alerts.uncertain).toBe(0);
    expect(installations.flatMap((one) => one.streams).reduce((sum, stream) => sum + stream.rejected, 0)).toBe(0);
  });

  it('goes on where it was when it is started again', async () => {
    const again = await run();
    expect(again.code, again.stderr).toBe(0);
    const [before, after] = [read(first), read(again)];
    expect(after.installations.length).toBe(before.installations.length);
    expect(after.events.total).toBe(before.events.total);
    expect(after.alerts.posted).toBe(before.alerts.posted);
    expect(after.writeback.verified).toBe(before.writeback.verified);
  }, 300_000);
});
