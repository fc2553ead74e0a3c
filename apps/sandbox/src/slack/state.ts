import { z } from 'zod';
import type { StoredBlock } from './block-limits.ts';

/**
 * Everything the Slack service holds, as plain JSON: it is what a snapshot keeps across restarts. Ids of teams, users and
 * channels are unique over all teams, as at Slack.
 */
const maybe = <T extends z.ZodType>(schema: T) => z.exactOptional(schema);
const blocks = z.array(z.custom<StoredBlock>((value) => typeof value === 'object' && value !== null));
const metadata = z.strictObject({ event_type: z.string(), event_payload: z.record(z.string(), z.json()) });

const team = z.strictObject({
  id: z.string(),
  name: z.string(),
  domain: z.string(),
  /** Of a customer's workspace, which is there for the channels it shares: its mail domains, separated by commas. */
  emailDomain: maybe(z.string()),
});

const user = z.strictObject({
  id: z.string(),
  team: z.string(),
  /** The handle, without @. */
  name: z.string(),
  realName: z.string(),
  title: maybe(z.string()),
  email: maybe(z.string()),
  timezone: z.string(),
  isBot: z.boolean(),
  deleted: z.boolean(),
  /** Of a bot user: the app it stands for. */
  app: maybe(z.string()),
  /** Whose address other workspaces do not see. */
  hidesEmail: maybe(z.boolean()),
});

const channel = z.strictObject({
  id: z.string(),
  team: z.string(),
  /** Empty for a direct message. */
  name: z.string(),
  kind: z.enum(['public', 'private', 'im']),
  topic: z.string(),
  archived: z.boolean(),
  members: z.array(z.string()),
  /** Epoch seconds. */
  created: z.number(),
  /** The other workspaces that share it through Slack Connect. */
  sharedWith: maybe(z.array(z.string())),
});

const message = z.strictObject({
  ts: z.string(),
  team: z.string(),
  channel: z.string(),
  user: z.string(),
  text: z.string(),
  app: maybe(z.string()),
  bot: maybe(z.string()),
  blocks: maybe(blocks),
  metadata: maybe(metadata),
  threadTs: maybe(z.string()),
  broadcast: maybe(z.boolean()),
  edited: maybe(z.strictObject({ user: z.string(), ts: z.string() })),
  /** Only this user sees it; it is in no history. */
  ephemeralTo: maybe(z.string()),
});

const app = z.strictObject({
  id: z.string(),
  name: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
  signingSecret: z.string(),
  redirectUris: z.array(z.string()),
  /** Where events, interactions and slash commands are sent; without it nothing is. */
  requestUrl: maybe(z.string()),
  /** Slash commands of the app, with the slash. */
  commands: z.array(z.strictObject({ name: z.string(), hint: z.string() })),
  /** Event types the app is subscribed to. */
  events: z.array(z.string()),
  /** `commercial`: sold outside Slack's marketplace, so that it may read one page of 15 messages a minute. */
  distribution: maybe(z.enum(['internal', 'commercial'])),
});

const token = z.strictObject({
  token: z.string(),
  team: z.string(),
  app: z.string(),
  user: z.string(),
  bot: z.string(),
  scopes: z.array(z.string()),
  /** Why the token is refused; absent while it is good. */
  dead: maybe(z.enum(['token_revoked', 'account_inactive'])),
});

const code = z.strictObject({
  code: z.string(),
  app: z.string(),
  team: z.string(),
  user: z.string(),
  scopes: z.array(z.string()),
  redirectUri: z.string(),
  /** Epoch milliseconds. */
  expiresAt: z.number(),
  used: z.boolean(),
});

const view = z.strictObject({
  id: z.string(),
  team: z.string(),
  app: z.string(),
  bot: z.string(),
  user: z.string(),
  type: z.enum(['modal', 'home']),
  callbackId: z.string(),
  title: z.string(),
  submit: maybe(z.string()),
  close: maybe(z.string()),
  blocks,
  privateMetadata: z.string(),
  notifyOnClose: z.boolean(),
  clearOnClose: z.boolean(),
  externalId: z.string(),
  hash: z.string(),
  rootId: z.string(),
  previousId: maybe(z.string()),
  /** Shown at the fields after a refused submission, by block id. */
  errors: maybe(z.record(z.string(), z.string())),
});

const trigger = z.strictObject({
  id: z.string(),
  team: z.string(),
  app: z.string(),
  user: z.string(),
  expiresAt: z.number(),
  exchanged: z.boolean(),
  /** The modal from which the trigger came, if any: a push goes on top of it. */
  view: maybe(z.string()),
});

const responseUrl = z.strictObject({
  id: z.string(),
  team: z.string(),
  app: z.string(),
  user: z.string(),
  channel: z.string(),
  /** The message that the interaction came from. */
  ts: maybe(z.string()),
  threadTs: maybe(z.string()),
  expiresAt: z.number(),
  uses: z.number(),
});

const post = z.strictObject({
  /** Epoch milliseconds at which the service accepted it. */
  at: z.number(),
  team: z.string(),
  app: z.string(),
  channel: z.string(),
  ts: z.string(),
  text: z.string(),
  threadTs: maybe(z.string()),
  metadata: maybe(metadata),
});

const table = <T extends z.ZodType>(row: T) => z.record(z.string(), row);

export const slackStateSchema = z.strictObject({
  /** The last `ts` given out, in microseconds; a new one is always greater. */
  lastMicros: z.number(),
  /** Counter behind every made-up id. */
  lastId: z.number(),
  teams: table(team),
  users: table(user),
  channels: table(channel),
  /** Channel id -> messages, oldest first. */
  messages: table(z.array(message)),
  apps: table(app),
  tokens: table(token),
  codes: table(code),
  views: table(view),
  /** `<user>` -> ids of open modals, the top one last. */
  modals: table(z.array(z.string())),
  /** `<user>:<app>` -> id of the published home view. */
  homes: table(z.string()),
  triggers: table(trigger),
  responseUrls: table(responseUrl),
  /** `<user>:<channel>` -> ts up to which the user has read. */
  reads: table(z.string()),
  /** Every accepted chat.postMessage, deleted ones too. */
  posts: z.array(post),
});

export type SlackState = z.infer<typeof slackStateSchema>;
export type Team = z.infer<typeof team>;
export type User = z.infer<typeof user>;
export type Channel = z.infer<typeof channel>;
export type Message = z.infer<typeof message>;
export type MessageMetadata = z.infer<typeof metadata>;
export type SlackApp = z.infer<typeof app>;
export type Token = z.infer<typeof token>;
export type View = z.infer<typeof view>;
export type Trigger = z.infer<typeof trigger>;
export type ResponseUrl = z.infer<typeof responseUrl>;
export type Post = z.infer<typeof post>;

/** A service without teams. */
export function emptySlackState(): SlackState {
  return {
    lastMicros: 0,
    lastId: 0,
    teams: {},
    users: {},
    channels: {},
    messages: {},
    apps: {},
    tokens: {},
    codes: {},
    views: {},
    modals: {},
    homes: {},
    triggers: {},
    responseUrls: {},
    reads: {},
    posts: [],
  };
}
