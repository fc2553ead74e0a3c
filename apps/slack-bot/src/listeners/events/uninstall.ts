import { z } from 'zod';
import { installation as readInstallation, recordAudit, setStatus } from '@waymark/store';
import { openSession } from '../../bot-token.ts';
import type { SlackBotDependencies, SlackTiming } from '../../dependencies.ts';
import { slackInstallations } from '../../installation.ts';
import { classifyCall } from '../../web-client.ts';
import { workspaceOf, type ListenerContext } from '../listener-context.ts';

const EndedGrant = z.looseObject({
  api_app_id: z.string(),
  /** Epoch seconds. */
  event_time: z.number(),
});

/** Both events that say that a grant has ended (failure G5). */
export function registerUninstall({ app, deps, timing }: ListenerContext): void {
  for (const type of ['app_uninstalled', 'tokens_revoked'] as const) {
    app.event(type, ({ body, context }) => endGrant(deps, timing, workspaceOf(context), { ...body, type }));
  }
}

/**
 * Ends the grant that an event is about, unless the event is older than the grant (failure G6). Events are not ordered against
 * installs and are told in whole seconds, so Slack is asked whether the token still works before anything is believed. What was stored
 * stays; alerts wait in the outbox until the app is installed again.
 */
export async function endGrant(
  deps: SlackBotDependencies,
  timing: SlackTiming,
  workspaceId: string,
  body: object & { readonly type: string },
): Promise<void> {
  const event = EndedGrant.parse(body);
  const known = await deps.database.inWorkspace(workspaceId, (tx) => slackInstallations(tx));
  const ended = known.find((one) => one.slack.appId === event.api_app_id && one.status === 'active');
  if (!ended || (event.event_time + 1) * 1000 <= ended.slack.grantedAt) return;
  const session = await openSession(deps, workspaceId, timing.callTimeoutMs);
  if (session?.installation.installationId === ended.installationId) {
    try {
      await session.client.auth.test();
      // A token that works was granted after what the event tells of.
      return;
    } catch (error) {
      const outcome = classifyCall(error);
      // Slack cannot say for now: the event stays unsettled and is looked at again.
      if (outcome.kind !== 'token-dead' && outcome.kind !== 'refused') throw error;
    }
  }
  await deps.database.inWorkspace(workspaceId, async (tx) => {
    const present = await readInstallation(tx, ended.installationId);
    if (!present || present.generation !== ended.generation) return;
    await setStatus(
      tx,
      ended.installationId,
      'needs_auth',
      'the app was removed in Slack: install it again',
      deps.now(),
    );
    await recordAudit(tx, {
      at: deps.now(),
      actor: 'slack',
      action: 'installation.ended',
      subject: ended.installationId,
      detail: { connector: 'slack', event: body.type },
    });
  });
  deps.log.warn({ workspaceId }, 'Slack says that the app was removed');
}
