import type { EmulatorContext } from 'emulate';
import type { OAuthServer } from '../front/oauth.ts';
import type { RollingWindow } from '../front/rolling-window.ts';
import type { Problem } from './errors.ts';
import type { LocatorShelf } from './locator.ts';
import type { OrgBook } from './org-book.ts';
import type { SalesforceState, SObject } from './state.ts';

/** Settings that a test or the control server may change at any time. */
export interface SalesforceSettings {
  /** Calls of one org in 24 hours; `dailyCallsOf` overrides it for single orgs. */
  dailyCalls: number;
  readonly dailyCallsOf: Map<string, number>;
  /** Most rows of one batch of a query: 2,000 at the vendor, which may send fewer. */
  batchSize: number;
  /** A refresh gives a new refresh token and voids the old one. */
  rotatingRefresh: boolean;
  /** Life of an access token, in seconds: the org's session time-out. */
  sessionSeconds: number;
  /** Refuses sign-in without PKCE, as an app of a partner must ask for it. */
  pkceRequired: boolean;
  /** Whether a field made through the Tooling API can be seen at once; at the vendor nobody sees it before permissions are given. */
  newFieldsVisible: boolean;
  /**
   * How the Tooling API refuses somebody without "Customize Application": the vendor's pages do not say, and both have been seen.
   * https://github.com/afawcett/apex-toolingapi/issues/19
   */
  toolingRefusal: 'access' | 'type';
  /** Time that a bulk job takes, in milliseconds. */
  bulkDelayMs: number;
  /** Refuses Bulk API 2.0 altogether. */
  bulkRefused: boolean;
  /** Message with which bulk jobs fail, or none. */
  bulkFailure: string | undefined;
  /** Rows of one page of bulk results at most, whatever `maxRecords` asks. */
  bulkPageSize: number;
  /** Orgs whose API is switched off. */
  readonly apiDisabled: Set<string>;
  /** Records whose writes are refused, `recordId` to the problem: a lock, a validation rule. Taken once if `once`. */
  readonly refusedWrites: Map<string, Problem & { readonly once?: boolean }>;
}

/** Rows of a finished bulk job. */
export interface BulkRows {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What the routes of one running instance share. */
export interface SalesforceCore {
  readonly state: SalesforceState;
  readonly settings: SalesforceSettings;
  readonly oauth: OAuthServer;
  readonly windows: RollingWindow;
  readonly locators: LocatorShelf;
  readonly bulkRows: Map<string, BulkRows>;
  readonly now: () => number;
  readonly baseUrl: string;
  /** The records of an org. @throws Error if there is no such org. */
  book(orgId: string): OrgBook;
  /** The user and org of an OAuth subject, which is a user name; undefined once the user is gone or frozen. */
  userOf(subject: string): { readonly book: OrgBook; readonly user: SObject } | undefined;
}

export type EmulatorApp = EmulatorContext<SalesforceState>['app'];
export type RouteHandler = Parameters<EmulatorApp['get']>[1];
export type RouteContext = Parameters<RouteHandler>[0];
