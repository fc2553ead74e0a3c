import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '@waymark/connector-kit';
import { alertTotals, databaseTime, lateWork, queueLengths, writebackPlans } from '@waymark/store';
import type { Check } from './patient.ts';

/** Without a journey nobody has a stage. */
export const checkJourneys: Check = ({ journeys }) =>
  journeys.length > 0
    ? []
    : [
        {
          severity: 'error',
          code: 'no_journey',
          message: 'No journey is active, so no account has a stage and no rule runs.',
          fix: 'Make the workspace with a template: waymark workspace create <slug> --template nine-stages.',
        },
      ];

/** Work that waits for longer is told, ms. */
const lateMs = 3_600_000;

/** Alerts in doubt, and work that piles up. */
export const checkQueues: Check = async ({ waymark, workspace, now }) => {
  const { alerts, queues, late, plans } = await waymark.database.inWorkspace(workspace.workspaceId, async (tx) => ({
    alerts: await alertTotals(tx),
    queues: await queueLengths(tx),
    late: await lateWork(tx, now - lateMs),
    plans: await writebackPlans(tx, { states: ['draft', 'approved', 'applying'] }),
  }));
  const findings: Finding[] = [];
  if (alerts.uncertain > 0) {
    findings.push({
      severity: 'warning',
      code: 'alerts_uncertain',
      message: `Of ${alerts.uncertain} alerts it is not known whether Slack posted them.`,
      fix: 'Nothing now: each is looked for in its channel and never posted blindly again. If they stay, the bot lacks a history scope there: install Slack again.',
    });
  }
  if (alerts.failed > 0) {
    findings.push({
      severity: 'error',
      code: 'alerts_failed',
      message: `${alerts.failed} alerts were refused by Slack.`,
      fix: 'See which destination is paused below; invite the bot to its channel or route the alerts elsewhere.',
    });
  }
  if (queues.fold > 500 || late.folds > 0) {
    findings.push({
      severity: 'warning',
      code: 'fold_behind',
      message: `${queues.fold} accounts wait to be recomputed.`,
      fix: 'Start a server with the role workers; while history is first read, wait.',
    });
  }
  if (late.alerts > 0) {
    findings.push({
      severity: 'warning',
      code: 'alerts_behind',
      message: `${late.alerts} alerts could have been sent an hour ago and were not.`,
      fix: 'Start a server with the role bot. If one is running, its log says what holds it up.',
    });
  }
  if (queues.hints > 1000 || late.hints > 0) {
    findings.push({
      severity: 'warning',
      code: 'hints_behind',
      message: `${queues.hints} webhooks wait to be followed.`,
      fix: 'Start a server with the role workers, or one more of them.',
    });
  }
  for (const plan of plans) {
    if (plan.state === 'draft' && now - plan.createdAt > 3 * 24 * 3_600_000) {
      findings.push({
        severity: 'info',
        code: 'plan_waits',
        message: `A write-back plan of ${new Date(plan.createdAt).toISOString().slice(0, 10)} waits for a person.`,
        fix: `Look at it: waymark writeback show ${plan.planId}; then approve it, or let it be.`,
      });
    } else if (plan.resumeReason) {
      findings.push({
        severity: 'warning',
        code: 'writeback_cut',
        message: `Write-back was cut short: ${plan.resumeReason}`,
        fix: 'It goes on by itself. If the reason names a scope or a sign-in: waymark install hubspot --writeback.',
      });
    }
  }
  return findings;
};

/** A clock that is off makes silence look longer or shorter than it is, and signatures fail. */
export const checkClock: Check = async ({ waymark, workspace }) => {
  const before = waymark.now();
  const there = await waymark.database.inWorkspace(workspace.workspaceId, (tx) => databaseTime(tx));
  const here = (before + waymark.now()) / 2;
  const skew = Math.round((here - there) / 1000);
  if (Math.abs(skew) < 5) return [];
  return [
    {
      severity: Math.abs(skew) > 60 ? 'error' : 'warning',
      code: 'clock_skew',
      message: `The clock of this machine is ${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} the database’s.`,
      fix: 'Synchronize both with NTP (timedatectl set-ntp true).',
    },
  ];
};

/** How data and key are kept, and what is only a sample. */
export const checkKeeping: Check = async ({ waymark, settings }) => {
  const { configuration, database } = waymark;
  const findings: Finding[] = [];
  if (settings.sampleData) {
    findings.push({
      severity: 'info',
      code: 'sample_data',
      message: 'This workspace holds the sample company: everything in it is invented.',
      fix: 'Nothing. For your own data make another workspace, better in another WAYMARK_HOME.',
    });
  }
  const embedded = database.server !== 'external';
  if (embedded) {
    findings.push({
      severity: 'info',
      code: 'database_embedded',
      message: `The database is the embedded one under ${configuration.home}: good for one machine, and backed up only if that folder is.`,
      fix: 'For several machines or a managed backup, set DATABASE_URL to a PostgreSQL 15 or newer.',
    });
  }
  const keyFile =
    configuration.masterKey === undefined &&
    (await stat(join(configuration.home, 'master.key')).catch(() => undefined));
  if (keyFile) {
    findings.push({
      severity: 'warning',
      code: 'master_key_beside_data',
      message: `The master key is a file ${embedded ? 'beside the database that it seals' : 'on this machine'}: whoever copies the folder has the tokens as well.`,
      fix: 'Put the key into WAYMARK_MASTER_KEY from a secret store, and remove the file once it is kept there.',
    });
  }
  return findings;
};
