import { generateWorld } from '@waymark/sandbox';
import { beforeAll, describe, expect, it } from 'vitest';
import { runStack, type StackRun } from './stack-run.ts';

const anchor = Date.parse('2026-11-20T16:00:00Z');

describe('a sample company with two mail systems, two CRMs, a help desk and shared channels', () => {
  let run: StackRun;

  beforeAll(async () => {
    run = await runStack('mixed', anchor);
  }, 300_000);

  it('is read by every connector that signs in, and nothing of it is rejected', () => {
    expect(run.connectors).toEqual([
      'gmail',
      'google-calendar',
      'hubspot',
      'outlook',
      'salesforce',
      'slack',
      'slack-channels',
      'zendesk',
    ]);
    expect(run.rejected).toBe(0);
  });

  it('flags every story by its rule and no healthy account, whichever CRM holds it', () => {
    const { manifest } = generateWorld({ seed: 7, anchor });
    const flagsOf = (story: (typeof manifest)[number]) => run.findings.get(story.domain || story.name)?.flags ?? [];
    const missed = manifest.filter((story) => story.rule !== undefined && !flagsOf(story).includes(story.rule));
    const wronged = manifest.filter(
      (story) => story.healthy && flagsOf(story).some((rule) => rule !== story.rule && rule !== 'ready_to_expand'),
    );
    expect(missed.map((story) => `${story.account}: ${story.rule}`)).toEqual([]);
    expect(wronged.map((story) => story.account)).toEqual([]);
  });

  it('writes the stages of both CRMs', () => {
    expect(run.verifiedWrites).toBeGreaterThanOrEqual(60);
  });
});
