import type { BusinessCalendar } from './business-calendar.ts';
import type { Random } from './random.ts';
import type { Cast } from './roster.ts';
import type { WorldDeal } from './world.ts';

type Stage = WorldDeal['history'][number]['stage'];

const DAY = 86_400_000;
const PAST = -1285;

/** The deals of one account: sale, a renewal for each term, expansions, and those that were lost. */
export function sell(random: Random, calendar: BusinessCalendar, cast: Cast): readonly WorldDeal[] {
  const { account, plot } = cast;
  const deals: WorldDeal[] = [];
  const today = calendar.wall(0, 0);
  const at = (day: number): number =>
    calendar.timeOf(calendar.opening(Math.max(PAST, Math.round(day))) + random.range(60, 500));
  const add = (
    pipeline: WorldDeal['pipeline'],
    name: string,
    amount: number,
    steps: readonly (readonly [day: number, stage: Stage])[],
    closes: readonly (readonly [day: number, closeDay: number])[],
  ): void => {
    const history = steps
      .filter(([day]) => day < -1)
      .map(([day, stage]) => ({ at: at(day), stage }))
      .toSorted((a, b) => a.at - b.at);
    const [first] = history;
    if (!first) return;
    const closeDates = closes
      .filter(([day]) => day < -1)
      .map(([day, closeDay], index) => ({
        at: index === 0 ? first.at : at(day),
        closeAt: today + Math.round(closeDay) * DAY,
      }));
    const key = `${account.key}-d${deals.length + 1}`;
    deals.push({
      key,
      account: account.key,
      name: `${account.name} - ${name}`,
      pipeline,
      amount: Math.round(amount),
      history,
      closeDates,
    });
  };
  const sale = (won: number, label = 'New business'): void =>
    add(
      'new-business',
      label,
      account.value * random.range(0.7, 1),
      [
        [won - 62, 'qualified'],
        [won - 38, 'proposal'],
        [won - 16, 'negotiation'],
        [won, 'won'],
      ],
      [
        [won - 62, won - 5],
        [won - 12, won],
      ],
    );
  const year = (day: number): number => calendar.date(Math.max(PAST, Math.min(140, day))).year;

  if (plot.formerly) {
    sale(plot.formerly.since);
    const { churned } = plot.formerly;
    add(
      'renewal',
      `Renewal ${year(churned)}`,
      account.value,
      [
        [churned - 85, 'qualified'],
        [churned - 40, 'proposal'],
        [churned, 'lost'],
      ],
      [[churned - 85, churned]],
    );
  }
  if (plot.since !== undefined) sale(plot.since, plot.formerly ? 'Return' : 'New business');
  if (plot.churned !== undefined) {
    const { churned } = plot;
    add(
      'renewal',
      `Renewal ${year(churned)}`,
      account.value,
      [
        [churned - 80, 'qualified'],
        [churned - 45, 'proposal'],
        [churned - 2, 'lost'],
      ],
      [
        [churned - 80, churned - 5],
        [churned - 30, churned],
      ],
    );
  }
  if (plot.renewal !== undefined && plot.since !== undefined && plot.lifecycle === 'customer') {
    for (let term = plot.renewal; term > plot.since + 300; term -= 365) {
      if (plot.story === 'renewal-slipping' && term === plot.renewal) {
        add(
          'renewal',
          'Renewal of the current term',
          account.value,
          [
            [-62, 'qualified'],
            [-41, 'proposal'],
          ],
          [
            [-62, term - 25],
            [-34, term - 12],
            [-20, term - 2],
            [-8, term + 20],
          ],
        );
      } else {
        add(
          'renewal',
          `Renewal ${year(term)}`,
          account.value,
          [
            [term - 88, 'qualified'],
            [term - 55, 'proposal'],
            [term - 24, 'negotiation'],
            [term - 6, 'won'],
          ],
          [[term - 88, term - 6]],
        );
      }
    }
    const expands =
      plot.story === 'ready-to-expand' ||
      (plot.since < -300 && plot.healthy && plot.tier !== 'small' && random.chance(0.4));
    if (expands) {
      const won = -random.int(190, 260);
      add(
        'expansion',
        'More users',
        account.value * 0.2,
        [
          [won - 40, 'qualified'],
          [won - 22, 'proposal'],
          [won, 'won'],
        ],
        [[won - 40, won]],
      );
    }
    if (!expands && plot.healthy && plot.tier === 'enterprise' && random.chance(0.4)) {
      const lost = -random.int(120, 200);
      add(
        'expansion',
        'Second region',
        account.value * 0.3,
        [
          [lost - 50, 'qualified'],
          [lost, 'lost'],
        ],
        [[lost - 50, lost]],
      );
    }
  }
  if (plot.lifecycle === 'opportunity') {
    const opened = Math.round(((account.lifecycleHistory.at(-1)?.at ?? today) - today) / DAY);
    const steps: [number, Stage][] = [
      [opened, 'qualified'],
      [opened + 18, 'proposal'],
    ];
    if (plot.quietFrom === undefined && random.chance(0.5)) steps.push([opened + 30, 'negotiation']);
    add('new-business', 'New business', account.value, steps, [[opened, 28]]);
  }
  return deals;
}
