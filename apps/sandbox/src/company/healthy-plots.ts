import { customer, type Plot } from './plot.ts';
import type { Random } from './random.ts';

/** The 46 customers on whom no risk may be raised. */
export function drawHealthyPlots(random: Random): Plot[] {
  const plots: Plot[] = [];
  const steady = 'In regular contact both ways, few tickets, all mail answered within a day or two.';
  const healthy = (
    tier: Plot['tier'],
    years: 1 | 2 | 3,
    renewal: number,
    summary = steady,
    more: Partial<Plot> = {},
  ): void => {
    plots.push(customer(random, tier, 'healthy', years, renewal, summary, more));
  };
  for (let i = 0; i < 5; i += 1) healthy('enterprise', i < 2 ? 1 : i < 4 ? 2 : 3, random.int(120, 250));
  for (let i = 0; i < 8; i += 1) healthy('mid', i < 5 ? 1 : 2, random.int(120, 255));
  for (let i = 0; i < 5; i += 1) healthy('small', i < 3 ? 1 : 2, random.int(120, 255));
  const soon = 'Renewal is near, and they write and meet every week or two.';
  healthy('enterprise', 2, 28, soon);
  healthy('enterprise', 3, 52, soon);
  healthy('mid', 2, 36, soon);
  healthy('mid', 2, 57, soon);
  const fresh = 'New customer, onboarding on time.';
  healthy('mid', 1, 352, fresh, { pace: 5 });
  healthy('mid', 1, 344, fresh, { pace: 5 });
  healthy('small', 1, 340, fresh, { pace: 4 });
  healthy('small', 1, 330, fresh, { pace: 4 });
  healthy('mid', 2, 210, steady, { live: true });
  healthy('mid', 2, 240, 'Regular contact; no CSM is named in the CRM, so the company owner is the CSM.', {
    csmUnnamed: true,
  });
  healthy('small', 2, 226, 'Regular contact, all of it from free-mail addresses that the CRM knows.', {
    freeMail: true,
    people: 2,
  });
  healthy('mid', 2, 160);
  healthy('small', 3, 205);
  for (let i = 0; i < 8; i += 1) {
    plots.push(
      customer(
        random,
        'small',
        'healthy-low-touch',
        i < 3 ? 1 : i < 6 ? 2 : 3,
        random.int(140, 250),
        'One short exchange every three weeks, as it has always been.',
        {
          cadence: random.int(19, 22),
          pace: 1.4,
          series: 0,
          people: 2,
        },
      ),
    );
  }
  const expand = 'Live and growing: weekly calls, many people in touch, new users asked for, nothing open.';
  const expanding = { rule: 'ready_to_expand', healthy: true, pace: 8, series: 7, people: 10 } as const;
  plots.push(customer(random, 'mid', 'ready-to-expand', 2, 215, expand, expanding));
  plots.push(customer(random, 'enterprise', 'ready-to-expand', 2, 188, expand, expanding));
  plots.push(customer(random, 'mid', 'ready-to-expand', 2, 243, expand, expanding));
  const back = 'Churned, was won back by a new deal, and is live and in touch again.';
  plots.push(customer(random, 'mid', 'won-back', 1, 271, back, { formerly: { since: -640, churned: -236 } }));
  plots.push(customer(random, 'small', 'won-back', 1, 320, back, { formerly: { since: -610, churned: -262 } }));
  const behind = "Buys through a reseller; its people write from the reseller's domain.";
  plots.push(customer(random, 'small', 'reseller', 2, 173, behind, { viaReseller: true, people: 2, pace: 2.2 }));
  plots.push(customer(random, 'small', 'reseller', 2, 236, behind, { viaReseller: true, people: 2, pace: 2.2 }));
  return plots;
}
