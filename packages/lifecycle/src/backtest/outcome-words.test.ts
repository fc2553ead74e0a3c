import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInSale } from '../course/prospect.ts';
import { takeRecord } from '../tracks/track-work.ts';
import { emptyTracks } from '../tracks/tracks.ts';
import { outcomesOf } from './outcome.ts';
import { parseDefinition, templateFile, templateNames, type Fact } from '../index.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const templates = templateNames.map((name) => ({
  name,
  definition: parseDefinition(readFileSync(templateFile(name), 'utf8'), `${name}.yaml`),
}));
const definition = parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml');

const fact = (day: number, type: Fact['type'], attributes: Fact['attributes'] = {}): Fact => ({
  id: `${String(day).padStart(4, '0')}-${type}`,
  type,
  occurredAt: START + day * DAY,
  recordedAt: START + day * DAY,
  touchpoint: 'crm',
  direction: 'internal',
  participants: [],
  automated: false,
  attributes,
});
const told = (facts: readonly Fact[], of = definition) =>
  outcomesOf(of, facts, Infinity).map(({ kind, at }) => `${kind} ${(at - START) / DAY}`);

describe.each(templates)('outcomes as $name declares them', ({ definition: template }) => {
  it.each([
    'churned',
    'Churned',
    'Churn',
    'CHURNED ',
    'customer_lost',
    'Lost Customer',
    'former customer',
    'Former-Customer',
    'FormerCustomer',
    'Cancelled',
    'canceled',
    'Closed Lost',
    'closedlost',
    'Closed / Lost',
  ])('take the stage %s for a churn', (to) =>
    expect(
      told([fact(1, 'crm.stage_changed', { to: 'customer' }), fact(9, 'crm.stage_changed', { to })], template),
    ).toEqual(['churned 9']),
  );

  it.each([
    ['deal.lost', { kind: 'renewal' }, 'churned'],
    ['deal.lost', { pipeline: 'Renewals' }, 'churned'],
    ['deal.lost', { pipeline: 'Enterprise Renewal' }, 'churned'],
    ['deal.lost', { pipeline: 'renewal-pipeline' }, 'churned'],
    ['deal.lost', { deal_type: 'Renewal' }, 'churned'],
    ['deal.stage_changed', { pipeline: 'Renewals', stage: 'closedlost' }, 'churned'],
    ['deal.stage_changed', { kind: 'renewal', stage: 'Closed Lost' }, 'churned'],
    ['deal.stage_changed', { pipeline: 'Renewals', stage: 'Closed Won' }, 'renewed'],
    ['deal.won', { pipeline: 'RENEWAL' }, 'renewed'],
    ['deal.won', { type: 'Renewal' }, 'renewed'],
    ['crm.stage_changed', { to: 'Renewed' }, 'renewed'],
    ['crm.property_changed', { property: 'status', to: 'Churned' }, 'churned'],
    ['crm.property_changed', { property: 'Customer Status', to: 'former_customer' }, 'churned'],
    ['crm.property_changed', { property: 'renewal_status', to: 'renewed' }, 'renewed'],
  ] as const)('take %s with %j for %s', (type, attributes, kind) => {
    expect(told([fact(9, type, attributes)], template)).toEqual([`${kind} 9`]);
  });

  it.each([
    ['deal.lost', {}],
    ['deal.lost', { kind: 'new' }],
    ['deal.lost', { kind: 'expansion', pipeline: 'Sales' }],
    ['deal.lost', { pipeline: 'New Business', stage: 'Closed Lost' }],
    ['deal.won', { pipeline: 'default' }],
    ['deal.stage_changed', { pipeline: 'Sales', stage: 'closedlost' }],
    ['deal.stage_changed', { pipeline: 'Renewals', stage: 'Negotiation' }],
    ['crm.stage_changed', { to: 'Churn risk' }],
    ['crm.stage_changed', { to: 'At risk of being lost' }],
    ['crm.stage_changed', { to: 'inactive' }],
    ['crm.stage_changed', { to: 'renewal' }],
    ['crm.property_changed', { property: 'lead_source', to: 'lost' }],
    ['crm.property_changed', { property: 'plan', to: 'churned' }],
  ] as const)('leave %s with %j unknown', (type, attributes) => {
    expect(told([fact(9, type, attributes)], template)).toEqual([]);
  });
});

describe('the loss of a sale', () => {
  const lost = fact(60, 'crm.stage_changed', { to: 'Closed Lost' });

  it.each(['lead', 'Opportunity', 'SalesQualifiedLead', 'Negotiation/Review', 'free trial'])(
    'is no churn of a prospect who was at %s',
    (to) => {
      expect(told([fact(1, 'crm.stage_changed', { to }), lost])).toEqual([]);
      expect(told([fact(60, 'crm.stage_changed', { from: to, to: 'Closed Lost' })])).toEqual([]);
    },
  );

  it('is none of a prospect whose first deal was opened, and lost again', () => {
    expect(
      told([fact(1, 'deal.created', { kind: 'new' }), lost, fact(90, 'crm.stage_changed', { to: 'lost' })]),
    ).toEqual([]);
  });

  it('is a churn of who had bought since', () => {
    const opportunity = fact(1, 'crm.stage_changed', { to: 'opportunity' });
    for (const bought of [
      fact(5, 'deal.won'),
      fact(5, 'account.renewed'),
      fact(5, 'crm.stage_changed', { to: 'Onboarding' }),
    ])
      expect(told([lost, bought, opportunity])).toContain('churned 60');
  });

  it('is a churn of a customer who is looked at for another sale', () => {
    const facts = [
      fact(1, 'crm.stage_changed', { to: 'customer' }),
      fact(30, 'crm.stage_changed', { to: 'opportunity' }),
      lost,
    ];
    expect(told(facts)).toEqual(['churned 60']);
  });

  it('is told outright by a churn, whatever was told before', () => {
    expect(told([fact(1, 'crm.stage_changed', { to: 'lead' }), fact(60, 'account.churned')])).toEqual(['churned 60']);
  });
});

describe('what a deal is about', () => {
  it('may have been told when it was made', () => {
    const made = fact(1, 'deal.created', { dealId: 'd', kind: 'renewal' });
    expect(told([fact(9, 'deal.lost', { dealId: 'd' }), made])).toEqual(['churned 9']);
    expect(told([fact(9, 'deal.lost', { dealId: 'e' }), made])).toEqual([]);
  });

  it('holds until something else is told of it, and its stage does not', () => {
    const made = fact(1, 'deal.created', { dealId: 'd', pipeline: 'Renewals', stage: 'Closed Lost' });
    expect(told([made, fact(5, 'deal.stage_changed', { dealId: 'd', from: 'Closed Lost' })])).toEqual([]);
    expect(
      told([
        made,
        fact(5, 'deal.stage_changed', { dealId: 'd', pipeline: 'Sales' }),
        fact(9, 'deal.lost', { dealId: 'd' }),
      ]),
    ).toEqual([]);
  });
});

describe('an account', () => {
  const stage = (day: number, to: string) => fact(day, 'crm.stage_changed', { to });
  const isProspect = (facts: readonly Fact[]): boolean => {
    const { record } = emptyTracks();
    for (const one of facts) takeRecord(record, one);
    return isInSale(definition, record, false);
  };

  it('is a prospect while nothing but stages of a sale is told of it, lost ones too', () => {
    expect(isProspect([stage(1, 'Lead'), stage(9, 'Opportunity'), stage(20, 'Closed Lost')])).toBe(true);
    expect(isProspect([stage(1, 'Lead'), fact(9, 'deal.lost', { kind: 'new' })])).toBe(true);
  });

  it('is none once it bought, or where nothing says that it has not', () => {
    for (const bought of [stage(9, 'Customer'), stage(9, 'Live'), fact(9, 'deal.won'), fact(9, 'account.renewed')])
      expect(isProspect([stage(1, 'Lead'), bought, stage(20, 'Closed Lost')])).toBe(false);
    expect(isProspect([])).toBe(false);
    expect(isProspect([stage(20, 'Closed Lost')])).toBe(false);
    expect(isProspect([fact(1, 'deal.created', { kind: 'new' })])).toBe(false);
  });
});

describe('the order in which facts are given', () => {
  const stage = fc.constantFrom('Lead', 'Opportunity', 'Customer', 'Closed Lost', 'Churned', 'Renewed', 'Live');
  const one = fc.oneof(
    fc.record({ type: fc.constant('crm.stage_changed' as const), attributes: fc.record({ to: stage }) }),
    fc.record({
      type: fc.constantFrom('deal.created' as const, 'deal.won' as const, 'deal.lost' as const),
      attributes: fc.record(
        {
          dealId: fc.constantFrom('a', 'b'),
          kind: fc.constantFrom('new', 'renewal'),
          pipeline: fc.constant('Renewals'),
        },
        { requiredKeys: ['dealId'] },
      ),
    }),
  );

  it('says nothing of the outcomes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), one), { minLength: 1, maxLength: 12 }).chain((told) => {
          const facts = told.map(([day, { type, attributes }], index) => ({
            ...fact(day, type, attributes),
            id: `${String(index).padStart(2, '0')}`,
          }));
          return fc.tuple(fc.constant(facts), fc.shuffledSubarray(facts, { minLength: facts.length }));
        }),
        ([facts, shuffled]) => {
          expect(told(shuffled)).toEqual(told(facts));
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });
});
