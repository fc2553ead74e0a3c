import type { Links } from '@waymark/alerts';
import type { Flag } from '@waymark/lifecycle';
import type { Database, Sealer, Tx } from '@waymark/store';

/** An answer that a person gave to a flag; it becomes a `flag.answered` event. Times are epoch milliseconds. */
export interface FlagAnswer {
  readonly flagId: string;
  readonly rule: string;
  readonly accountId: string;
  readonly answer: 'claimed' | 'snoozed' | 'not_a_risk' | 'wrong_account' | 'useful' | 'reopened';
  readonly until: number | null;
  /** The member's address where the Slack user is known, else `slack:<user id>`. */
  readonly by: string;
  readonly at: number;
}

/** A person's decision that events belong to another account. */
export interface Reattribution {
  readonly flagId: string;
  readonly eventIds: readonly string[];
  readonly accountId: string;
  readonly by: string;
}

/** A flag's proof and playbook in words, a line each. */
export interface FlagWords {
  /** What was compared, in the order of the proof: `open tickets: 7, asked for at least 5`. */
  readonly compared: readonly string[];
  readonly playbook: readonly string[];
}

/** Structured logging: fields first, as pino takes them. Never a token, a text of a message or a body. */
export interface Log {
  readonly info: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly error: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

/** Named instants between two steps that have to be safe together; a fault test ends the process there. */
export type SlackPoint = (name: 'post-claimed' | 'post-sent' | 'post-recorded') => Promise<void>;

/** How long things may take, in milliseconds. */
export interface SlackTiming {
  /** At least this long between two calls that write to one channel. */
  readonly channelIntervalMs: number;
  /** One call to Slack. */
  readonly callTimeoutMs: number;
  /** After this long a claimed row whose outcome was not recorded counts as uncertain. */
  readonly sendingStaleMs: number;
  /** Slack may still be at it: so long after the attempt is an uncertain post looked for. */
  readonly reconcileAfterMs: number;
  /** At most one look into a channel's history in this time (failure R15). */
  readonly historyIntervalMs: number;
  /** A paused destination is tried again after this long. */
  readonly pausedRetryMs: number;
}

export const defaultTiming: SlackTiming = {
  channelIntervalMs: 1_050,
  callTimeoutMs: 10_000,
  sendingStaleMs: 20_000,
  reconcileAfterMs: 5_000,
  historyIntervalMs: 60_000,
  pausedRetryMs: 24 * 3_600_000,
};

/** What the bot needs of the process that mounts it. */
export interface SlackBotDependencies {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly now: () => number;
  /** The operator's address of Slack's Web API, with a slash at the end, and of its consent page. */
  readonly slackApiUrl: string;
  readonly authorizeUrl: string;
  /** The outside address of this server without a slash at the end; OAuth returns to `<it>/oauth/slack/callback`. */
  readonly publicUrl: string;
  readonly links: Links;
  /** Writes the answer as an event into the log and wakes its account, in this transaction. */
  readonly appendAnswer: (tx: Tx, answer: FlagAnswer) => Promise<void>;
  /** Assigns the events to the account by hand and wakes both accounts. */
  readonly reattribute: (workspaceId: string, decision: Reattribution) => Promise<void>;
  /** Derives the account's answer again from the log and says it in plain text; of one flag where one is named. */
  readonly explain: (workspaceId: string, accountId: string, flagId?: string) => Promise<string>;
  /** What a flag's proof compared and the steps of its playbook, in words. */
  readonly flagWords: (workspaceId: string, flag: Flag) => Promise<FlagWords>;
  /** Something of the workspace waits to be sent or folded. Returns at once. */
  readonly wake: (workspaceId: string) => void;
  readonly point: SlackPoint;
  readonly log: Log;
  /** Names this process in the outbox. */
  readonly sender: string;
  readonly timing?: Partial<SlackTiming>;
  /** Where a socket is asked for, if elsewhere than the Web API. */
  readonly socketModeApiUrl?: string;
}
