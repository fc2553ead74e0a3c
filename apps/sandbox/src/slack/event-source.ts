import type { Deliveries } from './deliveries.ts';
import type { SlackApp } from './state.ts';
import type { Workspace } from './workspace.ts';

/** Options for one event. */
export interface EventOptions {
  /** Given to repeat an event under its old id. */
  readonly eventId?: string;
  /** Epoch seconds at which it happened; now if absent. A late event carries an old time (G6). */
  readonly eventTime?: number;
  /** The workspace of the one who acted, where it is another than the one the app is in (Slack Connect, G10). */
  readonly actorTeam?: string;
}

/** Tells apps what happened, in the envelope of https://docs.slack.dev/apis/events-api. */
export class EventSource {
  readonly #workspace: Workspace;
  readonly #deliveries: Deliveries;

  constructor(workspace: Workspace, deliveries: Deliveries) {
    this.#workspace = workspace;
    this.#deliveries = deliveries;
  }

  /** Sends the event to one app if it is subscribed to its type. Returns the event id, or undefined if it is not. */
  tell(
    app: SlackApp,
    team: string,
    event: Readonly<Record<string, unknown>> & { type: string },
    options: EventOptions = {},
  ): string | undefined {
    if (!app.events.includes(subscriptionOf(event))) return undefined;
    const eventId = options.eventId ?? this.#workspace.nextId('Ev');
    const bot = this.#workspace.usersOf(team).find((user) => user.app === app.id);
    this.#deliveries.event(app, eventId, {
      token: 'verification-token-is-deprecated',
      team_id: options.actorTeam ?? team,
      context_team_id: team,
      context_enterprise_id: null,
      api_app_id: app.id,
      event: { ...event, ...(event['event_ts'] === undefined && { event_ts: this.#workspace.nextTs() }) },
      type: 'event_callback',
      event_id: eventId,
      event_time: options.eventTime ?? Math.floor(this.#workspace.now() / 1000),
      authorizations: [
        { enterprise_id: null, team_id: team, user_id: bot?.id ?? null, is_bot: true, is_enterprise_install: false },
      ],
      is_ext_shared_channel: this.#workspace.state.channels[String(event['channel'])]?.sharedWith !== undefined,
    });
    return eventId;
  }

  /**
   * Tells an app that events of this minute were left out: a request without an inner event.
   * @see https://docs.slack.dev/reference/events/app_rate_limited
   */
  tellLimited(app: SlackApp, team: string, minute: number): void {
    const seconds = Math.floor(minute / 60_000) * 60;
    this.#deliveries.event(app, `limited-${seconds}`, {
      token: 'verification-token-is-deprecated',
      type: 'app_rate_limited',
      team_id: team,
      minute_rate_limited: seconds,
      api_app_id: app.id,
    });
  }

  /** Sends the event to every app installed in the team. */
  tellAll(team: string, event: Readonly<Record<string, unknown>> & { type: string }): void {
    for (const app of this.#workspace.installedApps(team)) this.tell(app, team, event);
  }

  /**
   * Takes the app out of the team: its token dies, then `tokens_revoked` and `app_uninstalled` go out.
   * @see https://docs.slack.dev/reference/events/app_uninstalled
   */
  uninstall(team: string, appId: string, why: 'token_revoked' | 'account_inactive' = 'account_inactive'): void {
    const token = this.#workspace.installation(team, appId);
    const app = this.#workspace.state.apps[appId];
    if (token === undefined || app === undefined) return;
    token.dead = why;
    this.tell(app, team, { type: 'tokens_revoked', tokens: { oauth: [], bot: [token.user] } });
    this.tell(app, team, { type: 'app_uninstalled' });
    this.#workspace.changed({ team });
  }
}

/** Message events are subscribed to by the kind of channel. */
function subscriptionOf(event: Readonly<Record<string, unknown>> & { type: string }): string {
  if (event.type !== 'message') return event.type;
  return `message.${{ im: 'im', group: 'groups' }[String(event['channel_type'])] ?? 'channels'}`;
}
