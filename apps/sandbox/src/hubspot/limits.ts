import type { RollingWindow } from '../front/rolling-window.ts';
import { rateLimited } from './errors.ts';

export type Caps = 'vendor' | 'generous';

export interface CallLimits {
  /** Calls of one app in one account in any ten seconds. */
  tenSeconds: number;
  /** Searches of one account in any second, all apps together. */
  searchesPerSecond: number;
}

/**
 * A public OAuth app has 110 calls in ten seconds per installing account; search is exempt from that and has 5 a second of its own.
 * https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 */
export const CALL_LIMITS: Readonly<Record<Caps, CallLimits>> = {
  vendor: { tenSeconds: 110, searchesPerSecond: 5 },
  generous: { tenSeconds: 10_000, searchesPerSecond: 500 },
};

const TEN_SECONDS = 10_000;

export const callKey = (portalId: number, clientId: string): string => `calls:${portalId}:${clientId}`;
export const searchKey = (portalId: number): string => `search:${portalId}`;

/** Counts a call and gives the headers of its answer; searches have none. @throws HubSpotRefusal 429 above the cap. */
export function countCall(
  windows: RollingWindow,
  limits: CallLimits,
  call: { readonly portalId: number; readonly clientId: string; readonly search: boolean },
): Record<string, string> {
  if (call.search) {
    if (!windows.take(searchKey(call.portalId), 1, limits.searchesPerSecond, 1000).ok) throw rateLimited('SECONDLY');
    return {};
  }
  const key = callKey(call.portalId, call.clientId);
  const { ok } = windows.take(key, 1, limits.tenSeconds, TEN_SECONDS);
  const headers = {
    'X-HubSpot-RateLimit-Max': String(limits.tenSeconds),
    'X-HubSpot-RateLimit-Remaining': String(Math.max(0, limits.tenSeconds - windows.used(key, TEN_SECONDS))),
    'X-HubSpot-RateLimit-Interval-Milliseconds': String(TEN_SECONDS),
  };
  if (!ok) throw rateLimited('TEN_SECONDLY_ROLLING', headers);
  return headers;
}
