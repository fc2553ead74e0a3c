import { ConnectorFault, type AnyConnector, type Finding } from '@waymark/connector-kit';
import type { Installation } from '@waymark/store';
import { openSession, priority } from '@waymark/sync';
import { fixOf } from './fault-fixes.ts';
import { nameOf, type Patient } from './patient.ts';

/** How long one installation may be looked at, ms. */
const patienceMs = 20_000;

/** The installations that a provider can be asked about. */
export function askable({ installations }: Patient): readonly Installation[] {
  return installations.filter(
    (one) => one.status === 'active' && one.connector !== 'slack' && one.grantKind !== 'address',
  );
}

/** Opens an installation for the doctor, for as long as it may be looked at. Throws ConnectorFault. */
export function openFor(patient: Patient, one: Installation) {
  return openSession(
    patient.waymark.sync,
    patient.workspace.workspaceId,
    one,
    priority.hint,
    AbortSignal.timeout(patienceMs),
  );
}

/** Opens an installation and asks something of it; a fault of its provider becomes a finding. */
export async function asking(
  patient: Patient,
  one: Installation,
  ask: (connector: AnyConnector, client: unknown) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    const { connector, client } = await openFor(patient, one);
    return await ask(connector, client);
  } catch (error) {
    const kind = error instanceof ConnectorFault ? error.fault.kind : 'transient';
    return [
      {
        severity: kind === 'transient' || kind === 'rate-limited' ? 'warning' : 'error',
        code: kind === 'auth-revoked' || kind === 'token-expired' ? 'token_revoked' : 'provider_unreachable',
        message: `${nameOf(one)} could not be asked: ${(error instanceof Error ? error.message : 'unknown error').slice(0, 300)}`,
        fix: fixOf(kind, one.connector),
      },
    ];
  }
}

/** Findings that tell of a grant that cannot be used: the look at grants says so once for all. */
export function tellsOfGrant(finding: Finding): boolean {
  return finding.code === 'token_revoked' || finding.code === 'provider_unreachable';
}
