import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, templateFile, type TemplateName } from '../src/index.ts';
import type { AccountContext } from '../src/index.ts';
import { ANN, context, day, History } from './account.ts';

const journeyOf = (name: TemplateName) =>
  compileJourney(parseDefinition(readFileSync(templateFile(name), 'utf8'), `${name}.yaml`));
const { customerSince: _since, ...prospect } = { customerSince: undefined, ...context };
const nobody: AccountContext = { ...prospect, isCustomer: false };

/** A prospect that buys, goes live, leaves and comes back. */
const wonBack = () =>
  new History()
    .from(0, ANN)
    .add('deal.created', 5, { attributes: { dealId: 'd1', kind: 'new' } })
    .add('deal.won', 20, { attributes: { dealId: 'd1', kind: 'new' } })
    .add('milestone.reached', 60, { attributes: { milestone: 'go_live' } })
    .add('account.churned', 200)
    .add('deal.won', 260, { attributes: { dealId: 'd2', kind: 'new' } });

const moves = (name: TemplateName, history: History, until: number) =>
  reduce(journeyOf(name), nobody, history.facts, day(until)).periods.map(
    ({ stage, direction, move }) => `${stage} ${direction} ${move}`,
  );

describe('four stages', () => {
  it('go from first contact to churn and back', () => {
    expect(moves('four-stages', wonBack(), 300)).toEqual([
      'acquisition entry entry',
      'onboarding forward allowed',
      'retention forward allowed',
      'churn forward allowed',
      'retention re-entry allowed',
    ]);
  });

  it('record a forbidden move as what it is, and drop nothing', () => {
    const slip = new History().from(0, ANN).add('crm.stage_changed', 9, { attributes: { to: 'churned' } });
    expect(moves('four-stages', slip, 20)).toEqual(['acquisition entry entry', 'churn skip forbidden']);
    const flagged = reduce(journeyOf('four-stages'), nobody, slip.facts, day(20)).flags;
    expect(flagged).toMatchObject([
      {
        rule: 'forbidden-move',
        kind: 'data_gap',
        openedAt: day(9),
        clearedAt: null,
        reason: 'Went from Acquisition to Churn, which the journey does not allow',
        proof: { evidence: [{ type: 'crm.stage_changed' }] },
      },
    ]);
    slip.add('deal.won', 30, { attributes: { dealId: 'd1', kind: 'new' } });
    const later = reduce(journeyOf('four-stages'), nobody, slip.facts, day(31)).flags;
    expect(later).toMatchObject([
      { rule: 'forbidden-move', clearedAt: day(30), clearedBecause: 'the account has moved on' },
    ]);
  });
});

describe('five stages', () => {
  it('begin anew with whoever leaves', () => {
    const history = wonBack().add('survey.responded', 150, {
      direction: 'inbound',
      attributes: { score: 95 },
      participants: [{ role: 'respondent', address: ANN }],
    });
    const seen = moves('five-stages', history, 300);
    expect(seen.slice(0, 4)).toEqual([
      'awareness entry entry',
      'consideration forward allowed',
      'decision forward allowed',
      'retention forward allowed',
    ]);
    expect(seen).toContain('awareness re-entry allowed');
    expect(seen.at(-1)).toMatch(/^retention re-entry/);
  });
});
