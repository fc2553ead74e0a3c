/** Paths of the ticketing API, which has one version. https://developer.zendesk.com/api-reference/introduction/introduction/ */
export const paths = {
  authorize: '/oauth/authorizations/new',
  token: '/oauth/tokens',
  me: '/api/v2/users/me.json',
  users: '/api/v2/users/show_many.json',
  userExport: '/api/v2/incremental/users/cursor.json',
  ticketExport: '/api/v2/incremental/tickets/cursor.json',
  organizationExport: '/api/v2/incremental/organizations.json',
  organizations: '/api/v2/organizations.json',
  organizationsById: '/api/v2/organizations/show_many.json',
  tickets: '/api/v2/tickets/show_many.json',
  audits: (ticketId: string) => `/api/v2/tickets/${encodeURIComponent(ticketId)}/audits.json`,
  ratings: '/api/v2/satisfaction_ratings.json',
  customStatuses: '/api/v2/custom_statuses.json',
  searchCount: '/api/v2/search/count.json',
  webhooks: '/api/v2/webhooks',
  webhook: (id: string) => `/api/v2/webhooks/${encodeURIComponent(id)}`,
  signingSecret: (id: string) => `/api/v2/webhooks/${encodeURIComponent(id)}/signing_secret`,
} as const;

const REFERENCE = 'https://developer.zendesk.com/api-reference';

/** Pages of the vendor that each call rests on. */
export const docs = {
  oauth: `${REFERENCE}/ticketing/oauth/grant_type_tokens/`,
  export: `${REFERENCE}/ticketing/ticket-management/incremental_exports/`,
  tickets: `${REFERENCE}/ticketing/tickets/tickets/`,
  audits: `${REFERENCE}/ticketing/tickets/ticket_audits/`,
  auditEvents: 'https://developer.zendesk.com/documentation/ticketing/reference-guides/ticket-audit-events-reference',
  customStatuses: `${REFERENCE}/ticketing/tickets/custom_ticket_statuses/`,
  users: `${REFERENCE}/ticketing/users/users/`,
  organizations: `${REFERENCE}/ticketing/organizations/organizations/`,
  ratings: `${REFERENCE}/ticketing/ticket-management/satisfaction_ratings/`,
  search: `${REFERENCE}/ticketing/ticket-management/search/`,
  limits: `${REFERENCE}/introduction/rate-limits/`,
  webhooks: `${REFERENCE}/webhooks/webhooks-api/webhooks`,
  ticketEvents: `${REFERENCE}/webhooks/event-types/ticket-events`,
} as const;
