import type { OAuthState } from '../front/oauth.ts';
import type { FieldDefinition } from './field.ts';

/** A stored value: instants as epoch milliseconds, dates as `YYYY-MM-DD`. A field that is not there is null. */
export type FieldValue = string | number | boolean | null;

export type SObject = Record<string, FieldValue>;

export interface ObjectSchema {
  readonly name: string;
  readonly label: string;
  readonly labelPlural: string;
  /** The first three characters of its ids. */
  readonly prefix: string;
  /** Where rows of the field history go, and which of its fields names the record. */
  readonly history?: { readonly object: string; readonly parent: string };
  /** Rows that only the system makes. */
  readonly system: boolean;
  fields: FieldDefinition[];
}

/**
 * What a user's profile allows. A field that is hidden is missing from describe and cannot be named in a query, as field-level
 * security has it: https://help.salesforce.com/s/articleView?id=platform.admin_fls.htm&type=5
 */
export interface Profile {
  readonly id: string;
  readonly name: string;
  /** "Customize Application": may make fields and change set-up. */
  readonly admin: boolean;
  /** "API Enabled". */
  apiEnabled: boolean;
  /** "View All Data"; without it a user sees the records that are their own. */
  viewAll: boolean;
  hiddenObjects: string[];
  /** `Object.Field`. */
  hiddenFields: string[];
  readOnlyObjects: string[];
  readOnlyFields: string[];
}

/** One Salesforce org. Plain JSON, so that it can be kept across restarts. */
export interface Org {
  readonly id: string;
  readonly name: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly edition: string;
  readonly sandbox: boolean;
  profiles: Record<string, Profile>;
  objects: Record<string, ObjectSchema>;
  records: Record<string, Record<string, SObject>>;
  sequences: Record<string, number>;
}

export interface BulkJob {
  readonly id: string;
  readonly orgId: string;
  readonly userId: string;
  readonly operation: 'query' | 'queryAll';
  readonly query: string;
  readonly object: string;
  readonly createdAt: number;
  readonly apiVersion: string;
  aborted: boolean;
}

/** One applied write of an app, so that a test can prove that each was applied once. */
export interface WriteLogEntry {
  readonly at: number;
  readonly orgId: string;
  readonly object: string;
  readonly id: string;
  readonly sent: Readonly<Record<string, unknown>>;
  /** What was stored, in its stored form. */
  readonly applied: SObject;
  readonly userId: string;
  readonly via: 'create' | 'patch' | 'collection' | 'delete';
  /** `client` of the header Sforce-Call-Options. */
  readonly client?: string;
}

/** Everything that a restart keeps. */
export interface SalesforceState {
  oauth: OAuthState;
  orgs: Record<string, Org>;
  jobs: Record<string, BulkJob>;
  writes: WriteLogEntry[];
  counters: { job: number; locator: number; error: number };
  /** Method and path of calls that no route answers: a test asserts that there are none. */
  unknownPaths: string[];
}
