import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backtest, type BacktestAccount } from './backtest.ts';
import { compileJourney, parseDefinition, templateFile, type Fact } from '../index.ts';
import { DAY } from '../time/zone.ts';

const definition = parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml');
const journey = compileJourney(definition);
const from = Date.UTC(2025, 0, 6);
const to = from + 500 * DAY;

function fact(type: Fact['type'], day: number, more: Partial<Fact> = {}): Fact {
  const at = from + day * DAY;
  return {
    id: `${type} ${day}`,
    type,
    occurredAt: at,
    recordedAt: at,
    touchpoint: type.startsWith('email') ? 'email' : 'crm',
    direction: type.startsWith('email') ? 'inbound' : 'none',
    participants: type.startsWith('email') ? [{ role: 'from', address: 'ann@acme.example' }] : [],
    automated: false,
    attributes: {},
    ...more,
  };
}

function account(name: string, facts: readonly Fact[]): BacktestAccount {
  const context = { accountId: name, isCustomer: true, contacts: [], gaps: [], watchedFrom: from };
  return {
    account: name,
    contexts: [{ from: Number.MIN_SAFE_INTEGER, context }],
    facts,
    csmAt: () => null,
    sourcesOf: () => ['mail'],
    sourcesAt: () => ['mail'],
  };
}

/** A mail every three days. */
const mails = (first: number, last: number): Fact[] =>
  Array.from({ length: Math.ceil((last - first) / 3) }, (_, index) => fact('email.received', first + index * 3));

describe('a backtest of what is hardly a history', () => {
  it('claims nothing of no account at all', () => {
    const report = backtest(journey, [], { from, to });
    expect(report).toMatchObject({ accounts: 0, sufficient: false, claims: false });
    expect(report.overall).toMatchObject({ alerts: 0, alertsPerCsmPerWeek: 0, chance: { precision: null, p: 1 } });
    expect(report.overall.precision).toEqual({ value: null, low: null, high: null });
  });

  it('shows the one alert of a single account, and says what is missing', () => {
    const report = backtest(journey, [account('acme.example', [...mails(0, 300), fact('account.churned', 350)])], {
      from,
      to,
    });
    expect(report.outcomes).toEqual({ churned: 1, renewed: 0 });
    expect(report.overall.cases).toMatchObject([{ account: 'acme.example', rule: 'gone_quiet', verdict: 'hit' }]);
    expect(report).toMatchObject({ sufficient: false, claims: false });
    expect(report.because).toBe(
      'Too few outcomes: 1 churned and 0 renewed, at least 10 of each are needed. Nothing that the definition counts as renewed occurs.',
    );
  });

  it('says which outcome is not declared, and takes none for a renewal', () => {
    const { outcomes: _outcomes, ...rest } = definition;
    const report = backtest(compileJourney(rest), [account('acme.example', mails(0, 300))], { from, to });
    expect(report.undeclared).toEqual(['churned', 'renewed']);
    expect(report.because).toContain('does not say what counts as churned and as renewed');
    expect(report.overall.cases.every((one) => one.outcome === 'unknown' && one.verdict === 'open')).toBe(true);
  });

  it('has no figures of rules where a definition has no risk rules', () => {
    const bare = compileJourney({ ...definition, rules: [] });
    const report = backtest(bare, [account('acme.example', [...mails(0, 300), fact('account.churned', 350)])], {
      from,
      to,
    });
    expect(report.rules).toEqual([]);
    expect(report.overall).toMatchObject({ alerts: 0, misses: 1, recall: { value: 0 } });
  });

  it('judges an account that begins in the middle by its own beginning', () => {
    const report = backtest(journey, [account('acme.example', mails(250, 499))], { from, to });
    expect(report.overall.cases).toEqual([]);
  });

  it('counts both churns of a customer who was won back in between', () => {
    const facts = [
      ...mails(0, 150),
      fact('account.churned', 200),
      fact('crm.stage_changed', 260, { attributes: { to: 'customer' } }),
      ...mails(260, 430),
      fact('account.churned', 480),
    ];
    const { overall } = backtest(journey, [account('acme.example', facts)], { from, to });
    expect(overall.cases.filter((one) => one.verdict === 'hit').map((one) => one.outcomeAt?.slice(0, 10))).toEqual([
      '2025-07-25',
      '2026-05-01',
    ]);
    expect(overall.missed).toEqual([]);
  });

  it('counts what a report calls alerts in its rates, and work of ours that is due beside it', () => {
    const waiting = Array.from({ length: 40 }, (_, index) => [
      fact('email.received', index * 10 + 0.4, { attributes: { threadId: `t${index}` } }),
      fact('email.sent', index * 10 + 7, {
        direction: 'outbound',
        participants: [{ role: 'to', address: 'ann@acme.example' }],
        attributes: { threadId: `t${index}` },
      }),
    ]).flat();
    const report = backtest(journey, [account('acme.example', [...waiting, fact('account.churned', 480)])], {
      from,
      to,
    });
    const weeks = (to - from) / (7 * DAY);
    const rounded = (value: number) => Math.round(value * 1000) / 1000;
    expect(report.rules.some((rule) => rule.about === 'service' && rule.alerts > 3)).toBe(true);
    for (const one of [report.overall, ...report.rules])
      expect(one.alertsPerCsmPerWeek).toBe(rounded(one.alerts / report.csms / weeks));
    expect(report.messagesPerCsmPerWeek).toBeGreaterThan(report.overall.alertsPerCsmPerWeek);
  });

  it('knows nothing of an outcome that was told after the end, unless what came later is known', () => {
    const late = fact('account.churned', 499, { recordedAt: from + 502 * DAY });
    const run = (more: { readonly toldBy?: number }) =>
      backtest(journey, [account('acme.example', [...mails(0, 300), late])], { from, to, ...more });
    expect(run({}).outcomes.churned).toBe(0);
    expect(run({}).overall.cases.map((one) => one.verdict)).toEqual(['open']);
    expect(run({ toldBy: Infinity }).outcomes.churned).toBe(1);
    expect(run({ toldBy: Infinity }).overall.cases.map((one) => one.verdict)).toEqual(['hit']);
  });

  it('counts an outcome before all else as a miss, and none that lies ahead', () => {
    const early = account('early.example', [fact('account.churned', 0), ...mails(2, 40)]);
    const ahead = account('ahead.example', [...mails(0, 490), fact('account.churned', 700, { recordedAt: from })]);
    const report = backtest(journey, [early, ahead], { from, to });
    expect(report.outcomes.churned).toBe(1);
    expect(report.overall.missed.map((one) => one.account)).toEqual(['early.example']);
    expect(report.overall.cases.filter((one) => one.account === 'ahead.example')).toEqual([]);
  });
});

describe('after a churn, however it is told', () => {
  const crm = (type: Fact['type'], attributes: Fact['attributes']) => fact(type, 345, { attributes });

  it.each([
    crm('account.churned', {}),
    crm('crm.stage_changed', { to: 'Former Customer' }),
    crm('crm.stage_changed', { to: 'Closed Lost' }),
    crm('crm.property_changed', { property: 'Customer Status', to: 'Cancelled' }),
    crm('deal.lost', { kind: 'renewal' }),
    crm('deal.lost', { pipeline: 'Renewals' }),
    crm('deal.lost', { type: 'Renewal' }),
    crm('deal.lost', { dealType: 'renewal' }),
    crm('deal.stage_changed', { kind: 'renewal', stage: 'closedlost' }),
    crm('deal.stage_changed', { pipeline: 'Renewals', stage: 'Closed Lost' }),
  ])('nobody is alerted that the customer is quiet: $type $attributes', (end) => {
    const facts = [fact('crm.stage_changed', 0, { attributes: { to: 'Customer' } }), ...mails(0, 340), end];
    const report = backtest(journey, [account('acme.example', facts)], { from, to });
    expect(report.outcomes.churned).toBe(1);
    expect(report.overall.cases).toEqual([]);
  });

  it.each([
    crm('crm.stage_changed', { to: 'Active' }),
    crm('crm.property_changed', { property: 'status', to: 'Reactivated' }),
    crm('account.renewed', {}),
  ])('and a second silence is told of whoever came back: $type $attributes', (back) => {
    const facts = [
      fact('crm.stage_changed', 0, { attributes: { to: 'Customer' } }),
      ...mails(0, 150),
      fact('crm.stage_changed', 151, { attributes: { to: 'Churned' } }),
      { ...back, id: 'back', occurredAt: from + 170 * DAY, recordedAt: from + 170 * DAY },
      ...mails(170, 400),
    ];
    const report = backtest(journey, [account('acme.example', facts)], { from, to });
    expect(report.overall.cases.filter(({ at }) => Date.parse(at) > from + 390 * DAY)).toMatchObject([
      { rule: 'gone_quiet' },
    ]);
  });
});
