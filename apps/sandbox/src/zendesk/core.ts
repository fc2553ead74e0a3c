import type { EmulatorContext } from 'emulate';
import type { OAuthServer } from '../front/oauth.ts';
import type { RollingWindow } from '../front/rolling-window.ts';
import type { CallLimits } from './limits.ts';
import type { ZendeskAccount, ZendeskState } from './state.ts';

/** What happens to webhooks on their way: repeated and unordered as the vendor's are (E11), or lost. */
interface WebhookMischief {
  /** How often each delivery is sent again after it succeeded. */
  repeat: number;
  reorder: boolean;
  /** Number of coming notices that never arrive. */
  drop: number;
}

/** Settings that a test or the control server may change at any time. */
export interface ZendeskSettings {
  limits: CallLimits;
  /** How long before a call changes are left out of exports, in milliseconds. */
  exportLagMs: number;
  /** Exports never say that they end, and name the last page as the next one (D14). */
  exportsNeverEnd: boolean;
  /** Largest page of the export of organizations, whose crowd of one second is not split (D14). */
  organizationPage: number;
  webhookDelayMs: number;
  webhookRetryMs: number;
  webhookMischief: WebhookMischief;
}

/** What the routes of one running instance share. */
export interface ZendeskCore {
  readonly state: ZendeskState;
  readonly settings: ZendeskSettings;
  readonly oauth: OAuthServer;
  readonly windows: RollingWindow;
  readonly now: () => number;
  /** A help desk. @throws Error if there is no such one. */
  account(subdomain: string): ZendeskAccount;
}

export type EmulatorApp = EmulatorContext<ZendeskState>['app'];
export type RouteHandler = Parameters<EmulatorApp['get']>[1];
export type RouteContext = Parameters<RouteHandler>[0];
