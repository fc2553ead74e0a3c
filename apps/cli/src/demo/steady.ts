import { connectorIds, workspaceReport, type Server, type Waymark, type WorkspaceReport } from '@waymark/server';
import { accountsToFold, installations, streamStates, type Workspace } from '@waymark/store';
import { setTimeout as sleep } from 'node:timers/promises';

/** When things were reached, in seconds since the start. */
export interface Timings {
  firstAlert: number | null;
  read: number | null;
  steady: number | null;
}

/**
 * Waits for the first steady state: every stream read once to its end or stopped with a fault, every account folded, every alert
 * posted or held, every stage written and read back. Throws where it does not come within `limitMs`.
 */
export async function untilSteady(
  waymark: Waymark,
  server: Server,
  workspace: Workspace,
  clock: { readonly startedAt: number; readonly limitMs: number },
): Promise<{ readonly report: WorkspaceReport; readonly timings: Timings }> {
  const timings: Timings = { firstAlert: null, read: null, steady: null };
  const seconds = () => Math.round((waymark.now() - clock.startedAt) / 100) / 10;
  let quiet = 0;
  for (;;) {
    const { read, waiting, report } = await waymark.database.inWorkspace(workspace.workspaceId, async (tx) => {
      const active = (await installations(tx)).filter(
        (one) => one.status === 'active' && connectorIds.includes(one.connector),
      );
      const states = await streamStates(tx);
      return {
        read: active.every((one) => {
          const own = states.filter((state) => state.installationId === one.installationId);
          return (
            own.length > 0 &&
            one.leaseHolder === null &&
            own.every((state) => state.backfillDoneAt !== null || state.fault !== null)
          );
        }),
        waiting: (await accountsToFold(tx, waymark.now(), 1)).length > 0,
        report: await workspaceReport(tx, workspace, waymark.now()),
      };
    });
    if (read) timings.read ??= seconds();
    if (report.alerts.posted > 0) timings.firstAlert ??= seconds();
    const written =
      report.writeback.verified + report.writeback.failed >= report.writeback.planned && report.writeback.planned > 0;
    const posted = report.alerts.posted + report.alerts.heldBack > 0 && report.alerts.pending === 0;
    quiet = read && !waiting && written && posted ? quiet + 1 : 0;
    if (quiet >= 2) {
      timings.steady = seconds();
      return { report, timings };
    }
    if (waymark.now() - clock.startedAt > clock.limitMs) {
      throw new Error(
        `The first steady state was not reached: ${read ? '' : 'still reading; '}${waiting ? 'still folding; ' : ''}${posted ? '' : 'alerts not posted; '}${written ? '' : 'stages not written; '}waymark status tells more.`,
      );
    }
    server.wake(workspace.workspaceId);
    await sleep(500);
  }
}
