import { Command } from 'commander';
import { workspaceReport, type WorkspaceReport } from '@waymark/server';
import { chooseWorkspace, withWaymark } from '../open.ts';
import { createOutput, span, table } from '../output.ts';

/** `waymark status`: what is read from where and how fresh it is, with what is wrong. */
export function statusCommand(): Command {
  return new Command('status')
    .description('Show what is read from where, how fresh it is, and what is wrong')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (options: { readonly workspace?: string; readonly json?: boolean }) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const report = await waymark.database.inWorkspace(workspace.workspaceId, (tx) =>
          workspaceReport(tx, workspace, waymark.now()),
        );
        output.result(report, () => statusText(report));
      });
    });
}

/** The report as a person reads it in a terminal. */
export function statusText(report: WorkspaceReport): string {
  const rows = report.installations.flatMap((one) =>
    one.streams.map((stream) => [
      one.connector,
      one.label,
      stream.stream,
      stream.stored,
      stream.ignored,
      stream.rejected,
      stream.backfilling
        ? `reading ${stream.progress.done}${stream.progress.expected === null ? '' : ` of ${stream.progress.expected}`}`
        : span(stream.freshnessSeconds),
      stream.fault === null ? '' : `${stream.fault.kind}: ${stream.fault.message}`,
    ]),
  );
  const stopped = report.installations
    .filter((one) => one.status !== 'active')
    .map((one) => `${one.connector} ${one.label}: ${one.status} (${one.reason ?? ''})`);
  return [
    table(['connector', 'account', 'stream', 'stored', 'ignored', 'rejected', 'read', 'fault'], rows),
    ...stopped,
    ...waitingLines(report),
    '',
    ...coverageLines(report),
    ...pushLines(report),
    '',
    `${report.accounts} accounts (${report.customers} customers), ${report.contacts} contacts, ${report.events.total} events ` +
      `(${report.events.merged} further sightings), ${report.unmatched.subjects} people or domains to assign.`,
    `Stages: ${Object.entries(report.stages)
      .map(([stage, count]) => `${stage} ${count}`)
      .join(', ')}.`,
    `Flags: ${report.flags.length}. Alerts: ${report.alerts.posted} posted, ${report.alerts.uncertain} uncertain, ${report.alerts.heldBack} held back. ` +
      `Write-back: ${report.writeback.verified} verified, ${report.writeback.failed} failed.`,
  ].join('\n');
}

/** What of the subscriptions a person should know: those that fail, and which mailboxes an organization's grant reads. */
function pushLines(report: WorkspaceReport): readonly string[] {
  const faults = report.installations.flatMap((one) =>
    one.push.faults.map(
      (fault) => `${one.connector} ${one.label}: no news by push (${fault.message}), read on the clock`,
    ),
  );
  const granted = report.installations.filter(
    (one) =>
      one.status === 'active' && (one.grant === 'service-account-delegation' || one.grant === 'client-credentials'),
  );
  const mailboxes = granted.map((one) => `${one.connector} ${one.label}`).join(', ');
  return [
    ...faults,
    ...(granted.length > 0 ? [`Read under an organization's grant, and no others: ${mailboxes}.`] : []),
  ];
}

/** Which installations wait for their provider, and until when; which streams failed and are left alone for a while. */
function waitingLines(report: WorkspaceReport): readonly string[] {
  return report.installations.flatMap((one) => [
    ...(one.resumeAt === null
      ? []
      : [
          `${one.connector} ${one.label}: deferred until ${one.resumeAt} (${one.resumeReason ?? 'the provider asked for it'})`,
        ]),
    ...one.streams.flatMap((stream) =>
      stream.fault === null || stream.retryAt === null
        ? []
        : [`${one.connector} ${one.label}, ${stream.stream}: tried again at ${stream.retryAt}`],
    ),
  ]);
}

/** One line a source that sees contact: since when it is watched, and what is not. */
function coverageLines(report: WorkspaceReport): readonly string[] {
  const sources = report.installations.flatMap((one) => {
    const open = one.coverage.gaps.filter((gap) => gap.readLaterAt === null);
    const late = one.coverage.gaps.length - open.length;
    if (one.coverage.watched.length === 0 && open.length === 0) return [];
    const since = one.coverage.from === null ? 'not read through yet' : `since ${one.coverage.from.slice(0, 10)}`;
    const reasons = [...new Set(open.map((gap) => `not from ${gap.from.slice(0, 16)}Z on: ${gap.reason}`))];
    const healed = late > 0 ? [`${late} ${late === 1 ? 'gap was' : 'gaps were'} read later`] : [];
    return [`Watched: ${one.connector} ${one.label} ${[since, ...reasons, ...healed].join('; ')}`];
  });
  const mailboxes = report.unwatchedMailboxes.map(
    (one) =>
      `Not watched: the mailbox of ${one.address}, CSM of ${one.customers} customers, is ${one.installed ? 'connected and not read' : 'not connected'}`,
  );
  return [...sources, ...mailboxes];
}
