import type { RollingWindow } from '../front/rolling-window.ts';
import { acceptBlocks, type StoredBlock } from './block-limits.ts';
import { SlackFault } from './slack-fault.ts';
import type { Token } from './state.ts';
import type { Workspace } from './workspace.ts';

/** Arguments of a Web API call as they came: form fields are strings, JSON may hold anything. */
export class Arguments {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** The text of an argument; numbers and booleans as text; undefined if absent or empty. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    if (typeof value === 'string') return value === '' ? undefined : value;
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  }

  /** Like `text`, but present even when empty: an explicitly empty `text` differs from none. */
  given(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : this.text(name);
  }

  /** @throws SlackFault with the error that Slack gives for the missing argument. */
  needed(name: string, error = 'invalid_arguments'): string {
    const value = this.text(name);
    if (value === undefined) {
      throw new SlackFault(error, {
        response_metadata: { messages: [`[ERROR] missing required field: ${name}`] },
      });
    }
    return value;
  }

  flag(name: string): boolean {
    return ['true', '1'].includes(this.text(name) ?? '');
  }

  /** A count between 1 and `most`; `standard` if absent. */
  count(name: string, standard: number, most: number): number {
    const value = Number(this.text(name) ?? standard);
    if (!Number.isInteger(value) || value < 0) throw new SlackFault('invalid_limit');
    return value === 0 ? standard : Math.min(value, most);
  }

  /** A structured argument: JSON as such, or as text in a form field. */
  structure(name: string, error: string): unknown {
    const value = this.#values[name];
    if (typeof value !== 'string' || value === '') return value === '' ? undefined : value;
    try {
      return JSON.parse(value);
    } catch {
      throw new SlackFault(error);
    }
  }
}

/** One authenticated Web API call. */
export interface Call {
  readonly workspace: Workspace;
  readonly token: Token;
  readonly args: Arguments;
  readonly meter: Meter;
  /** The address of the service, for links in answers. */
  readonly origin: string;
}

/**
 * Slack's rate tiers in calls a minute, by method and workspace.
 * @see https://docs.slack.dev/apis/web-api/rate-limits
 */
export const tiers = { 1: 1, 2: 20, 3: 50, 4: 100 } as const;

export interface Method {
  /** Any one of these scopes is enough; none needed if empty. */
  readonly scopes: readonly string[];
  /** Methods with a limit of their own (chat.postMessage, auth.test) have no tier. */
  readonly tier?: keyof typeof tiers;
  /** True: reads messages, which commercial apps outside the marketplace may do once a minute only. */
  readonly readsMessages?: boolean;
  readonly run: (call: Call) => Record<string, unknown>;
}

/** Counts calls against the vendor's caps; generous caps count without refusing. */
export class Meter {
  readonly #window: RollingWindow;
  readonly #caps: 'vendor' | 'generous';

  constructor(window: RollingWindow, caps: 'vendor' | 'generous') {
    this.#window = window;
    this.#caps = caps;
  }

  /** @throws SlackFault ratelimited with `retryAfter` in seconds. */
  take(key: string, limit: number, windowMs: number): void {
    const cap = this.#caps === 'vendor' ? limit : Number.MAX_SAFE_INTEGER;
    const { ok, retryAfterMs } = this.#window.take(key, 1, cap, windowMs);
    if (!ok) throw new SlackFault('ratelimited', { retryAfter: Math.max(1, Math.ceil(retryAfterMs / 1000)) });
  }
}

/** The blocks of a call, checked and with ids, or undefined if none are given. @throws SlackFault invalid_blocks and kin. */
export function blocksOf(call: Call, surface: 'message' | 'view', raw: unknown): StoredBlock[] | undefined {
  if (raw === undefined || raw === null) return undefined;
  const result = acceptBlocks(raw, surface, () => call.workspace.nextId('b'));
  if ('blocks' in result) return result.blocks;
  throw new SlackFault(result.code, { errors: result.messages, response_metadata: { messages: result.messages } });
}
