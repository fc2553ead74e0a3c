import { connectorIds, workspaceReport, type Server, type Waymark, type WorkspaceReport } from '@waymark/server';
import {
  accountsToFold,
  alertTotals,
  installations,
  streamStates,
  writebackSummary,
  type Tx,
  type Workspace,
} from '@waymark/store';
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
    // Few and small reads: the whole report counts the log, again and again while it is written.
    const { read, waiting, written, posted, alerts } = await waymark.database.inWorkspace(workspace.workspaceId, (tx) =>
      progress(tx, waymark.now()),
    );
    if (read) timings.read ??= seconds();
    if (alerts.posted > 0) timings.firstAlert ??= seconds();
    quiet = read && !waiting && written && posted ? quiet + 1 : 0;
    if (quiet >= 2) {
      timings.steady = seconds();
      const report = await waymark.database.inWorkspace(workspace.workspaceId, (tx) =>
        workspaceReport(tx, workspace, waymark.now()),
      );
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

/** How far a workspace has come. */
async function progress(tx: Tx, now: number) {
  const active = (await installations(tx)).filter(
    (one) => one.status === 'active' && connectorIds.includes(one.connector),
  );
  const states = await streamStates(tx);
  const alerts = await alertTotals(tx);
  const writeback = await writebackSummary(tx);
  return {
    read: active.every((one) => {
      const own = states.filter((state) => state.installationId === one.installationId);
      return (
        own.length > 0 &&
        one.leaseHolder === null &&
        own.every((state) => state.backfillDoneAt !== null || state.fault !== null)
      );
    }),
    waiting: (await accountsToFold(tx, now, 1)).length > 0,
    written: writeback.verified + writeback.failed >= writeback.planned && writeback.planned > 0,
    posted: alerts.posted + alerts.heldBack > 0 && alerts.pending === 0,
    alerts,
  };
}
