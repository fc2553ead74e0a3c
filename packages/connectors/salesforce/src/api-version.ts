/**
 * The one place that names Salesforce's API version. Spring '26; a version stays in service for at least three years, and jsforce's own
 * default is one of 2020.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/api_rest_eol.htm
 */
export const API_VERSION = '66.0';

const DATA = `/services/data/v${API_VERSION}`;

export const paths = {
  authorize: '/services/oauth2/authorize',
  token: '/services/oauth2/token',
  revoke: '/services/oauth2/revoke',
  userInfo: '/services/oauth2/userinfo',
  resources: `${DATA}/`,
  limits: `${DATA}/limits`,
  objects: `${DATA}/sobjects`,
  describe: (object: string) => `${DATA}/sobjects/${object}/describe`,
  query: `${DATA}/query`,
  queryAll: `${DATA}/queryAll`,
  collections: `${DATA}/composite/sobjects`,
  bulkQueries: `${DATA}/jobs/query`,
  bulkQuery: (id: string) => `${DATA}/jobs/query/${encodeURIComponent(id)}`,
  bulkResults: (id: string) => `${DATA}/jobs/query/${encodeURIComponent(id)}/results`,
  customFields: `${DATA}/tooling/sobjects/CustomField`,
} as const;

const REST = 'https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest';
const BULK = 'https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch';

/** Pages of the vendor that each call rests on. */
export const docs = {
  resources: `${REST}/resources_discoveryresource.htm`,
  limits: `${REST}/resources_limits.htm`,
  describeGlobal: `${REST}/resources_describeGlobal.htm`,
  describe: `${REST}/resources_sobject_describe.htm`,
  query: `${REST}/resources_query.htm`,
  queryAll: `${REST}/resources_queryall.htm`,
  collections: `${REST}/resources_composite_sobjects_collections_update.htm`,
  bulk: `${BULK}/queries.htm`,
  bulkResults: `${BULK}/query_get_job_results.htm`,
  customField:
    'https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm',
  apiLimits:
    'https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm',
} as const;
