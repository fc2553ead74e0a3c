import type { CallSpec, Inbox, Session } from '../contract.ts';
import { ConnectorFault } from '../fault.ts';
import type { Fault } from '../fault.ts';

/** A session for tests of a connector, with a record of the calls that went through it. */
export interface TestSession extends Session {
  readonly calls: readonly CallSpec[];
}

/** What a test settles of its session; all else has a default. */
export interface TestSessionOptions {
  /** The connector's own: what a call throws is classified as the runner would. */
  readonly classify: (error: unknown) => Fault;
  readonly baseUrls: Readonly<Record<string, string>>;
  /** How the app gets a token of its own; none without it. */
  readonly appToken?: () => Promise<string>;
  readonly token?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly grantedScopes?: readonly string[];
  readonly subject?: string;
  readonly now?: () => number;
  readonly signal?: AbortSignal;
  readonly inbox?: Inbox;
}

/** A session that makes each call once, with no bucket and no retry, so that a test sees the fault of the first answer. */
export function testSession(options: TestSessionOptions): TestSession {
  const calls: CallSpec[] = [];
  const signal = options.signal ?? new AbortController().signal;
  return {
    calls,
    signal,
    accessToken: () => Promise.resolve(options.token ?? 'test-token'),
    ...(options.appToken === undefined ? {} : { appToken: options.appToken }),
    baseUrls: options.baseUrls,
    settings: options.settings ?? {},
    grantedScopes: options.grantedScopes ?? [],
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    now: options.now ?? (() => 0),
    ...(options.inbox && { inbox: options.inbox }),
    async call(spec, work) {
      calls.push(spec);
      try {
        return await work(signal);
      } catch (error) {
        throw error instanceof ConnectorFault ? error : new ConnectorFault(options.classify(error), { cause: error });
      }
    },
  };
}

/** All that an iterable of pages yields. */
export async function collect<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(page);
  return all;
}
