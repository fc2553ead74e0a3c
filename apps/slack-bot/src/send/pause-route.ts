import { destinationKey, type Destination, type NoticeContent } from '@waymark/alerts';
import {
  addAlertMessage,
  enqueue,
  readTokens,
  slackDestinations,
  writeSlackDestination,
  type Tx,
} from '@waymark/store';
import type { SlackSession } from '../bot-token.ts';
import { describeDestination } from './destination.ts';

/**
 * Notes that a destination takes no messages, and tells the admin once for each reason (failure G4). Alerts pass it over from now on,
 * until it is tried again after a day.
 */
export async function pauseRoute(
  tx: Tx,
  session: SlackSession,
  destination: Destination,
  error: string,
  now: number,
): Promise<void> {
  const { teamId, installedBy } = session.installation.slack;
  const key = destinationKey(destination);
  // Several alerts of one round may find out at once; the install's lock lets one of them tell.
  await readTokens(tx, session.installation.installationId, true);
  const known = (await slackDestinations(tx, teamId)).find((one) => one.destination === key);
  const told = known?.pausedReason === error ? known.toldAdminAt : null;
  const tell = told === null && installedBy !== null && key !== `user:${installedBy}`;
  await writeSlackDestination(
    tx,
    teamId,
    { destination: key, channel: null, pausedReason: error, toldAdminAt: tell ? now : told },
    now,
  );
  if (!tell) return;
  const content: NoticeContent = {
    kind: 'notice',
    title: 'Alerts take another way',
    lines: [
      `Slack does not let me post to ${describeDestination(destination)} (${error}).`,
      'Alerts meant for it go to the next place in line, so none is lost.',
      fixFor(destination, error),
    ],
  };
  const messageId = await addAlertMessage(
    tx,
    {
      accountId: null,
      kind: 'notice',
      teamId,
      destination: `user:${installedBy}`,
      contentDigest: null,
      detail: { candidates: [{ kind: 'user', slackUserId: installedBy }] },
    },
    now,
  );
  const row = { messageId, teamId, action: 'post' as const, heldUntil: null, heldReason: null };
  await enqueue(tx, { ...row, alertKey: `${teamId}:notice:${key}:${error}:${now}`, payload: { content } }, now);
}

function fixFor(destination: Destination, error: string): string {
  if (error === 'missing_scope') return 'To mend it, install the app again so that it gets the scopes it now asks for.';
  if (destination.kind === 'member') {
    return `To mend it, say which Slack user ${destination.email} is: waymark member slack ${destination.email} <Slack user id>.`;
  }
  if (error === 'is_archived') return 'To mend it, unarchive the channel or choose another one in the alert routes.';
  return 'To mend it, invite the app to the channel or choose another one in the alert routes.';
}
