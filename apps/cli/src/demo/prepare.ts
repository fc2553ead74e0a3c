import { z } from 'zod';
import { contentUuid } from '@waymark/journey';
import { demoApp, sampleTeams } from '@waymark/sandbox';
import { activateTemplate, createInstallLink, slackInstallLink, type Server, type Waymark } from '@waymark/server';
import {
  createWorkspace,
  findWorkspace,
  installations,
  saveProviderApp,
  saveWritebackMapping,
  setSlackUser,
  upsertMember,
  type Workspace,
} from '@waymark/store';
import { activeJourneys } from '@waymark/sync';
import { followConsent } from './consent.ts';
import { sampleAccounts, sampleApps, stackSchema, type SampleApp, type SampleStack } from './sample-stack.ts';
import type { SandboxUrls } from './sandbox-process.ts';

const slug = 'sample';

const companySchema = z.object({
  name: z.string(),
  domains: z.array(z.string()),
  timezone: z.string(),
  staff: z.array(
    z.object({
      email: z.string(),
      name: z.string(),
      role: z.string(),
      watched: z.boolean(),
      slack: z.object({ id: z.string() }).optional(),
    }),
  ),
});
type Company = z.infer<typeof companySchema>;

/** A smaller sample, for runs that want little of it. */
export interface SampleSize {
  readonly historyDays?: number;
  /** How many of the watched mailboxes are connected, in the order of the staff list; all without it. */
  readonly people?: number;
}

/**
 * Makes the sample workspace and connects every account of the sample company by the real consent of each provider; does nothing
 * where that was done before. Returns the workspace.
 */
export async function prepareSample(
  waymark: Waymark,
  server: Server,
  urls: SandboxUrls,
  size: SampleSize = {},
): Promise<Workspace> {
  const company = companySchema.parse(await (await fetch(`${urls.control}/company`)).json());
  const stack = stackSchema.parse(await (await fetch(`${urls.control}/stack`)).json());
  const { database } = waymark;
  await registerApps(urls, server.publicUrl, sampleApps(stack));
  const workspace =
    (await database.global((tx) => findWorkspace(tx, slug))) ?? (await makeWorkspace(waymark, company, stack, size));
  const { workspaceId } = workspace;
  const connected = await database.inWorkspace(workspaceId, (tx) => installations(tx));
  const has = (connector: string, address?: string) =>
    connected.some((one) => one.connector === connector && (address === undefined || one.address === address));
  if (!has('slack'))
    await followConsent(`${await slackInstallLink(waymark, workspaceId, server.publicUrl)}?team=${sampleTeams.main}`);
  const watched = company.staff.filter((one) => one.watched).slice(0, size.people);
  for (const account of sampleAccounts(
    stack,
    watched.map((one) => one.email),
  )) {
    const { connector, address, settings, loginHint, stageProperty } = account;
    if (has(connector, address)) continue;
    await followConsent(
      await createInstallLink(waymark, { workspaceId, connector, settings, publicUrl: server.publicUrl, loginHint }),
    );
    // The bot sees the channels alone to which somebody invited it.
    if (connector === 'slack-channels') await tell(urls, 'slack/acts', { act: 'invite', tenant: loginHint });
    if (stageProperty !== undefined) await mapStages(waymark, workspaceId, connector, stageProperty);
  }
  return workspace;
}

/** Tells the sandbox's apps where this server is: it may listen elsewhere than the last time. */
async function registerApps(urls: SandboxUrls, publicUrl: string, apps: readonly SampleApp[]): Promise<void> {
  for (const { provider, service, clientId, addresses } of apps) {
    const app = { clientId, redirectUris: [`${publicUrl}/oauth/${provider}/callback`], ...addresses(publicUrl) };
    await tell(urls, `${service}/apps`, app);
  }
}

/** Tells the sandbox's control server something. Throws where it refuses. */
async function tell(urls: SandboxUrls, path: string, body: object): Promise<void> {
  const answer = await fetch(`${urls.control}/${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`The sandbox refused ${path}: ${await answer.text()}`);
}

async function makeWorkspace(
  waymark: Waymark,
  company: Company,
  stack: SampleStack,
  size: SampleSize,
): Promise<Workspace> {
  const now = waymark.now();
  const workspace = await createWorkspace(
    waymark.database,
    waymark.sealer,
    {
      slug,
      name: `${company.name} (sample data)`,
      settings: {
        ownDomains: company.domains,
        timezone: company.timezone,
        // A first look must not wait for a working day.
        workingHours: 'always',
        dailyCapPerMember: null,
        defaultChannel: '#cs-alerts',
        sampleData: true,
        ...(size.historyDays !== undefined && { historyDays: size.historyDays }),
      },
    },
    now,
  );
  const { workspaceId } = workspace;
  await activateTemplate(waymark, workspaceId, 'nine-stages', 'waymark demo');
  await waymark.database.inWorkspace(workspaceId, async (tx) => {
    for (const { provider, clientId, extra } of sampleApps(stack)) {
      const { clientSecret } = demoApp;
      await saveProviderApp(tx, waymark.sealer, { provider, clientId, clientSecret, extra }, now);
    }
    for (const person of company.staff.filter((one) => one.role === 'csm')) {
      const memberId = contentUuid('member', workspaceId, person.email);
      await upsertMember(tx, { memberId, email: person.email, name: person.name, crmOwnerId: null, active: true }, now);
      if (person.slack) await setSlackUser(tx, person.email, person.slack.id, 'map', now);
    }
  });
  return workspace;
}

/** The sample comes with a mapping that a person is taken to have approved, so that a first look sees stages written. */
async function mapStages(waymark: Waymark, workspaceId: string, connector: string, property: string): Promise<void> {
  await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const crm = (await installations(tx)).find((one) => one.connector === connector);
    const [journey] = await activeJourneys(tx);
    if (!crm || !journey) throw new Error('The sample CRM is not connected.');
    const now = waymark.now();
    await saveWritebackMapping(tx, {
      mappingId: contentUuid('mapping', workspaceId, crm.installationId, property),
      installationId: crm.installationId,
      journey: journey.definition.id,
      property,
      values: Object.fromEntries(journey.definition.stages.map((stage) => [stage.id, stage.id])),
      allowBackward: true,
      approvedAt: now,
      approvedBy: 'sample data',
      enabled: true,
      createdAt: now,
    });
  });
}
