import { installations, type Installation, type Tx } from '@waymark/store';
import { z } from 'zod';

/** What is kept of a Slack install beside its token. Times are epoch milliseconds. */
const SlackSettings = z.object({
  teamId: z.string(),
  teamName: z.string(),
  enterpriseId: z.string().nullable(),
  appId: z.string(),
  botUserId: z.string(),
  /** Who installed the app: told of what needs an admin. */
  installedBy: z.string().nullable(),
  /** Events that are older do not end this grant (failure G6). */
  grantedAt: z.number(),
  /** The first steady state with Slack installed; before it nothing is posted (failure G11). */
  alertsFrom: z.number().nullable(),
});
export type SlackSettings = z.infer<typeof SlackSettings>;

export interface SlackInstallation extends Installation {
  readonly slack: SlackSettings;
}

/** The workspace's Slack install, the one in use if there are several: active before dead, the newest grant first. */
export async function slackInstallation(tx: Tx): Promise<SlackInstallation | undefined> {
  return (await slackInstallations(tx))[0];
}

/** All Slack installs of the workspace, the one in use first. */
export async function slackInstallations(tx: Tx): Promise<readonly SlackInstallation[]> {
  const known = (await installations(tx)).flatMap((one) => {
    if (one.connector !== 'slack') return [];
    const parsed = SlackSettings.safeParse(one.settings);
    return parsed.success ? [{ ...one, slack: parsed.data }] : [];
  });
  const rank = (one: Installation) => (one.status === 'active' ? 0 : 1);
  return known.toSorted((a, b) => rank(a) - rank(b) || b.slack.grantedAt - a.slack.grantedAt);
}

/** The directory's name for an app in a team; `team` is the enterprise for an install on a whole Enterprise organization. */
export function directoryKey(team: string, app: string): string {
  return `${team}/${app}`;
}
