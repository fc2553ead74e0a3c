import { randomBytes } from 'node:crypto';
import {
  flagReports,
  openWaymark,
  readConfiguration,
  startServer,
  type Server,
  type Waymark,
  type WorkspaceReport,
} from '@waymark/server';
import { startSandbox, type Sandbox, type StackName } from '@waymark/sandbox';
import { accounts, checkpoints, installations, stagePeriods, type Workspace } from '@waymark/store';
import { testDatabase } from '@waymark/store/testing';
import { prepareSample, type SampleSize } from '../../apps/cli/src/demo/prepare.ts';
import { untilSteady } from '../../apps/cli/src/demo/steady.ts';

/** What Waymark says of one account of the sample. Instants are epoch milliseconds. */
export interface AccountFindings {
  readonly customer: boolean;
  readonly csm: string | null;
  readonly stage: string | null;
  readonly periods: readonly { readonly stage: string; readonly enteredAt: number; readonly exitedAt: number | null }[];
  /** Rules of the open flags, in order. */
  readonly flags: readonly string[];
}

export interface StackRun {
  /** By the account's domain, or by its name where it writes from free mail alone. */
  readonly findings: ReadonlyMap<string, AccountFindings>;
  readonly connectors: readonly string[];
  readonly rejected: number;
  readonly verifiedWrites: number;
}

/** The sample company with the products of a stack, read, folded, told and written once, and going on. */
export interface LiveStack {
  readonly waymark: Waymark;
  readonly server: Server;
  readonly sandbox: Sandbox;
  readonly workspace: Workspace;
  readonly report: WorkspaceReport;
  /** What a `waymark` command needs in order to work on the same installation. */
  readonly environment: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

/**
 * Starts the sample company and Waymark on it, and waits for the first steady state. The clock begins at the sample's end, whenever it is
 * run, so that two runs see the same days.
 */
export async function openStack(stack: StackName, anchor: number, size: SampleSize = {}): Promise<LiveStack> {
  const startedAt = Date.now();
  const now = (): number => anchor + (Date.now() - startedAt);
  const sandbox = await startSandbox({ stack, anchor, now, caps: 'generous', autoConsent: true });
  const ends: (() => Promise<void>)[] = [() => sandbox.close()];
  const close = async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    const database = await testDatabase();
    ends.push(() => database.close());
    const { google, hubspot, microsoft, salesforce, slack, zendesk } = sandbox.urls;
    const environment = {
      DATABASE_URL: database.url,
      WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
      WAYMARK_MASTER_KEY: randomBytes(32).toString('base64'),
      WAYMARK_PORT: '0',
      WAYMARK_GOOGLE_URL: google,
      WAYMARK_HUBSPOT_URL: hubspot,
      WAYMARK_MICROSOFT_URL: microsoft,
      WAYMARK_SALESFORCE_URL: salesforce,
      WAYMARK_SLACK_URL: slack,
      WAYMARK_ZENDESK_URL: zendesk,
      WAYMARK_RATE_SCALE: '500',
      WAYMARK_LOG: 'error',
    };
    const waymark = await openWaymark(readConfiguration(environment), { now });
    ends.push(() => waymark.close());
    const server = await startServer(waymark, { roles: new Set(['http', 'workers', 'bot'] as const) });
    ends.push(() => server.close());
    const workspace = await prepareSample(waymark, server, sandbox.urls, size);
    const { report } = await untilSteady(waymark, server, workspace, { startedAt: now(), limitMs: 400_000 });
    return { waymark, server, sandbox, workspace, report, environment, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The whole main job on the sample company with the products of a stack, up to the first steady state. */
export async function runStack(stack: StackName, anchor: number): Promise<StackRun> {
  const live = await openStack(stack, anchor);
  try {
    const { waymark, workspace, report } = live;
    const { findings, connectors } = await waymark.database.inWorkspace(workspace.workspaceId, async (tx) => {
      const states = new Map((await checkpoints(tx)).map((one) => [one.accountId, one]));
      const [periods, open] = [await stagePeriods(tx), await flagReports(tx)];
      const found = (await accounts(tx)).map((account): [string, AccountFindings] => [
        account.domain ?? account.name,
        {
          customer: account.isCustomer,
          csm: account.csmEmail,
          stage: states.get(account.accountId)?.stage ?? null,
          periods: periods
            .filter((period) => period.accountId === account.accountId)
            .map(({ stage, enteredAt, exitedAt }) => ({ stage, enteredAt, exitedAt })),
          flags: open
            .filter((flag) => flag.accountId === account.accountId)
            .map((flag) => flag.rule)
            .toSorted(),
        },
      ]);
      const used = (await installations(tx)).map((one) => one.connector);
      return { findings: new Map(found), connectors: [...new Set(used)].toSorted() };
    });
    return {
      findings,
      connectors,
      rejected: report.installations.flatMap((one) => one.streams).reduce((sum, one) => sum + one.rejected, 0),
      verifiedWrites: report.writeback.verified,
    };
  } finally {
    await live.close();
  }
}
