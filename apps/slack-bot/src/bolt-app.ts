import { App, type Receiver } from '@slack/bolt';
import { openSession } from './bot-token.ts';
import type { SlackBotDependencies, SlackTiming } from './dependencies.ts';
import { SlackBotError } from './errors.ts';
import { registerAnswerButtons } from './listeners/actions/answer-buttons.ts';
import { registerSnoozeButton } from './listeners/actions/snooze.ts';
import { registerWhyButton } from './listeners/actions/why.ts';
import { registerWrongAccountButton } from './listeners/actions/wrong-account.ts';
import { registerJourney } from './listeners/commands/journey.ts';
import { HomePages } from './home-pages.ts';
import { registerHome } from './listeners/events/home.ts';
import { registerUninstall } from './listeners/events/uninstall.ts';
import { registerAccountChoice } from './listeners/options/account-choice.ts';
import { registerSnoozeView } from './listeners/views/snooze.ts';
import { registerWrongAccountView } from './listeners/views/wrong-account.ts';
import { quietLogger } from './quiet-logger.ts';
import type { TenantBook } from './receive/receiver.ts';

/** The Bolt app with all its listeners. Whose token it uses follows from the workspace that the receiver found. */
export function createBoltApp(
  deps: SlackBotDependencies,
  timing: SlackTiming,
  receiver: Receiver,
  tenants: TenantBook,
): App {
  const app = new App({
    receiver,
    logger: quietLogger(),
    clientOptions: {
      slackApiUrl: deps.slackApiUrl,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: timing.callTimeoutMs,
    },
    authorize: async (_source, body) => {
      const workspaceId = body && tenants.get(body);
      const session =
        workspaceId === undefined ? undefined : await openSession(deps, workspaceId, timing.callTimeoutMs);
      if (!session?.client.token)
        throw new SlackBotError('not_installed', 'The Slack app is not installed: run waymark install slack.');
      const { teamId, botUserId } = session.installation.slack;
      return { botToken: session.client.token, botUserId, teamId };
    },
  });
  const context = { app, deps, timing, homes: new HomePages(deps, timing) };
  registerAnswerButtons(context);
  registerSnoozeButton(context);
  registerWhyButton(context);
  registerWrongAccountButton(context);
  registerAccountChoice(context);
  registerSnoozeView(context);
  registerWrongAccountView(context);
  registerJourney(context);
  registerUninstall(context);
  registerHome(context);
  return app;
}
