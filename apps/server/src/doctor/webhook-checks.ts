import type { Finding } from '@waymark/connector-kit';
import { hintActivity, pushSubscriptions, type Installation, type PushRow } from '@waymark/store';
import { loadConnector } from '../registry.ts';
import { nameOf, some, type Check, type Patient } from './patient.ts';

const windowMs = 24 * 3_600_000;

/** Whether news come by themselves: webhooks that an admin set up, and subscriptions that Waymark keeps. */
export const checkWebhooks: Check = async (patient) => {
  const findings: Finding[] = [];
  const off = new Map<string, Installation[]>();
  for (const one of patient.installations) {
    if (one.connector === 'slack' || one.grantKind === 'address' || one.status !== 'active') continue;
    const connector = await loadConnector(one.connector);
    if (!connector.hint) continue;
    if (!connector.push) {
      findings.push(...(await appWebhooks(patient, one)));
      continue;
    }
    findings.push(...(await subscriptions(patient, one)));
    if (one.pushNote === null) continue;
    const key = `${one.connector} ${one.pushNote}`;
    off.set(key, [...(off.get(key) ?? []), one]);
  }
  if (patient.settings.sampleData) return findings;
  for (const all of off.values()) {
    findings.push({
      severity: 'info',
      code: 'push_off',
      message: `${some(all.map(nameOf))}: ${all[0]?.pushNote ?? ''}`,
      fix: 'Nothing, if minutes are soon enough; else see Push in docs/install.md.',
    });
  }
  return findings;
};

/** Webhooks of the whole app: changes that polling found though a webhook should have told of them first. */
async function appWebhooks(patient: Patient, one: Installation): Promise<readonly Finding[]> {
  const { configuration } = patient.waymark;
  const publicUrl = configuration.publicUrl ?? `http://${configuration.host}:${configuration.port}`;
  const address = `${publicUrl}/webhooks/${one.provider}`;
  const silence = await silenceOf(patient, one);
  if (silence !== undefined) {
    return [
      {
        severity: 'warning',
        code: 'webhook_silent',
        message: silence,
        fix: `Subscribe the app to its webhooks with the target ${address}, see in the provider’s delivery log what it was answered, and check that the client secret is the app’s.`,
      },
    ];
  }
  const { lastHintAt } = await activity(patient, one);
  if (lastHintAt !== null || configuration.publicUrl !== undefined || patient.settings.sampleData) return [];
  return [
    {
      severity: 'info',
      code: 'webhook_unreachable',
      message: `${nameOf(one)} can send webhooks, and this server has no address from outside, so changes are found by polling.`,
      fix: `Set WAYMARK_PUBLIC_URL to an https address that leads here, and subscribe the app to its webhooks with ${address}.`,
    },
  ];
}

/** Subscriptions of one installation: those that could not be made, that ran out unseen, or that tell nothing (failures E7 to E9). */
async function subscriptions(patient: Patient, one: Installation): Promise<readonly Finding[]> {
  const rows = await patient.waymark.database.inWorkspace(patient.workspace.workspaceId, (tx) =>
    pushSubscriptions(tx, one.installationId),
  );
  const findings = rows.flatMap((row) => faultOf(patient, one, row));
  const looked = one.pushCheckedAt ?? one.createdAt;
  if (rows.length === 0 && one.pushNote === null && looked < patient.now - windowMs) {
    findings.push({
      severity: 'warning',
      code: 'push_missing',
      message: `${nameOf(one)}: its provider could tell of changes, and no subscription is there since ${new Date(looked).toISOString()}.`,
      fix: 'Start a server with the role workers: it makes subscriptions when it reads. If one is running, its log says why it does not.',
    });
  }
  const old = rows.filter((row) => row.state === 'active' && row.createdAt < patient.now - windowMs);
  const silence = old.length > 0 ? await silenceOf(patient, one) : undefined;
  if (silence !== undefined) {
    findings.push({
      severity: 'warning',
      code: 'webhook_silent',
      message: silence,
      fix: 'See whether the address from outside (WAYMARK_PUBLIC_URL) leads here: a proxy must let POST /webhooks/* through.',
    });
  }
  return findings;
}

function faultOf(patient: Patient, one: Installation, row: PushRow): Finding[] {
  const name = `${nameOf(one)}: the subscription ${row.key}`;
  if (row.fault) {
    return [
      {
        severity: 'warning',
        code: 'push_fault',
        message: `${name} could not be made or renewed since ${new Date(row.fault.since).toISOString()}: ${row.fault.message}`,
        fix: 'It is tried again by itself, and changes are found by polling. If it stays, check that the provider reaches WAYMARK_PUBLIC_URL, and its scopes.',
      },
    ];
  }
  if (row.state !== 'active' || row.expiresAt === null || row.expiresAt > patient.now) return [];
  return [
    {
      severity: 'warning',
      code: 'push_lapsed',
      message: `${name} ran out on ${new Date(row.expiresAt).toISOString()} and was not renewed.`,
      fix: 'Start a server with the role workers: it renews subscriptions when it reads.',
    },
  ];
}

function activity(patient: Patient, one: Installation) {
  return patient.waymark.database.inWorkspace(patient.workspace.workspaceId, (tx) =>
    hintActivity(tx, one.installationId, patient.now - windowMs),
  );
}

async function silenceOf(patient: Patient, one: Installation): Promise<string | undefined> {
  const { lastHintAt, changes } = await activity(patient, one);
  if (changes === 0 || (lastHintAt !== null && lastHintAt >= patient.now - windowMs)) return undefined;
  const last =
    lastHintAt === null ? 'no webhook ever came' : `the last webhook came on ${new Date(lastHintAt).toISOString()}`;
  return `${nameOf(one)}: polling read ${changes} changes within a day, and ${last}. Alerts come with the next poll instead of within seconds.`;
}
