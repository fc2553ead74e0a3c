import { z } from 'zod';
import { contentUuid } from '@waymark/journey';
import { demoApp, samplePortals, sampleTeams } from '@waymark/sandbox';
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
import { ownProperty } from '@waymark/writeback';
import { followConsent } from './consent.ts';
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

/** What the sample company's CRM declares: which properties hold what. */
const declaration = {
  properties: {
    csm: 'csm',
    renewalDate: 'renewal_date',
    value: 'annual_value',
    tier: 'tier',
    customerSince: 'customer_since',
    onboardingStatus: 'onboarding_status',
  },
  contacts: { leftDate: 'left_date' },
  keepSubjects: true,
  writeback: true,
};

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
  const { database } = waymark;
  await registerApps(urls, server.publicUrl);
  const workspace =
    (await database.global((tx) => findWorkspace(tx, slug))) ?? (await makeWorkspace(waymark, company, size));
  const { workspaceId } = workspace;
  const connected = await database.inWorkspace(workspaceId, (tx) => installations(tx));
  const has = (connector: string, address?: string) =>
    connected.some((one) => one.connector === connector && (address === undefined || one.address === address));
  if (!has('slack'))
    await followConsent(`${await slackInstallLink(waymark, workspaceId, server.publicUrl)}?team=${sampleTeams.main}`);
  const connect = async (connector: string, settings: Readonly<Record<string, unknown>>, loginHint: string) =>
    followConsent(
      await createInstallLink(waymark, { workspaceId, connector, settings, publicUrl: server.publicUrl, loginHint }),
    );
  if (!has('hubspot')) {
    await connect('hubspot', declaration, String(samplePortals.main));
    await mapStages(waymark, workspaceId);
  }
  for (const person of company.staff.filter((one) => one.watched).slice(0, size.people)) {
    if (!has('gmail', person.email)) await connect('gmail', {}, person.email);
    if (!has('google-calendar', person.email)) await connect('google-calendar', {}, person.email);
  }
  return workspace;
}

/** Tells the sandbox's apps where this server is: it may listen elsewhere than the last time. */
async function registerApps(urls: SandboxUrls, publicUrl: string): Promise<void> {
  const callback = (provider: string) => [`${publicUrl}/oauth/${provider}/callback`];
  const apps = {
    google: { redirectUris: callback('google') },
    hubspot: { redirectUris: callback('hubspot'), webhookUrl: `${publicUrl}/webhooks/hubspot` },
    slack: { redirectUris: callback('slack'), requestUrl: `${publicUrl}/slack/events` },
  };
  for (const [service, app] of Object.entries(apps)) {
    const answer = await fetch(`${urls.control}/${service}/apps`, {
      method: 'POST',
      body: JSON.stringify({ clientId: demoApp.clientId, ...app }),
    });
    if (!answer.ok) throw new Error(`The sandbox's ${service} did not take the app: ${await answer.text()}`);
  }
}

async function makeWorkspace(waymark: Waymark, company: Company, size: SampleSize): Promise<Workspace> {
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
    for (const provider of ['google', 'hubspot', 'slack']) {
      const extra = provider === 'slack' ? { signingSecret: demoApp.signingSecret } : {};
      await saveProviderApp(
        tx,
        waymark.sealer,
        { provider, clientId: demoApp.clientId, clientSecret: demoApp.clientSecret, extra },
        now,
      );
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
async function mapStages(waymark: Waymark, workspaceId: string): Promise<void> {
  await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const crm = (await installations(tx)).find((one) => one.connector === 'hubspot');
    const [journey] = await activeJourneys(tx);
    if (!crm || !journey) throw new Error('The sample CRM is not connected.');
    const now = waymark.now();
    await saveWritebackMapping(tx, {
      mappingId: contentUuid('mapping', workspaceId, crm.installationId, ownProperty),
      installationId: crm.installationId,
      journey: journey.definition.id,
      property: ownProperty,
      values: Object.fromEntries(journey.definition.stages.map((stage) => [stage.id, stage.id])),
      allowBackward: true,
      approvedAt: now,
      approvedBy: 'sample data',
      enabled: true,
      createdAt: now,
    });
  });
}
