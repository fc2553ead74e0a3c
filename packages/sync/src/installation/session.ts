import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectorFault, type CallSpec, type Fault, type Inbox, type Session } from '@waymark/connector-kit';
import { defectOf } from '../reading/defect.ts';
import type { Limits, Priority } from './limits.ts';

/** How long one vendor call may take, ms. */
const callTimeoutMs = 60_000;
const readAttempts = 5;
const throttleAttempts = 8;

export interface SessionOptions {
  readonly limits: Limits;
  readonly priority: Priority;
  readonly accessToken: () => Promise<string>;
  /** A token of the app itself, where the connector asks for one. */
  readonly appToken?: () => Promise<string>;
  /** Renews the token that a call used which began then; nothing happens where it has been renewed since. */
  readonly refreshToken: (usedAt: number) => Promise<void>;
  readonly classify: (error: unknown) => Fault;
  readonly baseUrls: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly grantedScopes: readonly string[];
  /** The mailbox, where an organization's grant reads it. */
  readonly subject?: string;
  readonly inbox?: Inbox;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  readonly timeoutMs?: number;
  /** Told once where a call itself was refused for a dead grant; a refused refresh is counted where it is made. */
  readonly onRevoked?: (message: string) => Promise<void>;
}

/** What the runner lends a connector for one run: limits, time, retries and token renewal, the same for every vendor. */
export function createSession(options: SessionOptions): Session {
  return {
    accessToken: options.accessToken,
    ...(options.appToken && { appToken: options.appToken }),
    baseUrls: options.baseUrls,
    settings: options.settings,
    grantedScopes: options.grantedScopes,
    ...(options.subject !== undefined && { subject: options.subject }),
    ...(options.inbox && { inbox: options.inbox }),
    now: options.now,
    signal: options.signal,
    call: (spec, work) => callWithPolicy(options, spec, work),
  };
}

const told = new WeakSet<SessionOptions>();

/** Some tokens are never refreshed (Slack's), so that only a call can tell that they are dead (E2). Calls go side by side: one tells. */
async function tellRevoked(options: SessionOptions, message: string): Promise<void> {
  if (told.has(options)) return;
  told.add(options);
  await options.onRevoked?.(message);
}

/** The longest pause that a run sits out; beyond it the run ends and comes back later. */
const longestPauseMs = 15 * 60_000;

async function callWithPolicy<T>(
  options: SessionOptions,
  spec: CallSpec,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const tried = { refresh: 0, throttle: 0, read: 0 };
  for (;;) {
    options.signal.throwIfAborted();
    let usedAt = options.now();
    const attempt = () => {
      usedAt = options.now();
      return bounded(options, work);
    };
    try {
      return await options.limits.run(spec.bucket, options.priority, attempt, options.signal);
    } catch (error) {
      if (options.signal.aborted) throw error;
      const known = error instanceof ConnectorFault;
      const fault = known ? error.fault : (defectOf(error) ?? options.classify(error));
      if (!known && fault.kind === 'auth-revoked') await tellRevoked(options, fault.message);
      const pause = await recover(options, spec, fault, tried, usedAt);
      if (pause === undefined) throw new ConnectorFault(fault, { cause: error });
      await sleep(pause * (0.8 + 0.4 * options.random()), undefined, { signal: options.signal });
    }
  }
}

/** What to do before the next try: how long to wait, ms, or undefined where the fault ends the call. */
async function recover(
  options: SessionOptions,
  spec: CallSpec,
  fault: Fault,
  tried: { refresh: number; throttle: number; read: number },
  usedAt: number,
): Promise<number | undefined> {
  if (fault.kind === 'token-expired' && tried.refresh < 1) {
    tried.refresh += 1;
    await options.refreshToken(usedAt);
    return 0;
  }
  if (fault.kind === 'rate-limited' && tried.throttle < throttleAttempts) {
    tried.throttle += 1;
    const pause = fault.retryAfterMs ?? Math.min(60_000, 500 * 2 ** tried.throttle);
    if (pause > longestPauseMs) return undefined;
    options.limits.pauseFor(spec.bucket, pause);
    return pause;
  }
  // A write that may have been carried out is never sent again from here: its caller reads back first.
  if (fault.kind === 'transient' && spec.idempotent && tried.read < readAttempts - 1) {
    tried.read += 1;
    return fault.retryAfterMs ?? 200 * 2 ** tried.read;
  }
  return undefined;
}

/** Bounds a call in time: some SDKs ignore the signal, so the wait ends even where the socket does not. */
async function bounded<T>(options: SessionOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = options.timeoutMs ?? callTimeoutMs;
  const timeout = AbortSignal.timeout(limit);
  const signal = AbortSignal.any([timeout, options.signal]);
  return Promise.race([
    work(signal),
    new Promise<never>((_, reject) => {
      const stop = () => {
        const message = options.signal.aborted
          ? 'The run was stopped.'
          : `The provider did not answer within ${limit / 1000} s.`;
        reject(new ConnectorFault({ kind: 'transient', message }));
      };
      signal.addEventListener('abort', stop, { once: true });
    }),
  ]);
}
