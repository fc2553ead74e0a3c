import { styleText } from 'node:util';
import type { WorkspaceReport } from '@waymark/server';
import { statusText } from '../commands/status.ts';
import { table } from '../output.ts';
import type { Timings } from './steady.ts';

/** What a customer success team's morning looks like, in a terminal. */
export function summaryText(
  report: WorkspaceReport,
  timings: Timings,
  addresses: { readonly slack: string; readonly status: string; readonly api: string },
): string {
  const flags = report.flags.map((flag) => [flag.account, flag.severity, flag.rule, flag.reason]);
  return [
    '',
    styleText(
      'bold',
      `${report.workspace.name}: read in ${timings.read ?? '?'} s, steady after ${timings.steady ?? '?'} s`,
    ),
    statusText(report),
    '',
    styleText('bold', 'Flags, worst first'),
    table(['account', 'severity', 'rule', 'why'], flags),
    '',
    styleText('bold', 'Look'),
    `  Slack page   ${addresses.slack}   the alerts as the CSMs see them, with buttons that work`,
    `  Status page  ${addresses.status}`,
    `  API          ${addresses.api}`,
  ].join('\n');
}
