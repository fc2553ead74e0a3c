import type { RollingWindow } from '../front/rolling-window.ts';
import { useElement } from './block-actions.ts';
import type { Deliveries, Delivery, EventKnobs } from './deliveries.ts';
import type { Filled } from './element-state.ts';
import type { EventOptions, EventSource } from './event-source.ts';
import type { InteractionContext, Outcome } from './interaction-context.ts';
import { closeModal, submitModal } from './modal-submission.ts';
import { topModal } from './modals.ts';
import type { People } from './people.ts';
import { slashCommand } from './slash-commands.ts';
import type { Channel, Message, Post, SlackApp, Token, User, View } from './state.ts';
import type { Change, Workspace } from './workspace.ts';

/** What one run of the emulator's `setup` made; a reset or restore replaces it. */
export interface Generation {
  readonly workspace: Workspace;
  readonly deliveries: Deliveries;
  readonly events: EventSource;
  readonly people: People;
  readonly context: InteractionContext;
}

/** An app as its developer registers it; the rest is made up. */
export type AppRegistration = Pick<SlackApp, 'clientId' | 'clientSecret' | 'signingSecret' | 'redirectUris'> &
  Partial<Pick<SlackApp, 'name' | 'requestUrl' | 'commands' | 'events' | 'distribution'>>;

const standardCommands = [{ name: '/journey', hint: '[account] · why <account>' }];
const standardEvents = [
  'app_home_opened',
  'app_mention',
  'app_uninstalled',
  'tokens_revoked',
  'message.im',
  'message.channels',
  'message.groups',
  'member_joined_channel',
];

/** Where an interaction takes place: a message by channel (id or #name) and ts, else the user's top modal or home. */
export interface Place {
  readonly channel?: string;
  readonly ts?: string;
  readonly view?: string;
  readonly blockId?: string;
  readonly value?: string | readonly string[];
  readonly filled?: Filled;
}

/** Acts in the Slack service from within the process: for tests, live mode and the control server. */
export class SlackHandle {
  /** Paths and methods that were asked for and do not exist. */
  readonly unknownPaths: string[] = [];
  /** Calls on which the sandbox itself broke: must stay empty. */
  readonly brokenCalls: string[] = [];
  /** Counts calls: keys `chat.postMessage:<channel>` and `<method>:<team>:<app>`. */
  readonly window: RollingWindow;
  readonly #watchers = new Set<(change: Change) => void>();
  #generation: Generation | undefined;

  constructor(window: RollingWindow) {
    this.window = window;
  }

  /** Points the handle at a new run of the emulator. */
  bind(generation: Generation): void {
    this.#generation = generation;
    generation.workspace.watch((change) => {
      for (const watcher of this.#watchers) watcher(change);
    });
  }

  get workspace(): Workspace {
    return this.#now().workspace;
  }

  /** What was sent to apps, oldest first, with their answers. */
  get deliveries(): readonly Delivery[] {
    return this.#now().deliveries.log;
  }

  /** How events reach apps: repeat, retry delays, reordering. */
  get events(): EventKnobs {
    return this.#now().deliveries.knobs;
  }

  /** Calls back after every change, across resets. */
  onChange(watcher: (change: Change) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Registers an app, or changes the one with this client id and keeps its installations. */
  registerApp(registration: AppRegistration): SlackApp {
    const { state } = this.workspace;
    const old = Object.values(state.apps).find((app) => app.clientId === registration.clientId);
    const app: SlackApp = {
      id: old?.id ?? this.workspace.nextId('A'),
      name: 'Waymark',
      commands: standardCommands,
      events: standardEvents,
      ...registration,
    };
    state.apps[app.id] = app;
    return app;
  }

  /** Installs a registered app without the browser flow. */
  install(team: string, app: SlackApp, scopes: readonly string[]): Token {
    return this.workspace.install(team, app, scopes);
  }

  /** Makes every token of the team refuse with `token_revoked`, without an event: the app learns it from the call. */
  revokeTokens(team: string, why: 'token_revoked' | 'account_inactive' = 'token_revoked'): void {
    for (const token of Object.values(this.workspace.state.tokens)) if (token.team === team) token.dead = why;
  }

  /** Uninstalls as an admin does: tokens die, `tokens_revoked` and `app_uninstalled` are sent. */
  uninstall(team: string, app: SlackApp): void {
    this.#now().events.uninstall(team, app.id);
  }

  /** Sends any event; with `eventId` and `eventTime` an old one again or late. Returns its id if the app is subscribed. */
  sendEvent(
    app: SlackApp,
    team: string,
    event: Readonly<Record<string, unknown>> & { type: string },
    options?: EventOptions,
  ): string | undefined {
    return this.#now().events.tell(app, team, event, options);
  }

  /** Lets events held back by `events.reorder` go. */
  flushEvents(): void {
    this.#now().deliveries.flush();
  }

  /** Resolves when no event is on its way. */
  settled(): Promise<void> {
    return this.#now().deliveries.settled();
  }

  /** A channel by id or #name; of the first team unless another is named. Throws if there is none. */
  channel(name: string, team = Object.keys(this.workspace.state.teams)[0] ?? ''): Channel {
    const { state } = this.workspace;
    const found = state.channels[name] ?? this.workspace.channelsOf(team).find((each) => `#${each.name}` === name);
    if (found === undefined)
      throw new Error(`There is no channel ${name} in team ${team}; look at handle.workspace.channelsOf.`);
    return found;
  }

  /** A user by id or handle. Throws if there is none. */
  user(name: string): User {
    const found =
      this.workspace.state.users[name] ?? Object.values(this.workspace.state.users).find((user) => user.name === name);
    if (found === undefined) throw new Error(`There is no user ${name}; look at handle.workspace.usersOf.`);
    return found;
  }

  /** Adds a channel, with all people of the team as members. */
  addChannel(team: string, name: string, options: { kind?: 'public' | 'private'; members?: string[] } = {}): Channel {
    const members =
      options.members ??
      this.workspace
        .usersOf(team)
        .filter((user) => !user.isBot)
        .map((user) => user.id);
    return this.workspace.addChannel({ team, name, kind: options.kind ?? 'public', members });
  }

  archive(channel: string): void {
    const found = this.channel(channel);
    found.archived = true;
    this.workspace.changed({ team: found.team, channel: found.id });
  }

  /** Puts a user or bot into a channel. */
  invite(channel: string, user: string): void {
    this.#now().people.join(this.channel(channel), user);
  }

  /** Edits a message as its author does. */
  edit(channel: string, ts: string, text: string): void {
    this.#now().people.edit(this.#message(channel, ts), text);
  }

  /** Deletes a message as its author does. */
  erase(channel: string, ts: string): void {
    this.#now().people.erase(this.#message(channel, ts));
  }

  /** Tells an app that it was sent too much: events of this minute (epoch ms) were left out. */
  limitEvents(app: SlackApp, team: string, minute: number): void {
    this.#now().events.tellLimited(app, team, minute);
  }

  #message(channel: string, ts: string): Message {
    const found = this.workspace.message(this.channel(channel).id, ts);
    if (found === undefined) throw new Error(`There is no message ${ts} in ${channel}.`);
    return found;
  }

  /** Takes a user or bot out of a channel: posts there are then refused with not_in_channel. */
  remove(channel: string, user: string): void {
    const found = this.channel(channel);
    found.members = found.members.filter((member) => member !== user);
    this.workspace.changed({ team: found.team, channel: found.id });
  }

  /** Every accepted chat.postMessage, of one channel or of all, in order of arrival. */
  posted(channel?: string): readonly Post[] {
    const { posts } = this.workspace.state;
    if (channel === undefined) return posts;
    const { id } = this.channel(channel);
    return posts.filter((post) => post.channel === id);
  }

  /** What stands in the channel now, oldest first, ephemeral messages included. */
  messages(channel: string): readonly Message[] {
    return this.workspace.messages(this.channel(channel).id);
  }

  /** The direct message channel of a user with an app's bot, made if it is not there. */
  directWith(user: string, app: SlackApp): Channel {
    const { id, team } = this.user(user);
    const token = this.workspace.installation(team, app.id);
    if (token === undefined) throw new Error(`${app.name} is not installed in ${team}; install it first.`);
    return this.workspace.openDirect(team, [id, token.user]);
  }

  say(user: string, channel: string, text: string, threadTs?: string): Message {
    const { id, team } = this.user(user);
    return this.#now().people.say({ team, user: id, channel: this.channel(channel, team).id }, text, threadTs);
  }

  /** Uses an interactive element as a person would; resolves when the app has answered. */
  async use(user: string, actionId: string, place: Place): Promise<Outcome> {
    const { id, team } = this.user(user);
    return useElement(this.#now().context, {
      team,
      user: id,
      surface: this.#surface(id, team, place),
      actionId,
      ...(place.blockId !== undefined && { blockId: place.blockId }),
      ...(place.value !== undefined && { value: place.value }),
      ...(place.filled && { filled: place.filled }),
    });
  }

  /** Presses a button of a message. */
  pressButton(user: string, channel: string, ts: string, actionId: string): Promise<Outcome> {
    return this.use(user, actionId, { channel, ts });
  }

  /** The modal that the user sees. */
  modal(user: string): View | undefined {
    return topModal(this.workspace, this.user(user).id);
  }

  /** The home that an app has published for the user. */
  home(user: string, app: SlackApp): View | undefined {
    const { state } = this.workspace;
    return state.views[state.homes[`${this.user(user).id}:${app.id}`] ?? ''];
  }

  /** Fills in and submits the user's top modal: values by block id and action id. */
  submitModal(user: string, filled: Filled = {}): Promise<Outcome> {
    return submitModal(this.#now().context, this.user(user).id, filled);
  }

  closeModal(user: string): Promise<Outcome> {
    return closeModal(this.#now().context, this.user(user).id);
  }

  openHome(user: string, app: SlackApp): void {
    const { id, team } = this.user(user);
    const bot = this.workspace.installation(team, app.id)?.user;
    if (bot !== undefined) this.#now().people.openApp({ team, user: id }, bot, 'home');
  }

  /** Types a slash command, in #general unless another channel is named. */
  slashCommand(user: string, text: string, channel = '#general'): Promise<Outcome> {
    const { id, team } = this.user(user);
    return slashCommand(this.#now().context, { team, user: id, channel: this.channel(channel, team).id }, text);
  }

  #surface(user: string, team: string, place: Place) {
    if (place.channel !== undefined && place.ts !== undefined) {
      const message = this.workspace.message(this.channel(place.channel, team).id, place.ts);
      if (message === undefined) throw new Error(`There is no message ${place.ts} in ${place.channel}.`);
      return { message };
    }
    const view = place.view === undefined ? topModal(this.workspace, user) : this.workspace.state.views[place.view];
    if (view === undefined) throw new Error('There is no open modal; name a message or a view.');
    return { view };
  }

  #now(): Generation {
    if (this.#generation === undefined)
      throw new Error('The Slack service is not running; serve its definition first.');
    return this.#generation;
  }
}
