import { ConnectorFault, type AnyConnector, type Finding } from '@waymark/connector-kit';
import { recordsKnownOf, type StreamState } from '@waymark/store';
import { askable, asking, tellsOfGrant } from './asking.ts';
import { nameOf, some, type Check, type Patient } from './patient.ts';

const day = 86_400_000;
/** What is younger may still be on its way. */
const settleMs = 3_600_000;

/**
 * Whether every record that a provider lists of the last two weeks is known here: stored, ignored or rejected, but never absent
 * without a trace (failure A11). Only streams whose provider can list are asked.
 */
export const checkCounts: Check = async (patient) => {
  const findings = await Promise.all(
    askable(patient).map((one) =>
      asking(patient, one, async (connector, client) => {
        const states = patient.streams.filter(
          (state) => state.installationId === one.installationId && state.lastSuccessAt !== null,
        );
        const found: Finding[] = [];
        for (const state of states) {
          const missing = await missingRecords(patient, connector, client, state);
          if (missing === undefined || missing.ids.length === 0) continue;
          found.push({
            severity: 'warning',
            code: 'count_differs',
            message: `${nameOf(one)}, ${state.stream}${state.partition === '' ? '' : ` (${state.label ?? state.partition})`}: the provider lists ${missing.total} records of the last 14 days, and ${missing.ids.length} of them are not known here, such as ${some(missing.ids, 2)}.`,
            fix: 'The nightly reread of 30 days should bring them. If they stay away, report it with the connector’s name and its log.',
          });
        }
        return found;
      }),
    ),
  );
  return findings.flat().filter((one) => !tellsOfGrant(one));
};

async function missingRecords(
  patient: Patient,
  connector: AnyConnector,
  client: unknown,
  state: StreamState,
): Promise<{ readonly total: number; readonly ids: readonly string[] } | undefined> {
  const stream = connector.streams.find((one) => one.name === state.stream);
  if (!stream?.count) return undefined;
  const to = Math.min(patient.now, state.lastSuccessAt ?? 0) - settleMs;
  const from = Math.max(patient.now - 14 * day, state.backfilledFrom ?? 0);
  if (to <= from) return undefined;
  try {
    const { total, ids } = await stream.count(client, state.partition, { from, to });
    if (!ids) return undefined;
    const known = await patient.waymark.database.inWorkspace(patient.workspace.workspaceId, (tx) =>
      recordsKnownOf(tx, state, ids),
    );
    return { total, ids: ids.filter((id) => !known.has(id)) };
  } catch (error) {
    // A stream whose scope is missing is a finding of its own.
    if (error instanceof ConnectorFault && error.fault.kind === 'scope-missing') return undefined;
    throw error;
  }
}
