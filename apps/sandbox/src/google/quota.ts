import type { RollingWindow } from '../front/rolling-window.ts';
import { rateLimited } from './errors.ts';

export type Caps = 'vendor' | 'generous';

const minute = 60_000;

/**
 * Limits per minute. Gmail counts units, for projects made since May 2026
 * (https://developers.google.com/workspace/gmail/api/reference/quota); Calendar counts requests
 * (https://developers.google.com/workspace/calendar/api/guides/quota). `generous` is for a demo that must not wait.
 */
const googleLimits = {
  vendor: { gmailUser: 6000, gmailProject: 1_200_000, calendarUser: 600, calendarProject: 10_000 },
  generous: { gmailUser: 6_000_000, gmailProject: 60_000_000, calendarUser: 600_000, calendarProject: 6_000_000 },
} as const satisfies Record<Caps, Record<string, number>>;

/** What a Gmail call costs, in units. */
export const gmailUnits = {
  getProfile: 1,
  messagesGet: 20,
  messagesList: 5,
  historyList: 2,
  labelsList: 1,
  labelsGet: 1,
} as const;

/** A counter's highest use, as counted at the server, beside its limit. */
export interface Peak {
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly peak: number;
  readonly arrivals: number;
  /** Of all arrivals, in the limit's own unit. */
  readonly cost: number;
  readonly refused: number;
}

/** Charges a call against the user's and the project's (the OAuth client's) limit. Throws a 403 when it does not fit. */
export const charge = (
  windows: RollingWindow,
  caps: Caps,
  api: 'gmail' | 'calendar',
  call: { readonly user: string; readonly clientId: string; readonly cost: number },
): void => {
  const limits = googleLimits[caps];
  const [ofUser, ofProject] =
    api === 'gmail' ? [limits.gmailUser, limits.gmailProject] : [limits.calendarUser, limits.calendarProject];
  // The user's limit is per user and project: two apps do not use up each other's share.
  const user = windows.take(`${api}:user:${call.clientId}:${call.user}`, call.cost, ofUser, minute);
  const project = windows.take(`${api}:project:${call.clientId}`, call.cost, ofProject, minute);
  if (!user.ok) throw rateLimited('userRateLimitExceeded');
  if (!project.ok) throw rateLimited('rateLimitExceeded');
};

export const peaksOf = (windows: RollingWindow, caps: Caps): Peak[] => {
  const limits = googleLimits[caps];
  return windows.totals().map(({ key, arrivals, cost, refused }) => {
    const [api, scope] = key.split(':');
    const limit =
      api === 'gmail'
        ? scope === 'user'
          ? limits.gmailUser
          : limits.gmailProject
        : scope === 'user'
          ? limits.calendarUser
          : limits.calendarProject;
    return { key, limit, windowMs: minute, peak: windows.peak(key, minute), arrivals, cost, refused };
  });
};
