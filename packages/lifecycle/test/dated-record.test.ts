import { readFileSync } from 'node:fs';
import { journeyDefinition } from '@waymark/journey';
import { describe, expect, it } from 'vitest';
import {
  peerMeasures,
  type AccountContext,
  compileJourney,
  parseDefinition,
  reduce,
  templateFile,
} from '../src/index.ts';
import { walkAsKnown } from '../src/backtest/backtest-walk.ts';
import { context, DAY, day, History, lastFlag, liveCustomer, MONDAY, openRules } from './account.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));
const { customerSince: _since, renewalAt: _renewal, tier: _tier, ...undated } = context;
const imported: AccountContext = { ...undated, isAssumed: true };
const tiered = (history: History, days: number, to: string, more: object = { role: 'tier' }) =>
  history.add('crm.property_changed', days, { attributes: { property: 'tier', to, ...more } });

describe('the tier of an account', () => {
  /** Five tickets, which are a load but for who is of tier enterprise. */
  const loaded = (history: History) =>
    ['a', 'b', 'c', 'd', 'e'].reduce((all, id, index) => all.ticket('ticket.opened', 107 + index, id), history);
  const opened = (history: History, around: AccountContext, days = 120) =>
    openRules(reduce(journey, around, loaded(history).facts, day(days))).includes('ticket_load');

  it('is that of the dated history at each instant, whatever the record says now', () => {
    const until = (days: number) => tiered(tiered(liveCustomer(), 1, 'enterprise'), days, 'small');
    expect(opened(until(130), { ...context, tier: 'small' })).toBe(false);
    expect(opened(until(100), { ...context, tier: 'enterprise' })).toBe(true);
    // It turns with the fact itself.
    const turned = reduce(journey, context, loaded(until(115)).facts, day(120));
    expect(lastFlag(turned, 'ticket_load').openedAt).toBe(day(115));
  });

  it('is the record’s where nothing is dated, and none once it was emptied', () => {
    expect(opened(liveCustomer(), { ...context, tier: 'enterprise' })).toBe(false);
    expect(opened(tiered(liveCustomer(), 1, ''), { ...context, tier: 'enterprise' })).toBe(true);
  });

  it('is told by a property of that name where no declaration names one', () => {
    expect(opened(tiered(liveCustomer(), 1, 'Enterprise', {}), imported)).toBe(false);
    const declared = tiered(tiered(liveCustomer(), 1, 'enterprise'), 2, 'small', {});
    expect(opened(declared, imported)).toBe(false);
  });

  it('of a later day is nothing that an earlier one knows: a walk raises what it would have raised without it', () => {
    const history = loaded(tiered(liveCustomer(), 1, 'small'));
    const walked = (facts: typeof history.facts) =>
      walkAsKnown(journey, [{ from: Number.MIN_SAFE_INTEGER, context }], facts, day(125)).map(
        ({ flag, raisedAt }) => [flag.rule, raisedAt] as const,
      );
    expect(walked(tiered(loaded(tiered(liveCustomer(), 1, 'small')), 130, 'enterprise').facts)).toEqual(
      walked(history.facts),
    );
    expect(walked(history.facts).map(([rule]) => rule)).toContain('ticket_load');
  });

  it('is the one whose usual it is held against', () => {
    const definition = journeyDefinition.parse({
      id: 'tiers',
      version: 1,
      title: 'Tiers',
      type: 'cyclical',
      stages: [{ id: 'live', title: 'Live', enter: [{ from: ['none'] }] }],
      rules: [
        {
          id: 'below',
          kind: 'risk',
          severity: 'low',
          title: 'Below its tier',
          when: { signal: 'tier_share', with: { types: ['email.received'], days: 28 }, op: '<', value: 0.5 },
          reason: 'Wrote {tier_share} of what is usual',
          clears: 'More.',
          nextStep: 'Ask.',
        },
      ],
    });
    const [measure] = peerMeasures(definition);
    const of = (tier: string, median: number) => ({
      measure: measure?.key ?? '',
      tier,
      steps: [{ from: MONDAY - 100 * DAY, median, accounts: 9 }],
    });
    const around = { ...context, tier: 'gold', peers: [of('gold', 40), of('silver', 4)] };
    const often = tiered(tiered(liveCustomer().talk(1, 120, 7), 1, 'Silver'), 100, 'Gold ');
    const answer = reduce(compileJourney(definition), around, often.facts, day(120));
    // Not with the week of the change that is not over, nor while it was silver.
    expect(answer.flags.map(({ openedAt }) => openedAt)).toEqual([day(100)]);
  });
});

describe('the value of an account', () => {
  it('is that of the dated history at each instant', () => {
    const definition = parseDefinition(
      readFileSync(templateFile('nine-stages'), 'utf8').replace(
        'tiers: [enterprise, strategic, tier 1, platinum]',
        'valueAtLeast: 1000',
      ),
      'valued.yaml',
    );
    const valued = compileJourney(definition);
    const worth = (to: string) =>
      ['a', 'b', 'c', 'd', 'e']
        .reduce((all, id, index) => all.ticket('ticket.opened', 107 + index, id), liveCustomer())
        .add('crm.property_changed', 90, { attributes: { property: 'arr', role: 'value', to } });
    const rules = (to: string, value: number) =>
      openRules(reduce(valued, { ...context, value }, worth(to).facts, day(120)));
    expect(rules('5000', 10)).not.toContain('ticket_load');
    expect(rules('10', 5000)).toContain('ticket_load');
    expect(rules('much', 5000)).not.toContain('ticket_load');
    expect(rules('', 5000)).toContain('ticket_load');
  });
});

describe('since when an account is a customer', () => {
  const sale = (history: History, at: number) =>
    history
      .add('deal.created', at - 40, { attributes: { dealId: 'n', kind: 'new' } })
      .add('deal.won', at, { attributes: { dealId: 'n', kind: 'new' } });
  const asked = (signal: string, history: History, around: AccountContext, days: number) => {
    const text = readFileSync(templateFile('nine-stages'), 'utf8').replace(
      'health:\n  version: 1\n  parts:\n',
      `health:\n  version: 1\n  parts:\n    - { id: asked, label: Asked, weight: 1, bands: [{ when: { known: ${signal} }, score: 50, why: '{${signal}}' }] }\n`,
    );
    const answer = reduce(compileJourney(parseDefinition(text, 'asked.yaml')), around, history.facts, day(days));
    return answer.health.parts.find(({ part }) => part === 'asked')?.why;
  };

  it('is told by the deal that was won first, where the record does not say', () => {
    expect(asked('days_since_customer', sale(new History(), 0), imported, 20)).toBe('20 days');
    const renewed = sale(new History(), 0).add('deal.won', 365, { attributes: { dealId: 'r', kind: 'renewal' } });
    expect(asked('days_since_customer', renewed, imported, 370)).toBe('370 days');
    expect(asked('days_since_customer', sale(new History(), 0), { ...imported, customerSince: day(-10) }, 20)).toBe(
      '30 days',
    );
  });

  it('is unknown where all that is told shows that it had been one before', () => {
    const renewal = new History().add('deal.won', 10, { attributes: { dealId: 'r', kind: 'renewal' } });
    expect(asked('days_since_customer', sale(renewal, 100), imported, 120)).not.toMatch(/days/);
    const assumed = new History().add('crm.stage_changed', 0, { attributes: { to: 'customer', assumed: true } });
    expect(asked('days_since_customer', assumed, imported, 120)).not.toMatch(/days/);
  });

  it('sets the clock of milestones that hang on it', () => {
    const text = readFileSync(templateFile('four-stages'), 'utf8').replace(
      /due: \{ days: 14, after: \{ stage: onboarding \} \}/,
      'due: { days: 14, after: customerSince }',
    );
    expect(text).toContain('after: customerSince');
    const hung = compileJourney(parseDefinition(text, 'hung.yaml'));
    const answer = reduce(hung, imported, sale(new History(), 0).facts, day(20));
    expect(answer.milestones.find(({ milestone }) => milestone === 'kickoff')?.dueAt).toBe(day(14));
    expect(openRules(answer)).toContain('onboarding_behind');
  });
});

describe('an account that an import made a customer', () => {
  const quiet = () => new History().from(-60).from(-50).from(-40).from(-30).from(-20).from(-10);
  const deal = (type: 'deal.created' | 'deal.lost', at: number, kind: string) => (history: History) =>
    history.add(type, at, { attributes: { dealId: 'n', kind } });
  const risks = (history: History, around: AccountContext = imported) =>
    openRules(reduce(journey, around, history.facts, day(150)));

  it('is none while nothing but a sale is told of it, also once that is lost', () => {
    expect(risks(quiet())).toContain('gone_quiet');
    expect(risks(deal('deal.created', -60, 'new')(quiet()))).toEqual([]);
    expect(risks(deal('deal.lost', 5, 'new')(deal('deal.created', -60, 'new')(quiet())))).toEqual([]);
    expect(risks(quiet().stage(-60, 'lead'))).toEqual([]);
    expect(risks(quiet().stage(-60, 'lead').stage(5, 'Closed Lost'))).toEqual([]);
  });

  it('is one from the sale on, and where anything else is told', () => {
    const won = deal('deal.created', -60, 'new')(quiet()).add('deal.won', -1, { attributes: { dealId: 'n' } });
    expect(risks(won)).toContain('gone_quiet');
    expect(risks(quiet().stage(-60, 'lead').stage(-5, 'customer'))).toContain('gone_quiet');
    expect(risks(quiet().stage(-60, 'lead').stage(-5, 'partner'))).toContain('gone_quiet');
    expect(risks(deal('deal.created', -60, 'renewal')(quiet()))).toContain('gone_quiet');
    expect(risks(deal('deal.created', 5, 'new')(deal('deal.lost', 0, 'expansion')(quiet())))).toContain('gone_quiet');
  });

  it('is one in the CRM’s own words whatever deal for a second product is open', () => {
    // The journey has them in acquisition, where silence is no risk; of a customer there is a health all the same.
    const scored = (around: AccountContext) =>
      reduce(journey, around, deal('deal.created', -60, 'new')(quiet()).facts, day(150)).health.score;
    expect(scored(imported)).toBeNull();
    expect(scored(undated)).not.toBeNull();
    expect(risks(quiet().stage(-60, 'lead'), { ...undated, customerSince: day(-300) })).toContain('gone_quiet');
  });

  it('who uses the product has bought it', () => {
    const used = quiet().add('usage.recorded', -65, {
      touchpoint: 'product',
      attributes: { metric: 'logins', value: 3 },
    });
    expect(risks(deal('deal.created', -60, 'new')(used))).toContain('gone_quiet');
  });

  it('says nothing of what is to come: not before a sale either', () => {
    const at = (history: History) => reduce(journey, imported, history.facts, day(100)).digest;
    expect(at(sold(quiet()))).toBe(at(quiet()));
  });
  const sold = (history: History) => history.add('deal.won', 120, { attributes: { dealId: 'n', kind: 'new' } });
});
