import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { demoApp, startSandbox, type Sandbox } from '@waymark/sandbox';
import { createInstallLink, openWaymark, readConfiguration, startServer } from '@waymark/server';
import { followConsent } from '../../apps/cli/src/demo/consent.ts';
import { prepareSample } from '../../apps/cli/src/demo/prepare.ts';
import { freePort, startServerProcess, type ServerProcess } from '../faults/server-process.ts';
import { bulkMailbox, fillBulk, type BulkSize } from './bulk.ts';

/** A world with much in it, and a Waymark that is connected to it and has read nothing yet. */
export interface SizeRig {
  readonly sandbox: Sandbox;
  readonly home: string;
  /** Starts a server process on the home; the first port is where webhooks go. */
  readonly start: (how?: Start) => Promise<ServerProcess>;
  readonly close: () => Promise<void>;
}

/** How a server process is started. */
export interface Start {
  /** A named instant at which it kills itself, such as `page-stored:3`. */
  readonly stopAt?: string;
  readonly roles?: string;
  readonly heapMb?: number;
  /** Beside another one, at a port of its own. */
  readonly beside?: boolean;
}

/** Fills a world and connects the sample's CRM and the bulk mailboxes by the providers' own consent. */
export async function openSizeRig(folder: string, size: BulkSize): Promise<SizeRig> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const problems: unknown[] = [];
  const sandbox = await startSandbox({ caps: 'generous', autoConsent: true, onError: (error) => problems.push(error) });
  fillBulk(sandbox, size, Date.now());
  const home = join(folder, 'waymark');
  const port = await freePort();
  const environment = {
    WAYMARK_GOOGLE_URL: sandbox.urls.google,
    WAYMARK_HUBSPOT_URL: sandbox.urls.hubspot,
    WAYMARK_SLACK_URL: sandbox.urls.slack,
    WAYMARK_RATE_SCALE: '500',
    WAYMARK_POLL_SECONDS: '3600',
  };
  const waymark = await openWaymark(
    readConfiguration({ ...environment, WAYMARK_LOG: 'error', WAYMARK_HOME: home, WAYMARK_PORT: String(port) }),
  );
  // Nobody works yet: the first reading belongs to the processes that are killed.
  const server = await startServer(waymark, { roles: new Set(['http'] as const) });
  try {
    const { workspaceId } = await prepareSample(waymark, server, sandbox.urls, { people: 0 });
    for (let at = 0; at < size.mailboxes; at += 1) {
      const link = {
        workspaceId,
        connector: 'gmail',
        settings: {},
        publicUrl: server.publicUrl,
        loginHint: bulkMailbox(at),
      };
      await followConsent(await createInstallLink(waymark, link));
    }
  } finally {
    await server.close();
    await waymark.close();
  }
  sandbox.hubspot.registerApp({ clientId: demoApp.clientId, webhookUrl: `http://127.0.0.1:${port}/webhooks/hubspot` });
  return {
    sandbox,
    home,
    start: async ({ stopAt, roles, heapMb, beside } = {}) =>
      startServerProcess({
        home,
        port: beside ? await freePort() : port,
        environment: { ...environment, ...(stopAt !== undefined && { WAYMARK_STOP_AT: stopAt }) },
        ...(roles !== undefined && { roles }),
        ...(heapMb !== undefined && { nodeFlags: [`--max-old-space-size=${heapMb}`] }),
      }),
    close: async () => {
      await sandbox.close();
      if (problems.length > 0)
        throw new Error(`The sandbox had trouble of its own: ${problems.map(String).join('; ')}`);
    },
  };
}
