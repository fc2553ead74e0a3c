import type { Finding } from '@waymark/connector-kit';
import { errorForLog, type Waymark } from '../waymark.ts';
import { checkCounts } from './count-checks.ts';
import { checkExclusions, checkMailboxes, checkSilence } from './coverage-checks.ts';
import { checkCursors } from './cursor-checks.ts';
import { checkCrmDeclarations, checkGrants, checkMappings } from './live-checks.ts';
import { checkProviderClocks, checkPublicAddress, checkSlackScopes } from './outside-checks.ts';
import { checkGoogleTesting, checkInstallations, checkSetAside, checkStreams } from './installation-checks.ts';
import { readPatient, type Check } from './patient.ts';
import { compareCounts, type RecordCount } from './record-counts.ts';
import { checkCustomers, checkMatching, checkOwners } from './people-checks.ts';
import { checkClock, checkJourneys, checkKeeping, checkQueues } from './platform-checks.ts';
import { checkSlackChannels, checkSlackInstall } from './slack-checks.ts';
import { checkWebhooks } from './webhook-checks.ts';

export interface DoctorOptions {
  /** Whether to ask the providers as well; without it only what is stored is looked at. True by default. */
  readonly live?: boolean;
}

const stored: Readonly<Record<string, Check>> = {
  installations: checkInstallations,
  'Google’s testing mode': checkGoogleTesting,
  streams: checkStreams,
  'places in streams': checkCursors,
  mailboxes: checkMailboxes,
  'silent sources': checkSilence,
  exclusions: checkExclusions,
  webhooks: checkWebhooks,
  'records set aside': checkSetAside,
  customers: checkCustomers,
  owners: checkOwners,
  matching: checkMatching,
  Slack: checkSlackInstall,
  'Slack’s scopes': checkSlackScopes,
  journeys: checkJourneys,
  queues: checkQueues,
  clock: checkClock,
  'keeping of data': checkKeeping,
};

const live: Readonly<Record<string, Check>> = {
  grants: checkGrants,
  'the provider’s counts': checkCounts,
  'the CRM declaration': checkCrmDeclarations,
  'write-back mappings': checkMappings,
  'Slack channels': checkSlackChannels,
  'the providers’ clocks': checkProviderClocks,
  'the address from outside': checkPublicAddress,
};

const order = ['error', 'warning', 'info'];

/**
 * Looks a workspace over and names each thing that is broken or doubtful, with its fix, the worst first. It changes nothing. A look
 * that itself fails is a finding, never an omission.
 */
export async function runDoctor(
  waymark: Waymark,
  workspaceId: string,
  options: DoctorOptions = {},
): Promise<readonly Finding[]> {
  const patient = await readPatient(waymark, workspaceId);
  if (!patient) {
    return [
      {
        severity: 'error',
        code: 'workspace_missing',
        message: 'There is no such workspace.',
        fix: 'Name one that waymark workspace list shows.',
      },
    ];
  }
  const checks = Object.entries({ ...stored, ...(options.live !== false && live) });
  const findings = await Promise.all(
    checks.map(async ([name, check]): Promise<readonly Finding[]> => {
      try {
        return await check(patient);
      } catch (error) {
        waymark.log.warn({ err: errorForLog(error), workspaceId, check: name }, 'a look of the doctor failed');
        return [
          {
            severity: 'warning',
            code: 'check_failed',
            message: `${name.charAt(0).toUpperCase()}${name.slice(1)} could not be looked at: ${error instanceof Error ? error.message.slice(0, 300) : 'unknown error'}`,
            fix: 'Run waymark doctor again; if it stays, report it with the log.',
          },
        ];
      }
    }),
  );
  return findings.flat().toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

/**
 * Compares what providers count with what is known here over the last days, record by record. Undefined where there is no such
 * workspace. Throws ConnectorFault where a provider cannot be asked.
 */
export async function countRecords(
  waymark: Waymark,
  workspaceId: string,
  days: number,
): Promise<readonly RecordCount[] | undefined> {
  const patient = await readPatient(waymark, workspaceId);
  return patient && compareCounts(patient, days);
}
