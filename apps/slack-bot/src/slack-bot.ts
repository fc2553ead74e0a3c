import {
  flagHandling,
  openActivations,
  openSlackReceipts,
  settleSlackReceipt,
  steadyState,
  sweepSlackReceipts,
  writeFlagHandling,
  type StoredFlag,
  type Tx,
} from '@waymark/store';
import type { Flag } from '@waymark/lifecycle';
import { createBoltApp } from './bolt-app.ts';
import { defaultTiming, type SlackBotDependencies } from './dependencies.ts';
import { finishInstall, slackInstallUrl, startInstall } from './install/flow.ts';
import { slackInstallation } from './installation.ts';
import { endGrant } from './listeners/events/uninstall.ts';
import { planAccounts } from './plan/account-planner.ts';
import { planChangeDigests } from './plan/change-digests.ts';
import { planFirstDigests } from './plan/digest-planner.ts';
import { planOutageNotice } from './plan/outage-notice.ts';
import { workspaceFacts } from './plan/workspace-facts.ts';
import { FetchReceiver, type TenantBook } from './receive/receiver.ts';
import { openSocket, type Socket } from './receive/socket-mode.ts';
import { TenantFinder } from './receive/tenant.ts';
import { Sender, type SendReport } from './send/sender.ts';

/** What a fold changed for one account, as far as alerts go. */
export interface FoldedAccount {
  readonly account: { readonly accountId: string };
  readonly answer: { readonly flags: readonly Flag[] };
  readonly opened: readonly Flag[];
  readonly cleared: readonly Flag[];
  readonly withdrawn: readonly Pick<StoredFlag, 'flagId' | 'rule'>[];
}

/** The Slack bot of one process. */
export interface SlackBot {
  /** Answers what Slack sends to `/slack/events`. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** A one-use link that connects a Slack team to the workspace; `?team=` names one. */
  readonly installUrl: (workspaceId: string) => Promise<string>;
  /** Answers `GET /oauth/slack/start/<token>`, which the link leads to. */
  readonly oauthStart: (request: Request) => Promise<Response>;
  /** Answers `GET /oauth/slack/callback`. */
  readonly oauthCallback: (request: Request) => Promise<Response>;
  /** Writes what a fold means for Slack into the outbox, in the fold's own transaction. Nothing is sent. */
  readonly planAlerts: (tx: Tx, folded: readonly FoldedAccount[]) => Promise<void>;
  /** At the first steady state, writes each CSM's first digest; from then on alerts are live. Returns how many were written. */
  readonly planDigests: (workspaceId: string) => Promise<number>;
  /** Whether they are known to be written: whoever folds need not ask for them any more. */
  readonly hasDigests: (workspaceId: string) => boolean;
  /**
   * Tells each CSM once of what a changed definition says, in the transaction that settles the change; `key` names it. Returns how many
   * digests were written. Until then `planAlerts` posts nothing.
   */
  readonly planChange: (tx: Tx, key: string) => Promise<number>;
  /** Sends what is due, the morning's digests and notices of outages included. */
  readonly sendDue: (workspaceId: string, signal: AbortSignal) => Promise<SendReport>;
  /** Starts to send what is ready in the outbox, without what time has made due; returns when it is in hand. */
  readonly sendReady: (workspaceId: string, signal: AbortSignal) => Promise<void>;
  /** Resolves when no request of Slack is being acted on, and no call to Slack is on its way or waits for its channel's turn. */
  readonly idle: () => Promise<void>;
  /** Takes Slack's requests over a socket, where this server has no public address. Once for each app-level token (`xapp-`). */
  readonly startSocketMode: (appToken: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

const receiptLifeMs = 7 * 86_400_000;
const receiptEveryMs = 60_000;

/** Puts the bot together. It starts nothing by itself: the server calls it. */
export function createSlackBot(deps: SlackBotDependencies): SlackBot {
  const timing = { ...defaultTiming, ...deps.timing };
  const tenants: TenantBook = new WeakMap();
  const finder = new TenantFinder(deps);
  const receiver = new FetchReceiver(deps, finder, tenants);
  createBoltApp(deps, timing, receiver, tenants);
  const sender = new Sender(deps, timing);
  const sockets: Socket[] = [];

  /** Events that were noted and not finished: the process ended in between. */
  const finishedAt = new Map<string, number>();
  const finishReceipts = async (workspaceId: string): Promise<void> => {
    const now = deps.now();
    // Not on the way of every alert.
    if (now - (finishedAt.get(workspaceId) ?? -Infinity) < receiptEveryMs) return;
    finishedAt.set(workspaceId, now);
    const open = await deps.database.inWorkspace(workspaceId, (tx) => openSlackReceipts(tx, now - 60_000));
    for (const receipt of open) {
      const { type } = receipt.body;
      if (type === 'app_uninstalled' || type === 'tokens_revoked')
        await endGrant(deps, timing, workspaceId, { ...receipt.body, type });
      await deps.database.inWorkspace(workspaceId, (tx) => settleSlackReceipt(tx, receipt.receiptKey, now));
    }
    await deps.database.inWorkspace(workspaceId, (tx) => sweepSlackReceipts(tx, now - receiptLifeMs));
  };
  /** Workspaces of which the first digests are known to be written. */
  const begun = new Set<string>();

  return {
    fetch: (request) => receiver.fetch(request),
    installUrl: (workspaceId) => slackInstallUrl(deps, workspaceId),
    oauthStart: (request) => startInstall(deps, request),
    oauthCallback: (request) => finishInstall(deps, request),
    planAlerts: async (tx, folded) => {
      const touched = folded.filter(
        (one) => one.withdrawn.length > 0 || one.cleared.length > 0 || one.answer.flags.some(isOpen),
      );
      if (touched.length === 0) return;
      const installation = await slackInstallation(tx);
      if (!installation || installation.status === 'disabled' || installation.slack.alertsFrom === null) return;
      for (const one of touched) await carryHandling(tx, one);
      // What a changed definition says is told at once for all accounts, when the last is folded.
      if ((await openActivations(tx)).length > 0) return;
      const facts = await workspaceFacts(tx, { now: deps.now(), pausedRetryMs: timing.pausedRetryMs });
      if (facts) await planAccounts(tx, deps, facts, [...new Set(touched.map((one) => one.account.accountId))]);
    },
    planDigests: async (workspaceId) => {
      const written = await deps.database.inWorkspace(
        workspaceId,
        async (tx) => {
          const installation = await slackInstallation(tx);
          if (installation?.status !== 'active') return 0;
          if (installation.slack.alertsFrom !== null) {
            begun.add(workspaceId);
            return 0;
          }
          begun.delete(workspaceId);
          if (!(await steadyState(tx))) return 0;
          const facts = await workspaceFacts(tx, { now: deps.now(), pausedRetryMs: timing.pausedRetryMs });
          return facts ? planFirstDigests(tx, deps, facts) : 0;
        },
        { retry: true },
      );
      if (written > 0) deps.wake(workspaceId);
      return written;
    },
    hasDigests: (workspaceId) => begun.has(workspaceId),
    planChange: async (tx, key) => {
      const installation = await slackInstallation(tx);
      if (installation?.status !== 'active') return 0;
      const facts = await workspaceFacts(tx, { now: deps.now(), pausedRetryMs: timing.pausedRetryMs });
      return facts ? planChangeDigests(tx, deps, facts, key) : 0;
    },
    sendDue: async (workspaceId, signal) => {
      await finishReceipts(workspaceId);
      await deps.database.inWorkspace(workspaceId, (tx) => planOutageNotice(tx, deps.now()), { retry: true });
      return sender.sendDue(workspaceId, signal);
    },
    sendReady: (workspaceId, signal) => sender.sendReady(workspaceId, signal),
    idle: async () => {
      await receiver.idle();
      await sender.idle();
    },
    startSocketMode: async (appToken) => {
      sockets.push(await openSocket(deps, finder, receiver, appToken));
    },
    close: async () => {
      await Promise.allSettled(sockets.map((socket) => socket.close()));
      await receiver.stop();
      await sender.close();
    },
  };
}

const isOpen = (flag: Flag) => flag.clearedAt === null;

/** A correction of the past gives a flag another id: what people did with it goes along. */
async function carryHandling(tx: Tx, folded: FoldedAccount): Promise<void> {
  if (folded.withdrawn.length === 0 || folded.opened.length === 0) return;
  const known = await flagHandling(
    tx,
    folded.withdrawn.map((flag) => flag.flagId),
  );
  for (const former of known) {
    const rule = folded.withdrawn.find((flag) => flag.flagId === former.flagId)?.rule;
    const heir = folded.opened.find((flag) => flag.rule === rule);
    if (heir && (await flagHandling(tx, [heir.flagId])).length === 0) {
      await writeFlagHandling(tx, { ...former, flagId: heir.flagId });
    }
  }
}
