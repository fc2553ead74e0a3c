import {
  closeInstallation,
  dropGrant,
  installation as readInstallation,
  installations,
  pushSubscriptions,
  recordAudit,
  removeDirectory,
  removePush,
  unwatchMailbox,
  type ExclusionReceipt,
  type Installation,
  type Tx,
} from '@waymark/store';
import { endPush, keepLiveOutages, openSession, priority, purgeInstallation, watchCoverage } from '@waymark/sync';
import { loadConnector } from '../registry.ts';
import type { Waymark } from '../waymark.ts';
import { revokeGrant, type Revocation } from './revoke.ts';

/** An account that cannot be disconnected, with what to do. */
export class DisconnectError extends Error {
  readonly code = 'DISCONNECT';

  constructor(message: string) {
    super(message);
    this.name = 'DisconnectError';
  }
}

interface Disconnected {
  readonly installation: Installation;
  readonly revocation: Revocation;
  /** Subscriptions and posting addresses that ended. */
  readonly subscriptions: number;
  /** Of what was taken away; null where the data was kept. */
  readonly receipt: ExclusionReceipt | null;
}

/**
 * Ends the reading of an account: no run begins or goes on, subscriptions end, the grant is given back where the provider takes it, the
 * tokens are forgotten. What was read stays, and coverage ends with the reason, unless `purge` takes it away. Repeating it finishes what
 * was cut off; connecting the account again takes it up. Throws DisconnectError for an installation that is not there.
 */
export async function disconnect(
  waymark: Waymark,
  request: {
    readonly workspaceId: string;
    readonly installationId: string;
    readonly by: string;
    readonly purge: boolean;
  },
): Promise<Disconnected> {
  const { workspaceId, installationId, by } = request;
  const { database } = waymark;
  const inside = <T>(work: (tx: Tx) => Promise<T>) => database.inWorkspace(workspaceId, work);
  const found = await inside((tx) => readInstallation(tx, installationId));
  if (!found) throw new DisconnectError('There is no such installation in this workspace: waymark status lists them.');
  if (found.connector === 'slack')
    throw new DisconnectError(
      'The app that posts is removed in Slack: in its settings under Apps, Remove app. Its tokens end with that.',
    );
  const connector = await loadConnector(found.connector);
  const day = new Date(waymark.now()).toISOString().slice(0, 10);
  await inside((tx) => closeInstallation(tx, installationId, `disconnected on ${day}`, waymark.now()));
  await endSubscriptions(waymark, workspaceId, found);
  const revocation = await revokeGrant(waymark, workspaceId, connector, found);
  const rows = await inside((tx) => pushSubscriptions(tx, installationId));
  await database.global(async (tx) => {
    for (const row of rows) await removeDirectory(tx, 'push', row.tokenHash, workspaceId);
    await removeDirectory(tx, `account:${found.connector}`, found.externalAccountId, workspaceId);
  });
  return inside(async (tx) => {
    const at = waymark.now();
    await dropGrant(tx, installationId, at);
    for (const row of rows) await removePush(tx, row.tokenHash);
    if (found.address !== null) await unwatchMailbox(tx, found.connector, found.address);
    await recordAudit(tx, {
      at,
      actor: by,
      action: 'installation.disconnected',
      subject: installationId,
      detail: { connector: found.connector, revocation: revocation.outcome, purged: request.purge },
    });
    const receipt = request.purge ? await purgeInstallation(tx, { installationId, by, at }) : null;
    // Its silence proves nothing from now on.
    await watchCoverage(tx, await installations(tx), at);
    await keepLiveOutages(tx, at, { again: true });
    const installation = (await readInstallation(tx, installationId)) ?? found;
    return { installation, revocation, subscriptions: rows.length, receipt };
  });
}

/** While the grant still holds; what cannot be ended now ends by itself. */
export async function endSubscriptions(
  waymark: Waymark,
  workspaceId: string,
  installation: Installation,
): Promise<void> {
  const { installationId } = installation;
  if (installation.grantKind === 'address') return;
  const signal = AbortSignal.timeout(30_000);
  try {
    const opened = await openSession(waymark.sync, workspaceId, installation, priority.write, signal);
    await endPush(waymark.sync, workspaceId, { installation, signal, ...opened });
  } catch (err) {
    waymark.log.warn({ err, workspaceId, installationId }, 'subscriptions could not be ended; they run out');
  }
}
