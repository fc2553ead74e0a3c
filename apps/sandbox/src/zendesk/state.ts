import type { OAuthState } from '../front/oauth.ts';

export type TicketStatus = 'new' | 'open' | 'pending' | 'hold' | 'solved' | 'closed';
export type TicketPriority = 'low' | 'normal' | 'high' | 'urgent';

export interface ZendeskUser {
  readonly id: number;
  name: string;
  email: string | null;
  readonly role: 'end-user' | 'agent' | 'admin';
  organizationId: number | null;
  /** Further addresses. */
  addresses: string[];
  readonly createdAt: number;
  updatedAt: number;
  active: boolean;
  suspended: boolean;
  /** A light agent or one who sees only the tickets of some groups. */
  readonly restricted?: boolean;
}

export interface ZendeskOrganization {
  readonly id: number;
  name: string;
  domains: string[];
  readonly createdAt: number;
  updatedAt: number;
  deletedAt?: number;
}

/** An event inside an audit, in the vendor's own form. */
export type AuditEvent = Readonly<Record<string, unknown>> & { readonly id: number; readonly type: string };

export interface Audit {
  readonly id: number;
  readonly at: number;
  /** -1 is Zendesk itself. */
  readonly authorId: number;
  readonly mergedInto?: number;
  readonly events: readonly AuditEvent[];
}

export interface ZendeskTicket {
  readonly id: number;
  /** What it is called elsewhere. */
  readonly externalId: string | null;
  readonly createdAt: number;
  updatedAt: number;
  /** When Zendesk last touched it, by itself as well: the time by which it is exported. */
  generatedAt: number;
  readonly subject: string;
  readonly description: string;
  status: TicketStatus;
  customStatusId: number | null;
  priority: TicketPriority | null;
  requesterId: number;
  readonly submitterId: number;
  assigneeId: number | null;
  organizationId: number | null;
  tags: string[];
  readonly channel: string;
  audits: Audit[];
  /** `scrubbed` tickets were deleted for good. */
  deleted?: 'soft' | 'scrubbed';
}

export interface ZendeskRating {
  readonly id: number;
  score: 'offered' | 'good' | 'good_with_comment' | 'bad' | 'bad_with_comment';
  readonly comment: string;
  readonly ticketId: number;
  readonly requesterId: number;
  readonly createdAt: number;
  updatedAt: number;
}

export interface ZendeskWebhook {
  readonly id: string;
  name: string;
  endpoint: string;
  status: 'active' | 'inactive';
  readonly subscriptions: readonly string[];
  readonly secret: string;
  readonly createdAt: number;
}

export interface CustomStatus {
  readonly id: number;
  readonly label: string;
  readonly category: TicketStatus;
}

/** One help desk, known by its subdomain. Plain JSON, so that it can be kept across restarts. */
export interface ZendeskAccount {
  readonly subdomain: string;
  readonly accountId: number;
  readonly name: string;
  readonly timeZone: string;
  users: Record<string, ZendeskUser>;
  organizations: Record<string, ZendeskOrganization>;
  tickets: Record<string, ZendeskTicket>;
  ratings: Record<string, ZendeskRating>;
  webhooks: Record<string, ZendeskWebhook>;
  customStatuses: CustomStatus[];
  /** Who signs in and grants access: an administrator, unless a test says otherwise. */
  signedIn: number;
  nextId: number;
  /** Cursors of an earlier generation are refused. */
  cursorGeneration: number;
}

/** A webhook on its way. Kept until it was answered with success or given up, so that a restart does not lose it. */
export interface PendingNotice {
  readonly invocation: string;
  readonly subdomain: string;
  readonly webhookId: string;
  readonly body: string;
  readonly attempt: number;
  readonly dueAt: number;
}

/** Everything that a restart keeps. */
export interface ZendeskState {
  oauth: OAuthState;
  /** Until when each refresh token is good, epoch milliseconds. */
  refreshUntil: Record<string, number>;
  accounts: Record<string, ZendeskAccount>;
  outbox: PendingNotice[];
  counters: { notice: number };
  /** Method and path of calls that no route answers: a test asserts that there are none. */
  unknownPaths: string[];
}
