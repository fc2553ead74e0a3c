import { describe, expect, it } from 'vitest';
import { mappingDefaults, mappingFaults, ownProperty } from './mapping.ts';

const stage = (id: string, title: string) => ({ id, title, enter: [] });
const journey = {
  stages: [stage('awareness', 'Awareness'), stage('onboarding', 'Going live'), stage('churn', 'Churn')],
  crmStageMap: { '23984': 'onboarding' },
};
const described = (...options: [value: string, label: string][]) => ({
  options: options.map(([value, label]) => ({ value, label })),
});

describe('mappingDefaults', () => {
  it('writes our own ids to a property of our own, which may go back', () => {
    expect(mappingDefaults(journey, null)).toEqual({
      property: ownProperty,
      values: { awareness: 'awareness', onboarding: 'onboarding', churn: 'churn' },
      allowBackward: true,
    });
    const made = described(['awareness', 'Awareness'], ['onboarding', 'Going live'], ['churn', 'Churn']);
    expect(mappingDefaults(journey, made)).toEqual(mappingDefaults(journey, null));
  });

  it('H3: proposes the customer’s own options by name, then by what the journey reads, then the usual; else nothing', () => {
    const own = described(['lead', 'Lead'], ['23984', 'Live'], ['777', 'going live '], ['customer', 'Customer']);
    expect(mappingDefaults(journey, own, 'lifecyclestage')).toEqual({
      property: 'lifecyclestage',
      values: { awareness: 'lead', onboarding: '777' },
      allowBackward: false,
    });
    expect(mappingDefaults(journey, described(['23984', 'Live'], ['customer', 'Customer'])).values).toEqual({
      onboarding: '23984',
    });
    expect(mappingDefaults(journey, described(['customer', 'Customer'])).values).toEqual({ onboarding: 'customer' });
  });
});

describe('mappingFaults', () => {
  it('names stages without a decision and values that the CRM lacks', () => {
    const values = { awareness: 'lead', churn: null };
    expect(mappingFaults(journey.stages, values, described(['customer', 'Customer']))).toEqual({
      unmapped: ['onboarding'],
      missingOptions: ['lead'],
    });
    expect(mappingFaults(journey.stages, values, null).missingOptions).toEqual([]);
  });
});
