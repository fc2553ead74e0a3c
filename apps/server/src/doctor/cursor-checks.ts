import type { Finding } from '@waymark/connector-kit';
import { loadConnector } from '../registry.ts';
import { nameOf, reconnect, type Check } from './patient.ts';

const day = 24 * 3_600_000;

/** Cursors that the connector cannot go on from, enumerations that never end, and grants that are being refused. */
export const checkCursors: Check = async (patient) => {
  const findings: Finding[] = [];
  for (const one of patient.installations) {
    if (one.status !== 'active' || one.connector === 'slack') continue;
    const connector = await loadConnector(one.connector);
    if (one.revokedSignals > 0) {
      findings.push({
        severity: 'warning',
        code: 'grant_refused',
        message: `${nameOf(one)}: the provider refused to renew the grant${one.statusReason ? ` (${one.statusReason})` : ''}. One more refusal and it is not read any more.`,
        fix: `Look in the provider’s console whether the app and its secret are still valid; else connect it again: ${reconnect(patient, one)}.`,
      });
    }
    for (const state of patient.streams.filter((each) => each.installationId === one.installationId)) {
      const name = `${nameOf(one)}, ${state.stream}${state.partition === '' ? '' : ` (${state.label ?? state.partition})`}`;
      const stream = connector.streams.find((each) => each.name === state.stream);
      if (!stream) {
        findings.push({
          severity: 'info',
          code: 'stream_unknown',
          message: `${name}: this version of the connector has no such stream; it is read no more.`,
          fix: 'Nothing, if Waymark was updated on purpose; what it brought is kept.',
        });
        continue;
      }
      const usable =
        state.cursorKind === stream.cursor.kind &&
        state.cursorFormat === stream.cursor.version &&
        stream.cursor.schema.safeParse(state.cursor).success;
      if (state.cursor !== null && !usable) {
        findings.push({
          severity: 'warning',
          code: 'cursor_unreadable',
          message: `${name}: its place (${state.cursorKind ?? 'none'}, format ${state.cursorFormat ?? 'none'}) is not one that this connector goes on from (${stream.cursor.kind}, format ${stream.cursor.version}).`,
          fix: 'Its window is read again by the next run, once. If this stays, no server with the role workers is running.',
        });
      }
      if (state.heldBack !== null) {
        const { records, of, at } = state.heldBack;
        findings.push({
          severity: 'warning',
          code: 'deletions_held_back',
          message: `${name}: the complete reading of ${new Date(at).toISOString()} did not list ${records} of the ${of} records that are known. A lost right is likelier than so many deletions, so none of them was ended.`,
          fix: `Give the connected user the right to see all records again, or connect another: ${reconnect(patient, one)}. If they were really deleted: waymark sync --again ${one.installationId} --since ${new Date(state.backfilledFrom ?? at).toISOString().slice(0, 10)} --confirm-deletions.`,
        });
      }
      if (state.enumerationStartedAt !== null && patient.now - state.enumerationStartedAt > 2 * day) {
        findings.push({
          severity: 'warning',
          code: 'enumeration_stuck',
          message: `${name}: a complete reading began on ${new Date(state.enumerationStartedAt).toISOString()} and has not ended; until it does, nothing that was deleted at the provider ends here.`,
          fix: 'See in waymark status whether its progress moves. If it does not, the log says what ends each run.',
        });
      }
    }
  }
  return findings;
};
