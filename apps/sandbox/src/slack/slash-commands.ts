import { safeJson } from './block-actions.ts';
import { type InteractionContext, type Outcome } from './interaction-context.ts';
import { respond } from './response-url.ts';
import { SlackFault } from './slack-fault.ts';

/**
 * Sends a slash command typed in a channel; an answer in the response's body is shown at once.
 * @param text the whole line, such as `/journey why Acme`.
 * @see https://docs.slack.dev/interactivity/implementing-slash-commands
 */
export async function slashCommand(
  context: InteractionContext,
  by: { readonly team: string; readonly user: string; readonly channel: string },
  text: string,
): Promise<Outcome> {
  const { workspace, deliveries } = context;
  const [command = '', ...rest] = text.trim().split(' ');
  const app = workspace.appWithCommand(by.team, command);
  const channel = workspace.channelFor(by, by.channel);
  if (app === undefined) return { ok: false, problem: `${command} is not a valid command.` };
  const url = workspace.addResponseUrl({ ...by, channel: channel.id, app: app.id });
  const trigger = workspace.addTrigger({ team: by.team, app: app.id, user: by.user });
  const delivery = await deliveries.send(app, 'command', command, {
    token: 'verification-token-is-deprecated',
    team_id: by.team,
    team_domain: workspace.state.teams[by.team]?.domain ?? '',
    channel_id: channel.id,
    channel_name: channel.kind === 'im' ? 'directmessage' : channel.name,
    user_id: by.user,
    user_name: workspace.user(by.team, by.user).name,
    command,
    text: rest.join(' '),
    api_app_id: app.id,
    is_enterprise_install: 'false',
    response_url: `${context.origin}/actions/${url}`,
    trigger_id: trigger.id,
  });
  if (typeof delivery.outcome !== 'number' || delivery.outcome >= 300) {
    return { ok: false, problem: `${command} failed because the app did not respond (${delivery.outcome}).` };
  }
  const target = workspace.state.responseUrls[url];
  if (delivery.body.trim() === '' || target === undefined) return { ok: true };
  const body = safeJson(delivery.body);
  try {
    respond(context, target, typeof body === 'object' && body !== null ? body : { text: delivery.body });
    return { ok: true };
  } catch (error) {
    if (!(error instanceof SlackFault)) throw error;
    return { ok: false, problem: `${command} failed with the error "${error.code}".` };
  }
}
