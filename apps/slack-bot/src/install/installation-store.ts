import { contentUuid } from '@waymark/journey';
import { putDirectory, recordAudit, resolveDirectory, saveGrant, setStatus, type Tx } from '@waymark/store';
import type { Installation, InstallationStore } from '@slack/oauth';
import type { SlackBotDependencies } from '../dependencies.ts';
import { SlackBotError } from '../errors.ts';
import { directoryKey, slackInstallations, type SlackSettings } from '../installation.ts';

type StoreDependencies = Pick<SlackBotDependencies, 'database' | 'sealer' | 'now' | 'wake'>;

/** Keeps what @slack/oauth obtained for one workspace: an installation row with its token sealed, and the directory's way to it. */
export function installationStore(deps: StoreDependencies, workspaceId: string): InstallationStore {
  return {
    storeInstallation: async (installation) => {
      const { bot } = installation;
      const teamId = installation.isEnterpriseInstall ? installation.enterprise?.id : installation.team?.id;
      if (!bot || teamId === undefined || installation.appId === undefined) {
        throw new SlackBotError(
          'not_installed',
          'Slack gave no bot token: check that the app has a bot user, and install it again.',
        );
      }
      await claimTeam(deps, workspaceId, directoryKey(teamId, installation.appId));
      await saveInstall(deps, workspaceId, { installation, bot, teamId, appId: installation.appId });
      deps.wake(workspaceId);
    },
    // Tokens are read by `openSession`, under a lock; @slack/oauth is asked for the exchange alone.
    fetchInstallation: () =>
      Promise.reject(new SlackBotError('not_installed', 'Tokens are not read through @slack/oauth.')),
  };
}

/** One app in one team leads to one workspace: an interaction names nothing else to tell them apart. */
async function claimTeam(deps: StoreDependencies, workspaceId: string, key: string): Promise<void> {
  const entries = await deps.database.global((tx) => resolveDirectory(tx, 'slack_team', key, deps.now()));
  if (entries.every((entry) => entry.workspaceId === workspaceId)) return;
  throw new SlackBotError(
    'team_taken',
    'This Slack team is connected to another workspace with the same app: use an app of its own for each workspace.',
  );
}

async function saveInstall(
  deps: StoreDependencies,
  workspaceId: string,
  grant: {
    readonly installation: Installation<'v1' | 'v2', boolean>;
    readonly bot: NonNullable<Installation['bot']>;
    readonly teamId: string;
    readonly appId: string;
  },
): Promise<void> {
  const { installation, bot, teamId, appId } = grant;
  const now = deps.now();
  const installationId = contentUuid('installation', workspaceId, 'slack', teamId, appId);
  const seal = (field: string, secret: string) => deps.sealer.seal(workspaceId, installationId, field, secret);
  const accessToken = await seal('access_token', bot.token);
  const refreshToken = bot.refreshToken === undefined ? null : await seal('refresh_token', bot.refreshToken);
  await deps.database.inWorkspace(workspaceId, async (tx) => {
    const former = await slackInstallations(tx);
    const before = former.find((one) => one.installationId === installationId);
    const settings: SlackSettings = {
      teamId,
      teamName: installation.team?.name ?? installation.enterprise?.name ?? teamId,
      enterpriseId: installation.enterprise?.id ?? null,
      appId,
      botUserId: bot.userId,
      installedBy: installation.user.id,
      grantedAt: now,
      // The same team again goes on where it was; another one begins with its first digest.
      alertsFrom: before?.slack.alertsFrom ?? null,
    };
    await saveGrant(
      tx,
      {
        installationId,
        connector: 'slack',
        provider: 'slack',
        externalAccountId: teamId,
        label: settings.teamName,
        address: null,
        settings,
        grantedScopes: bot.scopes,
        accessToken,
        refreshToken,
        accessExpiresAt: bot.expiresAt === undefined ? null : bot.expiresAt * 1000,
      },
      now,
    );
    await retireOthers(
      tx,
      former.filter((one) => one.installationId !== installationId),
      now,
    );
    await recordAudit(tx, {
      at: now,
      actor: `slack:${installation.user.id}`,
      action: 'installation.granted',
      subject: installationId,
      detail: { connector: 'slack', team: teamId, scopes: [...bot.scopes] },
    });
  });
  await deps.database.global((tx) =>
    putDirectory(tx, {
      kind: 'slack_team',
      key: directoryKey(teamId, appId),
      workspaceId,
      installationId,
      expiresAt: null,
    }),
  );
}

/** A workspace speaks to one Slack team: a new one takes the place of the former. */
async function retireOthers(
  tx: Tx,
  others: readonly { readonly installationId: string; readonly status: string }[],
  now: number,
) {
  for (const one of others) {
    if (one.status !== 'disabled')
      await setStatus(tx, one.installationId, 'disabled', 'another Slack team was connected', now);
  }
}
