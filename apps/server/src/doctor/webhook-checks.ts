import type { Finding } from '@waymark/connector-kit';
import { hintActivity } from '@waymark/store';
import { loadConnector } from '../registry.ts';
import { nameOf, type Check } from './patient.ts';

const windowMs = 24 * 3_600_000;

/** Changes that polling found though a webhook should have told of them first: the subscription does not deliver. */
export const checkWebhooks: Check = async (patient) => {
  const { configuration } = patient.waymark;
  const publicUrl = configuration.publicUrl ?? `http://${configuration.host}:${configuration.port}`;
  const findings: Finding[] = [];
  for (const one of patient.installations) {
    if (one.connector === 'slack' || one.status !== 'active') continue;
    const connector = await loadConnector(one.connector);
    if (!connector.hint) continue;
    const since = patient.now - windowMs;
    const { lastHintAt, changes } = await patient.waymark.database.inWorkspace(patient.workspace.workspaceId, (tx) =>
      hintActivity(tx, one.installationId, since),
    );
    const address = `${publicUrl}/webhooks/${one.provider}`;
    if (changes > 0 && (lastHintAt === null || lastHintAt < since)) {
      findings.push({
        severity: 'warning',
        code: 'webhook_silent',
        message: `${nameOf(one)}: polling read ${changes} changes within a day, and ${lastHintAt === null ? 'no webhook ever came' : `the last webhook came on ${new Date(lastHintAt).toISOString()}`}. Alerts come with the next poll instead of within seconds.`,
        fix: `Subscribe the app to its webhooks with the target ${address}, see in the provider’s delivery log what it was answered, and check that the client secret is the app’s.`,
      });
    } else if (lastHintAt === null && configuration.publicUrl === undefined && !patient.settings.sampleData) {
      findings.push({
        severity: 'info',
        code: 'webhook_unreachable',
        message: `${nameOf(one)} can send webhooks, and this server has no address from outside, so changes are found by polling.`,
        fix: `Set WAYMARK_PUBLIC_URL to an https address that leads here, and subscribe the app to its webhooks with ${address}.`,
      });
    }
  }
  return findings;
};
