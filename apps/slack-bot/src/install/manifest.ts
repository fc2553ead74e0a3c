import { slackEvents, slackRedirectUri, slackScopes } from './scopes.ts';

/**
 * The app's manifest, to paste at https://api.slack.com/apps?new_app=1 ("From a manifest").
 * https://docs.slack.dev/reference/app-manifest
 *
 * @param publicUrl the server's outside address; null where there is none and Slack comes by Socket Mode
 */
export function slackManifest(publicUrl: string | null): Readonly<Record<string, unknown>> {
  const requestUrl = publicUrl === null ? {} : { request_url: `${publicUrl}/slack/events` };
  const optionsUrl = publicUrl === null ? {} : { message_menu_options_url: `${publicUrl}/slack/events` };
  return {
    display_information: {
      name: 'Waymark',
      description: 'Brings customer journey alerts to the CSM who owns the account, with proof.',
      background_color: '#1d4b3a',
    },
    features: {
      bot_user: { display_name: 'Waymark', always_online: true },
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true },
      slash_commands: [
        {
          command: '/journey',
          description: 'Where accounts stand, and why',
          usage_hint: '[account] | why <account>',
          should_escape: false,
          ...(publicUrl !== null && { url: `${publicUrl}/slack/events` }),
        },
      ],
    },
    oauth_config: {
      ...(publicUrl !== null && { redirect_urls: [slackRedirectUri(publicUrl)] }),
      scopes: { bot: [...slackScopes] },
    },
    settings: {
      event_subscriptions: { ...requestUrl, bot_events: [...slackEvents] },
      interactivity: { is_enabled: true, ...requestUrl, ...optionsUrl },
      org_deploy_enabled: false,
      socket_mode_enabled: publicUrl === null,
      token_rotation_enabled: false,
    },
  };
}
