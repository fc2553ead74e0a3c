import type { RollingWindow } from '../front/rolling-window.ts';

export type Caps = 'vendor' | 'generous';

/**
 * Calls of one org in any 24 hours, all apps together: Enterprise has 100,000 and 1,000 for each licence.
 * https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm
 */
export const DAILY_CALLS: Readonly<Record<Caps, number>> = { vendor: 115_000, generous: 5_000_000 };

export const DAY = 86_400_000;

export const callKey = (orgId: string): string => `calls:${orgId}`;

/** Counts a call; false above the limit. */
export function countCall(windows: RollingWindow, orgId: string, limit: number): boolean {
  return windows.take(callKey(orgId), 1, limit, DAY).ok;
}

/** The header that every answer carries: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm */
export function limitHeader(windows: RollingWindow, orgId: string, limit: number): Record<string, string> {
  return { 'Sforce-Limit-Info': `api-usage=${windows.used(callKey(orgId), DAY)}/${limit}` };
}
