import type { BacktestReport } from '@waymark/lifecycle';
import type { WorkspaceBacktest } from '@waymark/server';

type Figures = BacktestReport['overall'];

/** A backtest for a person: what the figures rest on first, then the figures, then what to open. */
export function backtestText(report: BacktestReport & Partial<Pick<WorkspaceBacktest, 'ofToday'>>): string {
  const { definition, outcomes, overall, rules } = report;
  const open = overall.cases.filter((one) => one.verdict === 'false_alarm');
  return [
    `${definition.title} (version ${definition.version}), ${day(report.from)} to ${day(report.to)}: ${report.accounts} accounts, ${outcomes.churned} churned, ${outcomes.renewed} renewed.`,
    report.because,
    ...(report.unassigned === 0
      ? []
      : [
          `Nobody is known whose ${report.unassigned} of the accounts are (crm.owner_changed says it): they are no CSM's of their own in what follows.`,
        ]),
    ...undated(report.ofToday ?? {}),
    ...unnamed(report),
    '',
    line('All rules', overall),
    ...rules.filter((rule) => rule.alerts > 0).map((rule) => line(rule.title, rule)),
    '',
    `A CSM and week: ${overall.alertsPerCsmPerWeek} alerts about churn, ${report.messagesPerCsmPerWeek} messages in all. Lead: ${overall.leadDays.p25 ?? '–'} / ${overall.leadDays.p50 ?? '–'} / ${overall.leadDays.p75 ?? '–'} days (quartiles).`,
    ...open.slice(0, 20).map((one) => `  false alarm ${day(one.at)} ${one.account}: ${one.reason}`),
    ...overall.missed.slice(0, 20).map((one) => `  missed ${day(one.at)} ${one.account}`),
  ].join('\n');
}

/** What the history holds that counts as nothing and may be meant: few outcomes are no accident then. */
function unnamed({ undeclaredValues }: BacktestReport): string[] {
  if (undeclaredValues.length === 0) return [];
  return [
    '',
    'Counted as nothing, for no line under outcomes names it. Where it is meant, add the line to the definition:',
    ...undeclaredValues.map(
      ({ what, accounts, silentAfter, readsLike, add }) =>
        `  ${what}: ${accounts} ${accounts === 1 ? 'account' : 'accounts'}${silentAfter > 0 ? `, nothing heard of ${silentAfter} of them after` : ''}${readsLike === null ? '' : `; reads like ${readsLike}`}\n      ${add}`,
    ),
  ];
}

const parts: Readonly<Record<keyof WorkspaceBacktest['ofToday'], string>> = {
  tier: 'the tier',
  value: 'the value',
  renewalDate: 'the renewal date',
  people: 'who plays which part among the people',
};

/** What was judged with less than was known, or with more, because nothing says what it was before. */
function undated(ofToday: WorkspaceBacktest['ofToday']): string[] {
  const told = (['tier', 'value', 'renewalDate', 'people'] as const).flatMap((part) => {
    const accounts = ofToday[part] ?? 0;
    return accounts === 0 ? [] : [`${parts[part]} of ${accounts} ${accounts === 1 ? 'account' : 'accounts'}`];
  });
  return told.length === 0
    ? []
    : [
        `Not dated before it was first read: ${told.join(', ')}. Until then a tier, value or date is unknown here, and people are those of the first reading.`,
      ];
}

const day = (at: string): string => at.slice(0, 10);
const percent = (value: number | null): string => (value === null ? '–' : `${Math.round(value * 100)} %`);

function line(title: string, figures: Figures): string {
  const { precision, recall } = figures;
  return `${title}: ${figures.alerts} alerts, ${figures.hits} hits, ${figures.falseAlarms} false alarms, ${figures.misses} misses; precision ${percent(precision.value)} (${percent(precision.low)}–${percent(precision.high)}), recall ${percent(recall.value)} (${percent(recall.low)}–${percent(recall.high)})`;
}
