import { drawHealthyPlots } from './healthy-plots.ts';
import type { Plot } from './plot.ts';
import type { Random } from './random.ts';
import { drawRiskPlots } from './risk-plots.ts';

function others(random: Random): Plot[] {
  const plots: Plot[] = [];
  const base = { healthy: true, series: 0 } as const;
  plots.push({
    ...base,
    story: 'partner',
    tier: 'mid',
    lifecycle: 'partner',
    pace: 1.5,
    people: 3,
    summary: 'A reseller: a partner, not a customer, though two customers write from its domain.',
  });
  plots.push({
    ...base,
    story: 'partner',
    tier: 'small',
    lifecycle: 'partner',
    pace: 0.8,
    people: 2,
    quietFrom: -70,
    summary: 'A technology partner, silent for months: no risk rule applies.',
  });
  for (let i = 0; i < 7; i += 1) {
    plots.push({
      ...base,
      story: 'prospect',
      tier: i < 2 ? 'enterprise' : i < 5 ? 'mid' : 'small',
      lifecycle: i < 4 ? 'opportunity' : 'lead',
      pace: 3,
      people: 2,
      ...(i === 2 || i === 5 ? { quietFrom: -40 } : {}),
      summary:
        i === 2 || i === 5
          ? 'A prospect who stopped answering: no risk rule applies.'
          : 'A prospect in talks with sales.',
    });
  }
  for (let i = 0; i < 5; i += 1) {
    const churned = -random.int(60, 230);
    plots.push({
      ...base,
      story: 'churned',
      tier: i < 3 ? 'mid' : 'small',
      lifecycle: 'churned',
      since: churned - 365,
      churned,
      pace: 2,
      people: 3,
      quietFrom: churned,
      series: 28,
      summary: 'Left when the term ended: silent since, and no risk rule applies.',
    });
  }
  return plots;
}

/** All accounts of the sample: 60 customers and 14 others, the reseller first among the others. */
export function drawPlots(random: Random): readonly Plot[] {
  return [
    ...drawRiskPlots(random.fork('risks')),
    ...drawHealthyPlots(random.fork('well')),
    ...others(random.fork('others')),
  ];
}
