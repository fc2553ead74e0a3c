import type { RollingWindow } from '../front/rolling-window.ts';
import { rateLimited } from './errors.ts';

export type Caps = 'vendor' | 'generous';

export interface CallLimits {
  /** Calls of one account in any minute, all apps together. */
  perMinute: number;
  /** Incremental exports of one account in any minute. */
  exportsPerMinute: number;
}

/**
 * The smallest plan's 200 calls a minute, and ten exports on every plan.
 * https://developer.zendesk.com/api-reference/introduction/rate-limits/
 */
export const CALL_LIMITS: Readonly<Record<Caps, CallLimits>> = {
  vendor: { perMinute: 200, exportsPerMinute: 10 },
  generous: { perMinute: 100_000, exportsPerMinute: 10_000 },
};

export const MINUTE = 60_000;

export const callKey = (subdomain: string): string => `calls:${subdomain}`;
export const exportKey = (subdomain: string): string => `exports:${subdomain}`;

/** Counts a call and gives the headers of its answer. @throws ZendeskRefusal 429 above the cap. */
export function countCall(
  windows: RollingWindow,
  limits: CallLimits,
  call: { readonly subdomain: string; readonly exporting: boolean; readonly now: number },
): Record<string, string> {
  const key = call.exporting ? exportKey(call.subdomain) : callKey(call.subdomain);
  const limit = call.exporting ? limits.exportsPerMinute : limits.perMinute;
  const { ok, retryAfterMs } = windows.take(key, 1, limit, MINUTE);
  if (!ok) throw rateLimited(Math.max(1, Math.ceil(retryAfterMs / 1000)), call.exporting);
  const remaining = String(Math.max(0, limit - windows.used(key, MINUTE)));
  return {
    'X-Rate-Limit': String(limit),
    'ratelimit-limit': String(limit),
    'X-Rate-Limit-Remaining': remaining,
    'ratelimit-remaining': remaining,
    'ratelimit-reset': String(60 - (Math.floor(call.now / 1000) % 60)),
  };
}
