import type {
  Audit,
  ZendeskAccount,
  ZendeskOrganization,
  ZendeskRating,
  ZendeskTicket,
  ZendeskUser,
  ZendeskWebhook,
} from './state.ts';

/** Zendesk tells whole seconds. */
export function time(at: number): string {
  return `${new Date(Math.floor(at / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

const api = (account: ZendeskAccount, path: string): string =>
  `https://${account.subdomain}.zendesk.com/api/v2/${path}.json`;

/** https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#json-format */
export function ticketJson(account: ZendeskAccount, ticket: ZendeskTicket): Record<string, unknown> {
  const scrubbed = ticket.deleted === 'scrubbed';
  const text = scrubbed ? 'SCRUBBED' : ticket.subject;
  return {
    url: api(account, `tickets/${ticket.id}`),
    id: ticket.id,
    external_id: ticket.externalId,
    via: { channel: ticket.channel, source: { from: {}, to: {}, rel: null } },
    created_at: time(ticket.createdAt),
    updated_at: time(ticket.updatedAt),
    generated_timestamp: Math.floor(ticket.generatedAt / 1000),
    type: null,
    subject: text,
    raw_subject: text,
    description: scrubbed ? 'SCRUBBED' : ticket.description,
    priority: ticket.priority,
    status: ticket.deleted === undefined ? ticket.status : 'deleted',
    custom_status_id: ticket.customStatusId,
    recipient: null,
    requester_id: ticket.requesterId,
    submitter_id: ticket.submitterId,
    assignee_id: ticket.assigneeId,
    organization_id: ticket.organizationId,
    group_id: null,
    collaborator_ids: [],
    has_incidents: false,
    is_public: true,
    tags: ticket.tags,
    custom_fields: [],
    satisfaction_rating: { score: 'unoffered' },
    fields: [],
    allow_channelback: false,
  };
}

/** https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/#json-format */
export function auditJson(ticket: ZendeskTicket, audit: Audit): Record<string, unknown> {
  const source =
    audit.mergedInto === undefined
      ? { from: {}, to: {}, rel: null }
      : { from: { ticket_id: audit.mergedInto, subject: ticket.subject, channel: 'web' }, to: {}, rel: 'merge' };
  return {
    id: audit.id,
    ticket_id: ticket.id,
    created_at: time(audit.at),
    author_id: audit.authorId,
    metadata: { system: { client: 'Sandbox', ip_address: '192.0.2.1' }, custom: {} },
    events: audit.events,
    via: { channel: audit.authorId === -1 ? 'rule' : 'web', source },
  };
}

/** https://developer.zendesk.com/api-reference/ticketing/users/users/#json-format */
export function userJson(account: ZendeskAccount, user: ZendeskUser): Record<string, unknown> {
  return {
    id: user.id,
    url: api(account, `users/${user.id}`),
    name: user.name,
    email: user.email,
    created_at: time(user.createdAt),
    updated_at: time(user.updatedAt),
    time_zone: 'Eastern Time (US & Canada)',
    iana_time_zone: account.timeZone,
    phone: null,
    locale: 'en-US',
    organization_id: user.organizationId,
    role: user.role,
    role_type: user.restricted === true ? 1 : null,
    verified: true,
    active: user.active,
    shared: false,
    suspended: user.suspended,
    restricted_agent: user.restricted === true,
    tags: [],
    notes: 'A note about the person that nobody but agents should read.',
    details: '',
    user_fields: {},
    permanently_deleted: false,
  };
}

/** The sideload `identities`. https://developer.zendesk.com/api-reference/ticketing/users/user_identities/ */
export function identitiesJson(user: ZendeskUser): Record<string, unknown>[] {
  const all = [...(user.email === null ? [] : [user.email]), ...user.addresses];
  return all.map((value, index) => ({
    id: user.id * 10 + index,
    user_id: user.id,
    type: 'email',
    value,
    verified: true,
    primary: index === 0,
  }));
}

/** https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#json-format */
export function organizationJson(account: ZendeskAccount, organization: ZendeskOrganization): Record<string, unknown> {
  return {
    url: api(account, `organizations/${organization.id}`),
    id: organization.id,
    name: organization.name,
    shared_tickets: false,
    shared_comments: false,
    external_id: null,
    created_at: time(organization.createdAt),
    updated_at: time(organization.updatedAt),
    deleted_at: organization.deletedAt === undefined ? null : time(organization.deletedAt),
    domain_names: organization.domains,
    details: null,
    notes: 'A note about the organization.',
    group_id: null,
    tags: [],
    organization_fields: {},
  };
}

/** https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/ */
export function ratingJson(account: ZendeskAccount, rating: ZendeskRating): Record<string, unknown> {
  return {
    id: rating.id,
    url: api(account, `satisfaction_ratings/${rating.id}`),
    assignee_id: null,
    group_id: null,
    requester_id: rating.requesterId,
    ticket_id: rating.ticketId,
    score: rating.score,
    comment: rating.comment,
    reason: '',
    created_at: time(rating.createdAt),
    updated_at: time(rating.updatedAt),
  };
}

/** https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks */
export function webhookJson(webhook: ZendeskWebhook): Record<string, unknown> {
  return {
    id: webhook.id,
    name: webhook.name,
    status: webhook.status,
    endpoint: webhook.endpoint,
    http_method: 'POST',
    request_format: 'json',
    subscriptions: webhook.subscriptions,
    created_at: time(webhook.createdAt),
    updated_at: time(webhook.createdAt),
  };
}
