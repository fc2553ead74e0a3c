import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { createSlackBot, type SlackBot } from '@waymark/slack-bot';
import {
  leaseHolders,
  openJobs,
  releaseLeasesOf,
  releaseWritebackLeasesOf,
  writebackLeaseHolders,
} from '@waymark/store';
import { hostname } from 'node:os';
import { createApp } from './http/app.ts';
import { slackDependencies } from './slack-dependencies.ts';
import { keepHouse } from './work/housekeeping.ts';
import { FoldWorker } from './work/fold-worker.ts';
import { PerWorkspace } from './work/per-workspace.ts';
import { SyncWorker } from './work/sync-worker.ts';
import { openWakes, type Wakes } from './work/wake.ts';
import { settleActivations } from './activations.ts';
import { applyWriteback } from './writeback.ts';
import { ConfigurationError, type Role } from './configuration.ts';
import type { Waymark } from './waymark.ts';

/** How often rows are looked through for what a lost wake-up left, ms. */
const sweepEveryMs = 5000;
const houseEveryMs = 3_600_000;
/** A CRM may learn of a stage a moment later than a person of an alert, ms. */
const writeAfterMs = 500;
/** A sweep that is older says that something hangs. */
const sweepStaleMs = 60_000;

export interface ServerOptions {
  readonly roles: ReadonlySet<Role>;
}

/** A running server: its address and its work. */
export interface Server {
  readonly url: string;
  readonly publicUrl: string;
  readonly bot: SlackBot;
  readonly sync: SyncWorker | undefined;
  /** Resolves when nothing is being read, folded, sent or written. */
  readonly idle: () => Promise<void>;
  /** Asks for everything of a workspace: something was installed or changed by hand. */
  readonly wake: (workspaceId: string) => void;
  readonly close: () => Promise<void>;
}

/** Starts the server in this process with the given roles: all of them, or some of them beside other processes. */
export async function startServer(waymark: Waymark, options: ServerOptions): Promise<Server> {
  const { roles } = options;
  const { log } = waymark;
  await freeDeadLeases(waymark);
  const listening = roles.has('http') ? await listen(waymark) : undefined;
  const url = listening?.url ?? `http://${waymark.configuration.host}:${waymark.configuration.port}`;
  const publicUrl = waymark.configuration.publicUrl ?? url;
  waymark.listensAt(url);

  let wakes: Wakes | undefined;
  const stop = new AbortController();
  const bot = createSlackBot(slackDependencies(waymark, publicUrl, (workspaceId) => ask(workspaceId)));
  const sendingFailed = (err: unknown, workspaceId: string) => log.error({ err, workspaceId }, 'sending alerts failed');
  const sender = new PerWorkspace((workspaceId) => bot.sendReady(workspaceId, stop.signal), sendingFailed);
  // What time alone has made due; a round of it waits for all that it sends, so it is not on the way of a new alert.
  const postman = new PerWorkspace(async (workspaceId) => {
    await bot.sendDue(workspaceId, stop.signal);
  }, sendingFailed);
  const writer = new PerWorkspace(
    async (workspaceId) => {
      // What folds in a burst is planned at once, and not while its alerts are on their way.
      await sleep(writeAfterMs, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return;
      const settled = await settleActivations(waymark, workspaceId, bot);
      if (settled.some((one) => one.digests > 0)) send(workspaceId);
      await applyWriteback(waymark, workspaceId);
    },
    (err, workspaceId) => log.error({ err, workspaceId }, 'write-back failed'),
  );
  // The first digests are written as soon as all is read and folded; later folds have none to ask for.
  const digester = new PerWorkspace(async (workspaceId) => {
    await bot.planDigests(workspaceId);
  }, sendingFailed);
  const works = roles.has('workers');
  const folder = new FoldWorker(waymark, {
    afterFold: (tx, folded) => bot.planAlerts(tx, folded),
    onStored: (workspaceId) => send(workspaceId),
    onFolded: (workspaceId) => {
      if (works) writer.ask(workspaceId);
      if (roles.has('bot') && !bot.hasDigests(workspaceId)) digester.ask(workspaceId);
    },
  });
  const sync = works ? new SyncWorker(waymark, (workspaceId) => folder.ask(workspaceId)) : undefined;
  const fold = (workspaceId: string) => (works ? folder.ask(workspaceId) : wakes?.send('fold', { workspaceId }));
  const send = (workspaceId: string) =>
    roles.has('bot') ? sender.ask(workspaceId) : wakes?.send('send', { workspaceId });
  const read = (workspaceId: string, installationId: string) =>
    sync ? sync.run(workspaceId, installationId) : wakes?.send('sync', { workspaceId, installationId });
  const ask = (workspaceId: string) => {
    fold(workspaceId);
    send(workspaceId);
  };
  const unsubscribe = waymark.onCommitted((workspaceId) => fold(workspaceId));
  wakes = await openWakes(
    await openJobs(waymark.database, { onError: (err) => log.warn({ err }, 'the job queue') }),
    {
      ...(works && {
        sync: ({ workspaceId, installationId }) => installationId && sync?.run(workspaceId, installationId),
        fold: ({ workspaceId }) => folder.ask(workspaceId),
        writeback: ({ workspaceId }) => writer.ask(workspaceId),
      }),
      ...(roles.has('bot') && { send: ({ workspaceId }) => sender.ask(workspaceId) }),
    },
    (err) => log.warn({ err }, 'a wake-up was not sent; the sweep finds it'),
  );

  const sweep = async () => {
    for (const { workspaceId } of await waymark.workspaces()) {
      if (stop.signal.aborted) return;
      await sync?.sweep(workspaceId);
      if (works) folder.ask(workspaceId);
      if (roles.has('bot')) {
        await bot.planDigests(workspaceId);
        postman.ask(workspaceId);
      }
      if (works) writer.ask(workspaceId);
    }
  };
  /** More than one where a sweep takes longer than until the next. */
  const sweeping = new Set<Promise<void>>();
  let sweptAt = waymark.now();
  const turn = () => {
    const swept = sweep()
      .then(
        () => {
          sweptAt = waymark.now();
        },
        (err: unknown) => {
          if (!stop.signal.aborted) log.error({ err }, 'the sweep failed');
        },
      )
      .finally(() => sweeping.delete(swept));
    sweeping.add(swept);
    return swept;
  };
  const timer = setInterval(() => void turn(), sweepEveryMs);
  const clean = () => keepHouse(waymark).catch((err: unknown) => log.error({ err }, 'housekeeping failed'));
  const house = works ? setInterval(() => void clean(), houseEveryMs) : undefined;
  void turn();
  const { slackAppToken } = waymark.configuration;
  if (roles.has('bot') && slackAppToken !== undefined) {
    // Slack being out of reach must not keep the rest from starting.
    bot
      .startSocketMode(slackAppToken)
      .catch((err: unknown) =>
        log.error({ err }, 'Slack could not be reached by Socket Mode: check WAYMARK_SLACK_APP_TOKEN'),
      );
  }
  listening?.mount(
    createApp({
      waymark,
      publicUrl,
      // The database answers, and the last look through all rows is not long ago.
      ready: async () => {
        await waymark.workspaces();
        return waymark.now() - sweptAt < sweepStaleMs;
      },
      onHint: read,
      wake: ask,
      slack: {
        events: (request) => bot.fetch(request),
        start: (request) => bot.oauthStart(request),
        callback: (request) => bot.oauthCallback(request),
      },
    }),
  );

  let closing: Promise<void> | undefined;
  const close = async () => {
    clearInterval(timer);
    clearInterval(house);
    unsubscribe();
    stop.abort(new Error('The server is stopping.'));
    await listening?.close();
    await Promise.all(sweeping);
    await sync?.stop();
    await folder.stop();
    await Promise.all([sender.stop(), digester.stop(), postman.stop(), writer.stop()]);
    await wakes?.stop();
    await bot.close();
  };
  return {
    url,
    publicUrl,
    bot,
    sync,
    wake: ask,
    idle: async () => {
      await sync?.idle();
      await folder.idle();
      await digester.idle();
      await sender.idle();
      await postman.idle();
      await bot.idle();
      await writer.idle();
    },
    close: () => (closing ??= close()),
  };
}

type Fetch = { readonly fetch: (request: Request, env?: object) => Response | Promise<Response> };

/** Listens first and mounts after, so that the address is known to what is mounted. */
async function listen(waymark: Waymark) {
  const { host, port } = waymark.configuration;
  let app: Fetch | undefined;
  const server = serve({
    hostname: host,
    port,
    fetch: (request, env) =>
      app?.fetch(request, env) ?? new Response('starting', { status: 503, headers: { 'retry-after': '1' } }),
  });
  await once(server, 'listening').catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new ConfigurationError(
      `Port ${port} of ${host} is taken, perhaps by another Waymark: stop it, or set WAYMARK_PORT to another.`,
    );
  });
  const address = server.address();
  const bound = isAddress(address) ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    mount: (made: Fetch) => {
      app = made;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeIdleConnections' in server) server.closeIdleConnections();
        setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), 2000).unref();
      }),
  };
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

/** Frees leases of processes of this machine that are dead: after a kill nothing waits for a lease to run out (I14). */
async function freeDeadLeases(waymark: Waymark): Promise<void> {
  for (const { workspaceId } of await waymark.workspaces()) {
    await waymark.database.inWorkspace(workspaceId, async (tx) => {
      for (const holder of await leaseHolders(tx)) if (isDead(holder)) await releaseLeasesOf(tx, holder);
      for (const holder of await writebackLeaseHolders(tx))
        if (isDead(holder)) await releaseWritebackLeasesOf(tx, holder);
    });
  }
}

/** Whether a holder was a process of this machine that has ended. */
function isDead(holder: string): boolean {
  const [host, pid] = holder.split('/');
  return host === hostname() && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
