import type { EmulatorContext } from 'emulate';
import type { OAuthServer } from '../front/oauth.ts';
import type { RollingWindow } from '../front/rolling-window.ts';
import type { CallLimits } from './limits.ts';
import type { PortalBook } from './portal-book.ts';
import type { HubSpotState } from './state.ts';

/** What happens to webhooks on their way: at-least-once and unordered as the vendor's are (E11), or lost. */
interface WebhookMischief {
  /** How often each delivery is sent again after it succeeded. */
  repeat: number;
  /** Sends the events of a delivery in reverse. */
  reorder: boolean;
  /** Number of coming events that never arrive. */
  drop: number;
}

/** Settings that a test or the control server may change at any time. */
export interface HubSpotSettings {
  limits: CallLimits;
  /** How far the search index is behind, in milliseconds. */
  searchLagMs: number;
  /** How long events are collected before they are sent, in milliseconds. */
  webhookDelayMs: number;
  /** Wait before the next attempt of a failed delivery; ten attempts in all. */
  webhookRetryMs: number;
  webhookMischief: WebhookMischief;
  /**
   * How a batch update answers single records that cannot be written: 207 with `errors`, 200 with the record missing, or 400 for
   * the whole batch. The vendor's descriptions of the dated paths leave all three open.
   */
  batchErrors: 'multi-status' | 'missing' | 'reject';
  /** Records whose writes an admin's rule refuses, `portalId:type:id` to the reason. */
  refusedWrites: Map<string, string>;
  /** Optional scopes that an account cannot grant. */
  ungrantableScopes: Set<string>;
}

/** What the routes of one running instance share. */
export interface HubSpotCore {
  readonly state: HubSpotState;
  readonly settings: HubSpotSettings;
  readonly oauth: OAuthServer;
  readonly windows: RollingWindow;
  readonly now: () => number;
  readonly baseUrl: string;
  /** The records of a portal. @throws Error if there is no such portal. */
  book(portalId: number): PortalBook;
}

export type EmulatorApp = EmulatorContext<HubSpotState>['app'];
export type RouteHandler = Parameters<EmulatorApp['get']>[1];
export type RouteContext = Parameters<RouteHandler>[0];
