import { describe, expect, it } from 'vitest';
import type { BacktestAccount } from './backtest.ts';
import type { Fact } from '../index.ts';
import { suggest } from './suggest.ts';

const DAY = 86_400_000;
const from = Date.UTC(2025, 0, 1);
const to = from + 700 * DAY;

/** A definition whose one threshold is far too low. */
const source = `# Ours.
id: ours
version: 3
title: Ours
type: linear
stages:
  - { id: customer, title: Customer, enter: [{ from: [none] }] }
thresholds:
  quiet_days:
    value: 10 # chosen in a meeting
    note: No shorter silence is a risk.
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

const fact = (id: string, type: Fact['type'], at: number): Fact => ({
  id,
  type,
  occurredAt: at,
  recordedAt: at,
  touchpoint: type.startsWith('email') ? 'email' : 'crm',
  direction: 'inbound',
  participants: [{ role: 'from', address: 'ann@acme.example' }],
  automated: false,
  attributes: {},
});

/** Customers who pause for 17 days now and then and stay, and customers who are silent for 40 days and go. */
function accounts(count: number, silentDays: (churnedAt: number) => number = () => 40): BacktestAccount[] {
  return Array.from({ length: count }, (_, index): BacktestAccount => {
    const churnedAt = index % 3 === 0 ? from + (80 + ((index * 37) % 600)) * DAY : null;
    const facts: Fact[] = [];
    for (let day = index % 5; day < 700; day += day % 90 < 80 ? 3 : 17) {
      const at = from + day * DAY;
      if (churnedAt !== null && at > churnedAt - silentDays(churnedAt) * DAY) break;
      facts.push(fact(`${index}-m${day}`, 'email.received', at));
    }
    if (churnedAt !== null) facts.push(fact(`${index}-churn`, 'account.churned', churnedAt));
    else
      for (const day of [100, 300, 500, 690]) facts.push(fact(`${index}-r${day}`, 'account.renewed', from + day * DAY));
    return {
      account: `a${index}.example`,
      contexts: [
        {
          from: Number.MIN_SAFE_INTEGER,
          context: { accountId: `a${index}`, isCustomer: true, contacts: [], gaps: [], watchedFrom: from - 200 * DAY },
        },
      ],
      facts,
      csmAt: () => `csm-${index % 2}`,
      sourcesOf: () => [],
      sourcesAt: () => [],
    };
  });
}

describe('a suggestion', () => {
  it('raises what is too low, keeps comments, raises the version and proves it on the later part', async () => {
    const found = await suggest(source, 'ours.yaml', () => accounts(90), { from, to, noise: 2 });
    expect(found.thresholds).toEqual([{ threshold: 'quiet_days', segment: null, before: 10, after: 20 }]);
    expect(found.definition).toContain('value: 20 # chosen in a meeting');
    expect(found.definition).toContain('version: 4');
    expect(found.definition?.split('\n').length).toBe(source.split('\n').length);
    expect(found.verdict, found.sentence).toBe('better');
    expect(found.later?.first.from).toBe(found.laterFrom);
  });

  it('tunes on nothing that became known after the early part', async () => {
    const all = accounts(90);
    const boundary = from + Math.round((to - from) * 0.6);
    const other = all.map((one, index) => ({
      ...one,
      // What comes later is another story altogether; outcomes stay, so that there are enough.
      facts: one.facts.filter(
        ({ type, recordedAt }) => recordedAt < boundary || type.startsWith('account') || index % 2,
      ),
    }));
    const [one, two] = await Promise.all(
      [all, other].map((given) => suggest(source, 'ours.yaml', () => given, { from, to, noise: 2 })),
    );
    expect(two?.tuning).toEqual(one?.tuning);
  });

  it('gives no definition where the later part shows that it does worse', async () => {
    const later = from + 420 * DAY;
    const changing = accounts(90, (churnedAt) => (churnedAt > later ? 15 : 40));
    const found = await suggest(source, 'ours.yaml', () => changing, { from, to, noise: 2 });
    expect(found.verdict, found.sentence).toBe('worse');
    expect(found.thresholds).not.toEqual([]);
    expect(found.definition).toBeNull();
  });

  it('refuses with the counts where outcomes are few', async () => {
    const found = await suggest(source, 'ours.yaml', () => accounts(12), { from, to, noise: 2 });
    expect(found).toMatchObject({ verdict: 'refused', definition: null, later: null });
    expect(found.sentence).toMatch(/^Too few outcomes to suggest anything: \d+ churned and \d+ renewed/);
  });

  it('refuses where outcomes are not declared', async () => {
    const bare = source.slice(0, source.indexOf('outcomes:'));
    expect((await suggest(bare, 'ours.yaml', () => accounts(90), { from, to, noise: 2 })).sentence).toContain(
      'what counts as churned and as renewed',
    );
  });
});
