import { createServer } from 'node:http';
import { once } from 'node:events';
import { createRequire } from 'node:module';

/** A class of the vendor's own client, as far as it says what its objects hold. */
interface Model {
  /** Missing where the model is an enumeration: then its values are its members. */
  readonly attributeTypeMap?: readonly { readonly baseName: string; readonly type: string }[];
}
type Models = Readonly<Record<string, Model>>;

const require = createRequire(import.meta.url);
const models = (area: string): Models => require(`@hubspot/api-client/lib/codegen/crm/${area}/models/all.js`);

/** One operation: what the client's types say of its request and of its good answer. Versions of paths differ, their shapes do not. */
interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: RegExp;
  readonly area: string;
  readonly request?: string;
  readonly answer: string;
}

const version = String.raw`(?:v\d|\d{4}-\d{2})`;
const operation = (
  id: string,
  method: string,
  path: string,
  area: string,
  answer: string,
  request?: string,
): Operation => ({
  id,
  method,
  path: new RegExp(`^${path.replace('VERSION', version).replaceAll('*', '[^/]+')}$`),
  area,
  answer,
  ...(request === undefined ? {} : { request }),
});

const operations: readonly Operation[] = [
  operation(
    'objects.batch.read',
    'POST',
    '/crm/objects/VERSION/*/batch/read',
    'objects',
    'BatchResponseSimplePublicObject',
    'BatchReadInputSimplePublicObjectId',
  ),
  operation(
    'objects.batch.update',
    'POST',
    '/crm/objects/VERSION/*/batch/update',
    'objects',
    'BatchResponseSimplePublicObjectWithErrors',
    'BatchInputSimplePublicObjectBatchInput',
  ),
  operation(
    'objects.search',
    'POST',
    '/crm/objects/VERSION/*/search',
    'objects',
    'CollectionResponseWithTotalSimplePublicObject',
    'PublicObjectSearchRequest',
  ),
  operation(
    'objects.list',
    'GET',
    '/crm/objects/VERSION/*',
    'objects',
    'CollectionResponseSimplePublicObjectWithAssociationsForwardPaging',
  ),
  operation('objects.get', 'GET', '/crm/objects/VERSION/*/*', 'objects', 'SimplePublicObjectWithAssociations'),
  operation(
    'associations.batch.read',
    'POST',
    '/crm/associations/VERSION/*/*/batch/read',
    'associations/v4',
    'BatchResponsePublicAssociationMultiWithLabel',
    'BatchInputPublicFetchAssociationsBatchRequest',
  ),
  operation('owners.list', 'GET', '/crm/owners/VERSION', 'owners', 'CollectionResponsePublicOwnerForwardPaging'),
  operation('pipelines.list', 'GET', '/crm/pipelines/VERSION/*', 'pipelines', 'CollectionResponsePipelineNoPaging'),
  operation('properties.list', 'GET', '/crm/properties/VERSION/*', 'properties', 'CollectionResponsePropertyNoPaging'),
  operation('properties.get', 'GET', '/crm/properties/VERSION/*/*', 'properties', 'Property'),
  operation('properties.create', 'POST', '/crm/properties/VERSION/*', 'properties', 'Property', 'PropertyCreate'),
  operation('properties.update', 'PATCH', '/crm/properties/VERSION/*/*', 'properties', 'Property', 'PropertyUpdate'),
];

/** One exchange of HubSpot's, and where it holds what the client's types do not know. */
export interface TypedExchange {
  readonly operation: string | null;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly request: readonly string[];
  readonly answer: readonly string[];
}

/** Holds an exchange to the types of @hubspot/api-client: keys that they do not have, and values of another type. */
export function typed(method: string, url: string, status: number, sent: string, answered: string): TypedExchange {
  const path = new URL(url, 'http://x').pathname;
  const found = operations.find((one) => one.method === method && one.path.test(path));
  const base = { operation: found?.id ?? null, method, path, status };
  if (!found) return { ...base, request: [], answer: [] };
  const known = models(found.area);
  return {
    ...base,
    request: found.request === undefined ? [] : check(JSON.parse(sent), found.request, known, ''),
    answer: status < 300 ? check(JSON.parse(answered), answerType(found, status), known, '') : [],
  };
}

/** A batch of which a part failed is another type of the client's. */
const answerType = ({ answer }: Operation, status: number): string =>
  status === 207 && !answer.endsWith('WithErrors') ? `${answer}WithErrors` : answer;

function check(value: unknown, type: string, known: Models, at: string): string[] {
  if (value === undefined) return [];
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) return [`${at}: is no list`];
    return value.flatMap((each) => check(each, list, known, `${at}[]`));
  }
  const dictionary = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (dictionary !== undefined) {
    if (!isRecord(value)) return [`${at}: is no object`];
    return Object.values(value).flatMap((each) => check(each, dictionary, known, `${at}{}`));
  }
  if (type.endsWith(' | null')) return value === null ? [] : check(value, type.slice(0, -7), known, at);
  const model = known[type];
  if (model && !model.attributeTypeMap)
    return Object.values(model).some((each) => each === value) ? [] : [`${at}: is none of ${type}`];
  if (model?.attributeTypeMap) {
    if (!isRecord(value)) return [`${at}: is no ${type}`];
    const attributes = new Map(model.attributeTypeMap.map((each) => [each.baseName, each.type]));
    return Object.entries(value).flatMap(([key, each]) => {
      const expected = attributes.get(key);
      return expected === undefined
        ? [`${at}.${key}: is not in ${type}`]
        : check(each, expected, known, `${at}.${key}`);
    });
  }
  return isOf(type, value) ? [] : [`${at}: is no ${type}`];
}

function isOf(type: string, value: unknown): boolean {
  if (type === 'Date') return typeof value === 'string' && Number.isFinite(Date.parse(value));
  if (['string', 'number', 'boolean'].includes(type)) return typeof value === type;
  // Enumerations and `any` of the generated types: nothing to hold a value to.
  return true;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A proxy in front of the sandbox's HubSpot that passes everything on unchanged and notes each exchange. */
export async function hubspotProxy(upstream: string) {
  const exchanges: TypedExchange[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const { method = 'GET', url = '/' } = request;
      const body = Buffer.concat(chunks);
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers))
        if (!['host', 'connection', 'content-length', 'transfer-encoding'].includes(name))
          headers.set(name, String(value));
      const answer = await fetch(`${upstream}${url}`, {
        method,
        headers,
        redirect: 'manual',
        ...(body.length > 0 && { body }),
      });
      const text = Buffer.from(await answer.arrayBuffer());
      exchanges.push(typed(method, url, answer.status, body.toString(), text.toString()));
      const passed = [...answer.headers].filter(
        ([name]) => !['content-encoding', 'content-length', 'transfer-encoding', 'connection'].includes(name),
      );
      response.writeHead(answer.status, Object.fromEntries(passed)).end(text);
    })().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    exchanges,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
