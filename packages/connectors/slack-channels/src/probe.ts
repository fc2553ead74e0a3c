import type { Finding } from '@waymark/connector-kit';
import type { SlackClient } from './client.ts';
import { Directory } from './directory.ts';
import { accountOf } from './settings.ts';

/** Names listed in one finding. */
const mostListed = 10;

/**
 * What is wrong beyond scopes and tokens: an app in no channel sees nothing, and a channel of which nothing tells the account sends its
 * messages to the review queue.
 */
export async function probe(client: SlackClient): Promise<readonly Finding[]> {
  const directory = new Directory(client);
  const unknown: string[] = [];
  let watched = 0;
  let after: string | undefined;
  do {
    const page = await client.channels(after);
    for (const channel of page.channels) {
      if (channel.isArchived) continue;
      watched += 1;
      const view = await directory.view(channel);
      const [team, ...more] = view?.outsideTeams ?? [];
      const told =
        accountOf(client.settings, channel) !== undefined || (more.length === 0 && team?.domains.length === 1);
      if (!told && view && (await directory.outsiders(view)).length === 0) unknown.push(channel.name || channel.id);
    }
    after = page.next;
  } while (after !== undefined);
  if (watched === 0) {
    return [
      {
        severity: 'error',
        code: 'SLACK_IN_NO_CHANNEL',
        message: 'The app is in no channel, so it sees no message.',
        fix: 'Invite it with /invite to each channel that is shared with a customer.',
      },
    ];
  }
  if (unknown.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'SLACK_CHANNEL_WITHOUT_ACCOUNT',
      message: `Nothing tells the account of ${unknown.length} channels: ${unknown.slice(0, mostListed).join(', ')}.`,
      fix: 'Name the account of each under "accounts" in the settings, or take the app out of channels that are no customer’s.',
    },
  ];
}
