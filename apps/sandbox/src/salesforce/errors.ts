/** One problem, in the form that a single call (`errorCode`) and a record of a collection (`statusCode`) share. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly fields?: readonly string[];
}

/**
 * A refusal in the REST API's shape: an array of `{ message, errorCode, fields? }`.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
 */
export class SalesforceRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly string[] | undefined;

  constructor(status: number, code: string, message: string, fields?: readonly string[]) {
    super(message);
    this.name = 'SalesforceRefusal';
    this.status = status;
    this.code = code;
    this.fields = fields;
  }

  get body(): readonly Readonly<Record<string, unknown>>[] {
    const fields = this.fields === undefined ? {} : { fields: this.fields };
    return [{ message: this.message, errorCode: this.code, ...fields }];
  }
}

export const sessionExpired = (): SalesforceRefusal =>
  new SalesforceRefusal(401, 'INVALID_SESSION_ID', 'Session expired or invalid');

export const missingApiScope = (): SalesforceRefusal =>
  new SalesforceRefusal(401, 'INVALID_SESSION_ID', 'This session is not valid for use with the REST API');

export const notFound = (message = 'The requested resource does not exist'): SalesforceRefusal =>
  new SalesforceRefusal(404, 'NOT_FOUND', message);

export const invalidLocator = (): SalesforceRefusal =>
  new SalesforceRefusal(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');

/** The daily limit is answered with 403 and no word on when to come back. */
export const dailyLimit = (): SalesforceRefusal =>
  new SalesforceRefusal(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');

export const insufficientAccess = (message = 'insufficient access rights on cross-reference id'): SalesforceRefusal =>
  new SalesforceRefusal(403, 'INSUFFICIENT_ACCESS', message);

export const malformedQuery = (message: string): SalesforceRefusal =>
  new SalesforceRefusal(400, 'MALFORMED_QUERY', message);

export const badJson = (message: string): SalesforceRefusal => new SalesforceRefusal(400, 'JSON_PARSER_ERROR', message);

/** A query names an object that is not there, or that the user may not see. */
export function invalidType(name: string): SalesforceRefusal {
  return new SalesforceRefusal(
    400,
    'INVALID_TYPE',
    `sObject type '${name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}

/** A query names a field that is not there, or that field-level security hides from the user: the answer is the same. */
export function noSuchColumn(query: string, column: number, name: string, entity: string): SalesforceRefusal {
  const excerpt = query.slice(Math.max(0, column - 60), column + 40).replaceAll(/\s+/g, ' ');
  return new SalesforceRefusal(
    400,
    'INVALID_FIELD',
    `\n${excerpt}\n^\nERROR at Row:1:Column:${column + 1}\nNo such column '${name}' on entity '${entity}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}

export const invalidField = (message: string, code = 'INVALID_FIELD'): SalesforceRefusal =>
  new SalesforceRefusal(400, code, message);
