import type { BacktestReport } from './backtest.ts';

/** Accounts in which two definitions differ, and how likely a difference so lopsided is by chance. */
export interface PairedTest {
  /** Accounts that speak for the first and for the second; those in which both did alike say nothing. */
  readonly first: number;
  readonly second: number;
  /** Two-sided and exact; 1 where no account speaks. */
  readonly p: number;
}

/** Two definitions on the same history. */
export interface Comparison {
  readonly first: BacktestReport;
  readonly second: BacktestReport;
  /** Churned accounts that only the one warned of. */
  readonly warned: PairedTest & { readonly both: number; readonly neither: number };
  /** Accounts in which the one raised fewer false alarms than the other. */
  readonly falseAlarms: PairedTest;
  /** The result in plain words. */
  readonly sentence: string;
}

/** Two reports that cannot be laid side by side. */
export class NotComparable extends Error {
  readonly code = 'NOT_COMPARABLE';

  constructor(message: string) {
    super(message);
    this.name = 'NotComparable';
  }
}

/**
 * The exact form of McNemar's test: of the cases in which two ways differ, as many should speak for the one as for the other. Twice
 * the binomial tail at one half, at most 1. Q. McNemar, "Note on the sampling error of the difference between correlated proportions
 * or percentages", Psychometrika 12 (1947), 153–157.
 */
export function exactMcNemar(first: number, second: number): number {
  const of = first + second;
  if (of === 0) return 1;
  const few = Math.min(first, second);
  // Summed in logarithms: 2^-of underflows from 1,075 on.
  let term = -of * Math.LN2;
  let tail = 0;
  for (let count = 0; count <= few; count += 1) {
    tail += Math.exp(term);
    term += Math.log((of - count) / (count + 1));
  }
  return Math.min(1, 2 * tail);
}

/** Under it a difference is taken for more than chance. */
const level = 0.05;

/**
 * Compares two backtests of the same accounts and time: the churned accounts that were warned of (exact McNemar), and the false alarms
 * of each account (exact sign test). Throws NotComparable where the two do not speak of the same churns.
 */
export function compareBacktests(first: BacktestReport, second: BacktestReport): Comparison {
  if (first.from !== second.from || first.to !== second.to || first.horizonDays !== second.horizonDays)
    throw new NotComparable('Compare two definitions over the same time and with the same horizon.');
  const [one, other] = [warnings(first), warnings(second)];
  const same = one.size === other.size && [...one.keys()].every((churn) => other.has(churn));
  if (!same)
    throw new NotComparable(
      'The two definitions do not declare the same outcomes, so that they do not mean the same churns: give both the same `outcomes`.',
    );
  const tally = { first: 0, second: 0, both: 0, neither: 0 };
  for (const [account, warned] of one) {
    const also = other.get(account) === true;
    tally[warned ? (also ? 'both' : 'first') : also ? 'second' : 'neither'] += 1;
  }
  const warned = { ...tally, p: exactMcNemar(tally.first, tally.second) };
  const falseAlarms = fewerFalseAlarms(first, second);
  return { first, second, warned, falseAlarms, sentence: sentence(first, second, warned, falseAlarms) };
}

/** Churned accounts, and whether all or any of their churns was foretold. */
function warnings({ overall }: BacktestReport): Map<string, boolean> {
  const warned = new Map<string, boolean>();
  for (const { account } of overall.missed) warned.set(account, false);
  for (const one of overall.cases) if (one.verdict === 'hit') warned.set(one.account, true);
  return warned;
}

function fewerFalseAlarms(first: BacktestReport, second: BacktestReport): PairedTest {
  const differences = new Map<string, number>();
  const count = (report: BacktestReport, by: number) => {
    for (const one of report.overall.cases)
      if (one.verdict === 'false_alarm') differences.set(one.account, (differences.get(one.account) ?? 0) + by);
  };
  count(first, 1);
  count(second, -1);
  const values = [...differences.values()];
  const fewer = {
    first: values.filter((one) => one < 0).length,
    second: values.filter((one) => one > 0).length,
  };
  return { ...fewer, p: exactMcNemar(fewer.first, fewer.second) };
}

function sentence(first: BacktestReport, second: BacktestReport, warned: PairedTest, alarms: PairedTest): string {
  const [a, b] = namesOf(first, second);
  const names = (test: PairedTest) => (test.first > test.second ? [a, b] : [b, a]);
  const p = (test: PairedTest) => `p = ${test.p < 0.001 ? '< 0.001' : test.p.toFixed(3)}`.replace('= <', '<');
  const said = (test: PairedTest, does: string) => {
    if (test.first + test.second === 0) return `${a} and ${b} do alike in every account`;
    if (test.first === test.second) return `${a} and ${b} ${does} equally many accounts (${p(test)})`;
    const [more, less] = names(test);
    const figures = `${Math.max(test.first, test.second)} accounts against ${Math.min(test.first, test.second)}, ${p(test)}`;
    return test.p < level
      ? `${more} ${does} more accounts than ${less} (${figures})`
      : `nobody can tell which of the two does better: of those in which they differ, ${more} ${does} ${figures}`;
  };
  const because = first.insufficientBecause ?? second.insufficientBecause;
  return [
    ...(because === null ? [] : [because]),
    `Warnings of churns: ${said(warned, 'warned of')}.`,
    `False alarms: ${said(alarms, 'raised fewer in')}.`,
  ].join(' ');
}

function namesOf(first: BacktestReport, second: BacktestReport): readonly [string, string] {
  const name = ({ definition }: BacktestReport) => `${definition.id} version ${definition.version}`;
  const names = [name(first), name(second)] as const;
  return names[0] === names[1] ? [`the first ${names[0]}`, `the second ${names[1]}`] : names;
}
