import type { OAuthState } from '../front/oauth.ts';
import type { ObjectType } from './object-type.ts';
import type { PropertyDefinition } from './property.ts';

/** Who changed a value: a person in the CRM, or an app through the API. https://developers.hubspot.com/docs/api-reference/latest/webhooks */
type SourceType = 'CRM_UI' | 'INTEGRATION' | 'IMPORT' | 'EMAIL' | 'MEETINGS' | 'CALCULATED' | 'MERGE_OBJECTS';

export interface Source {
  readonly type: SourceType;
  /** `userId:<n>` for a person, the app id for an app. */
  readonly id?: string;
  readonly userId?: number;
}

export interface PropertyVersion {
  readonly value: string;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly sourceType: SourceType;
  readonly sourceId?: string;
  readonly userId?: number;
}

export interface CrmRecord {
  readonly id: string;
  createdAt: number;
  updatedAt: number;
  archivedAt?: number;
  /** Ids of records merged into this one. */
  mergedIds?: string[];
  /** Every value each property has had, newest first. */
  properties: Record<string, PropertyVersion[]>;
}

interface Stage {
  readonly id: string;
  readonly label: string;
  readonly displayOrder: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly archived?: boolean;
}

export interface Pipeline {
  readonly id: string;
  readonly label: string;
  readonly displayOrder: number;
  readonly stages: readonly Stage[];
}

export interface Owner {
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly userId: number;
  readonly archived?: boolean;
}

/** One HubSpot account. Plain JSON, so that it can be kept across restarts. */
export interface Portal {
  readonly id: number;
  readonly name: string;
  readonly domain: string;
  timeZone: string;
  readonly currency: string;
  owners: Owner[];
  pipelines: Record<'deals' | 'tickets', Pipeline[]>;
  properties: Record<ObjectType, Record<string, PropertyDefinition>>;
  objects: Record<ObjectType, Record<string, CrmRecord>>;
  /** Ids that were merged away, with the id of the survivor. */
  merged: Record<ObjectType, Record<string, string>>;
  /** `companies:12` to the keys it is associated with; kept in both directions. */
  links: Record<string, string[]>;
  nextIds: Record<ObjectType, number>;
}

/** One applied write of an app, so that a test can prove that each was applied once. */
export interface WriteLogEntry {
  readonly at: number;
  readonly portalId: number;
  readonly type: ObjectType;
  readonly id: string;
  /** What the app sent. */
  readonly sent: Readonly<Record<string, string>>;
  /** What was stored: an ignored backward move of the lifecycle stage is missing here. */
  readonly applied: Readonly<Record<string, string>>;
  readonly appId: number;
  readonly via: 'patch' | 'batch' | 'create';
  readonly traceId?: string;
}

/** What HubSpot knows of an app besides its OAuth registration. */
export interface HubSpotApp {
  readonly clientId: string;
  readonly appId: number;
  /** Where webhooks go; none without it. */
  webhookUrl?: string;
  /** Subscription types such as `company.propertyChange`; all of them without. */
  subscriptions?: string[];
}

export interface WebhookEvent {
  readonly eventId: number;
  readonly subscriptionId: number;
  readonly portalId: number;
  readonly appId: number;
  readonly occurredAt: number;
  readonly subscriptionType: string;
  readonly attemptNumber: number;
  readonly objectId: number;
  readonly changeSource: string;
  readonly [more: string]: string | number | boolean | readonly number[];
}

/** An event on its way to an app. Kept until the app said 2xx, so that a restart does not lose it. */
export interface PendingEvent {
  readonly clientId: string;
  readonly event: WebhookEvent;
  readonly dueAt: number;
}

/** What an app wants to find in its journal. */
export interface JournalSubscription {
  readonly id: number;
  readonly subscriptionType: string;
  readonly portalId: number;
  readonly objectTypeId: string;
  readonly actions: readonly string[];
  readonly properties?: readonly string[] | undefined;
  readonly associatedObjectTypeIds?: readonly string[] | undefined;
}

export interface JournalEntry {
  readonly offset: string;
  readonly portalId: number;
  readonly publishedAt: number;
  readonly event: Readonly<Record<string, unknown>>;
}

export interface JournalState {
  subscriptions: JournalSubscription[];
  entries: JournalEntry[];
}

/** Everything that a restart keeps. */
export interface HubSpotState {
  oauth: OAuthState;
  apps: Record<string, HubSpotApp>;
  portals: Record<string, Portal>;
  writes: WriteLogEntry[];
  outbox: PendingEvent[];
  counters: { event: number; app: number; correlation: number };
  /** The webhooks journal; one for all apps of the sandbox. */
  journal?: JournalState;
  /** Method and path of calls that no route answers: a test asserts that there are none. */
  unknownPaths: string[];
}
