import type { Finding } from '@waymark/connector-kit';
import { loadConnector } from '../registry.ts';
import { fixOf } from './fault-fixes.ts';
import { nameOf, reconnect, some, type Check, type Patient } from './patient.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Installations that need a person, wait, lack scopes, or are about to be ended by their provider. */
export const checkInstallations: Check = async (patient) => {
  if (patient.installations.length === 0) {
    return [
      {
        severity: 'error',
        code: 'nothing_connected',
        message: 'Nothing is connected, so nothing can be known.',
        fix: `Run waymark install hubspot --workspace ${patient.workspace.slug}, then a mailbox.`,
      },
    ];
  }
  const findings: Finding[] = [];
  for (const one of patient.installations) {
    if (one.status === 'needs_auth') {
      findings.push({
        severity: 'error',
        code: 'token_revoked',
        message: `${nameOf(one)} is not read any more: ${one.statusReason ?? 'the grant is dead'}`,
        fix: `Connect it again: ${reconnect(patient, one)}. Its history is kept, and what was missed is read then.`,
      });
    } else if (one.status === 'disabled') {
      findings.push({
        severity: 'info',
        code: 'installation_disabled',
        message: `${nameOf(one)} was switched off${one.statusReason ? `: ${one.statusReason}` : ''}.`,
        fix: `Nothing, if this is meant; else connect it again: ${reconnect(patient, one)}.`,
      });
    } else if (one.resumeAt !== null && one.resumeAt > patient.now) {
      findings.push({
        severity: 'warning',
        code: 'installation_waits',
        message: `${nameOf(one)} waits until ${new Date(one.resumeAt).toISOString()}: ${one.resumeReason ?? 'the provider asked for it'}`,
        fix: 'Nothing now: it goes on by itself. If it comes back, ask the provider for a higher quota or lower WAYMARK_RATE_SHARE.',
      });
    }
    findings.push(...(await missingScopes(patient, one)));
  }
  return findings;
};

/** https://developers.google.com/identity/protocols/oauth2#expiration: seven days while the consent screen is in testing (failure E4). */
export const checkGoogleTesting: Check = (patient) => {
  if (patient.waymark.configuration.providerUrls.google !== undefined) return [];
  const google = patient.installations.filter((one) => one.provider === 'google');
  const ended = google.filter((one) => one.status === 'needs_auth');
  const young = google.filter(
    (one) => one.status === 'active' && patient.now - one.createdAt <= 8 * day && one.generation === 1,
  );
  const fix =
    'In the Google Cloud console, under Google Auth Platform, Audience, set the app to Internal, or publish it, then connect again.';
  return [
    ...(ended.length === 0
      ? []
      : [
          {
            severity: 'warning' as const,
            code: 'google_testing_mode',
            message: `${some(ended.map(nameOf))}: Google may have ended the grant because the app is in testing, where each ends after seven days.`,
            fix,
          },
        ]),
    ...(young.length === 0
      ? []
      : [
          {
            severity: 'info' as const,
            code: 'google_testing_mode',
            message: `${some(young.map(nameOf), 3)}: younger than eight days, so it is not known yet whether Google ends the grant after seven, as it does while an app is in testing.`,
            fix,
          },
        ]),
  ];
};

type Installed = Patient['installations'][number];

async function missingScopes(patient: Patient, one: Installed): Promise<readonly Finding[]> {
  if (one.connector === 'slack' || one.status !== 'active') return [];
  const connector = await loadConnector(one.connector);
  const granted = new Set(one.grantedScopes);
  const writes = patient.mappings.some((each) => each.enabled && each.installationId === one.installationId);
  const wanted = [
    ...connector.streams.map(({ name, scopes, optional }) => ({ use: `the stream ${name}`, scopes, optional })),
    ...(writes && connector.write ? [{ use: 'write-back', scopes: connector.write.scopes, optional: false }] : []),
  ];
  return wanted.flatMap(({ use, scopes, optional }): Finding[] => {
    const lacking = scopes.filter((scope) => !granted.has(scope));
    if (lacking.length === 0) return [];
    return [
      {
        severity: optional === true ? 'info' : 'error',
        code: optional === true ? 'scope_optional' : 'scope_missing',
        message: `${nameOf(one)}: ${use} needs ${lacking.join(', ')}, which was not granted.`,
        fix: `Add the scope to the app at the provider if it is not there, then connect again and allow it: ${reconnect(patient, one)}${use === 'write-back' ? ' --writeback' : ''}.`,
      },
    ];
  });
}

/** The streams that cannot run for a scope that was not granted. */
async function streamsWithoutScope({ installations }: Patient): Promise<ReadonlySet<string>> {
  const all = await Promise.all(
    installations
      .filter((one) => one.connector !== 'slack')
      .map(async ({ installationId, connector, grantedScopes }) => {
        const { streams } = await loadConnector(connector);
        const lacking = streams.filter((stream) => stream.scopes.some((scope) => !grantedScopes.includes(scope)));
        return lacking.map((stream) => `${installationId} ${stream.name}`);
      }),
  );
  return new Set(all.flat());
}

/** Streams that have a fault, are paused, were never read through, or are behind their poll. */
export const checkStreams: Check = async (patient) => {
  const unscoped = await streamsWithoutScope(patient);
  const byId = new Map(patient.installations.map((one) => [one.installationId, one]));
  // Four polls without a complete read, and at least half an hour: slower than any retry.
  const staleAfter = Math.max(4 * patient.waymark.configuration.pollMs, hour / 2);
  return patient.streams.flatMap((state): Finding[] => {
    const owner = byId.get(state.installationId);
    if (!owner || owner.status !== 'active') return [];
    const name = `${nameOf(owner)}, ${state.stream}${state.partition === '' ? '' : ` (${state.label ?? state.partition})`}`;
    // Scopes that were not granted are told with the installation.
    if (unscoped.has(`${state.installationId} ${state.stream}`)) return [];
    if (state.fault) {
      const lasting = patient.now - state.fault.since > hour;
      const passing = state.fault.kind === 'transient' || state.fault.kind === 'rate-limited';
      return [
        {
          severity: passing && !lasting ? 'warning' : 'error',
          code: state.fault.kind === 'scope-missing' ? 'scope_missing' : 'stream_fault',
          message: `${name}: ${state.fault.message} (${state.fault.kind}, since ${new Date(state.fault.since).toISOString()}${state.retryAt === null ? '' : `, tried again at ${new Date(state.retryAt).toISOString()}`})`,
          fix: fixOf(state.fault.kind, owner.connector),
        },
      ];
    }
    const waits = owner.resumeAt !== null && owner.resumeAt > patient.now;
    if (state.lastSuccessAt === null) {
      if (patient.now - owner.createdAt < 24 * hour || waits) return [];
      return [
        {
          severity: 'warning',
          code: 'never_read_through',
          message: `${name} has never been read through; ${state.progressDone} records so far.`,
          fix: 'See whether a server with the role workers is running and how far its progress moves: waymark status.',
        },
      ];
    }
    const behind = patient.now - state.lastSuccessAt;
    if (behind <= staleAfter || waits) return [];
    return [
      {
        severity: 'error',
        code: 'cursor_stale',
        message: `${name} was last read through ${Math.round(behind / 60_000)} minutes ago; it should be every ${Math.round(patient.waymark.configuration.pollMs / 60_000)}.`,
        fix: 'Start a server with the role workers, or run waymark sync. If one is running, its log says what holds it up.',
      },
    ];
  });
};

/** Records that could not be read. They are kept sealed and do not stop their stream (I9). */
export const checkSetAside: Check = (patient) => {
  const byId = new Map(patient.installations.map((one) => [one.installationId, one]));
  return patient.setAside.map((each): Finding => {
    const owner = each.installationId === null ? undefined : byId.get(each.installationId);
    return {
      severity: 'warning',
      code: 'records_set_aside',
      message: `${owner ? nameOf(owner) : 'Imports'}, ${each.stream}: ${each.records} records could not be read (${each.reason}), for instance: ${each.example}`,
      fix:
        each.installationId === null
          ? 'They are kept: waymark export --rejected gives them back, each as it came. Mend and import them; --clear sets them aside no longer.'
          : `They are kept, and read again when the provider changes them. Report the form of the record; once the connector is updated: waymark sync --again ${each.installationId} --since ${new Date(each.firstSeenAt).toISOString().slice(0, 10)}.`,
    };
  });
};
