/**
 * The one place that names HubSpot's API version. Undated paths (v1 to v4) lose support in 2027, and OAuth v1 is switched off on
 * 2027-02-16 (failure R18).
 * https://developers.hubspot.com/changelog/legacy-apis-and-legacy-apps-whats-going-unsupported-and-when
 */
const CRM_VERSION = '2026-09';
const OAUTH_VERSION = '2026-03';

export const paths = {
  authorize: '/oauth/authorize',
  token: `/oauth/${OAUTH_VERSION}/token`,
  revoke: `/oauth/${OAUTH_VERSION}/token/revoke`,
  account: `/account-info/${CRM_VERSION}/details`,
  owners: `/crm/owners/${CRM_VERSION}`,
  objects: (type: string) => `/crm/objects/${CRM_VERSION}/${type}`,
  object: (type: string, id: string) => `/crm/objects/${CRM_VERSION}/${type}/${encodeURIComponent(id)}`,
  batchRead: (type: string) => `/crm/objects/${CRM_VERSION}/${type}/batch/read`,
  batchUpdate: (type: string) => `/crm/objects/${CRM_VERSION}/${type}/batch/update`,
  search: (type: string) => `/crm/objects/${CRM_VERSION}/${type}/search`,
  associations: (from: string, to: string) => `/crm/associations/${CRM_VERSION}/${from}/${to}/batch/read`,
  pipelines: (type: string) => `/crm/pipelines/${CRM_VERSION}/${type}`,
  properties: (type: string) => `/crm/properties/${CRM_VERSION}/${type}`,
  journal: (place: string) => `/webhooks-journal/journal-local/${CRM_VERSION}/${place}`,
  journalSubscriptions: `/webhooks-journal/subscriptions/${CRM_VERSION}`,
  property: (type: string, name: string) => `/crm/properties/${CRM_VERSION}/${type}/${encodeURIComponent(name)}`,
} as const;

const GUIDES = 'https://developers.hubspot.com/docs/api-reference';

/** Pages of the vendor that each call rests on. */
export const docs = {
  account: `${GUIDES}/account-information-v3/guide`,
  owners: `${GUIDES}/crm-owners-v3/guide`,
  objects: `${GUIDES}/crm-objects-v3/guide`,
  search: `${GUIDES}/search/guide`,
  associations: `${GUIDES}/latest/crm/associations/associate-records/batch/get-associations`,
  pipelines: `${GUIDES}/crm-pipelines-v3/guide`,
  properties: `${GUIDES}/crm-properties-v3/guide`,
  companies: `${GUIDES}/crm-companies-v3/guide`,
  updateProperty: `${GUIDES}/latest/crm/properties/update-property`,
  journal: `${GUIDES}/latest/webhooks-journal/guide`,
  limits: 'https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines',
} as const;
