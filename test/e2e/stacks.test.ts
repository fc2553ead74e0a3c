import { generateWorld } from '@waymark/sandbox';
import { beforeAll, describe, expect, it } from 'vitest';
import { runStack, type StackRun } from './stack-run.ts';

const anchor = Date.parse('2026-11-20T16:00:00Z');

describe('the same sample company on other products', () => {
  let first: StackRun;
  let second: StackRun;

  beforeAll(async () => {
    // One after the other: both want the whole machine.
    first = await runStack('google-hubspot', anchor);
    second = await runStack('microsoft-salesforce', anchor);
  }, 600_000);

  it('is read by other connectors, and nothing of it is rejected', () => {
    expect(first.connectors).toEqual(['gmail', 'google-calendar', 'hubspot', 'slack']);
    expect(second.connectors).toEqual(['outlook', 'salesforce', 'slack']);
    expect([first.rejected, second.rejected]).toEqual([0, 0]);
    for (const run of [first, second]) expect(run.verifiedWrites).toBeGreaterThanOrEqual(50);
  });

  it('has the same accounts, of the same CSMs', () => {
    const who = (run: StackRun) => [...run.findings].map(([key, { customer, csm }]) => [key, customer, csm]).toSorted();
    expect(first.findings.size).toBeGreaterThanOrEqual(60);
    expect(who(second)).toEqual(who(first));
  });

  it('gives every account the same stage and the same periods', () => {
    const stages = (run: StackRun) => keyed(run, ({ stage, periods }) => ({ stage, periods }));
    expect(stages(second)).toEqual(stages(first));
    // Not equal for want of anything to compare.
    const periods = [...first.findings.values()].flatMap((account) => account.periods);
    expect(periods.length).toBeGreaterThan(200);
    expect(new Set(periods.map((period) => period.stage)).size).toBeGreaterThan(6);
  });

  it('opens the same flags, those of the stories among them', () => {
    const flags = (run: StackRun) => keyed(run, (account) => account.flags);
    expect(flags(second)).toEqual(flags(first));
    const { manifest } = generateWorld({ seed: 7, anchor });
    const missed = manifest.filter(
      (story) =>
        story.rule !== undefined && !second.findings.get(story.domain || story.name)?.flags.includes(story.rule),
    );
    expect(missed.map((story) => `${story.account}: ${story.rule}`)).toEqual([]);
  });
});

function keyed<Value>(
  run: StackRun,
  pick: (account: StackRun['findings'] extends ReadonlyMap<string, infer One> ? One : never) => Value,
): Record<string, Value> {
  return Object.fromEntries(
    [...run.findings].toSorted(([a], [b]) => a.localeCompare(b)).map(([key, account]) => [key, pick(account)]),
  );
}
