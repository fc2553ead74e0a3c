import type { EmulatorApp, SalesforceCore } from './core.ts';
import { SalesforceRefusal } from './errors.ts';
import { gated, NEWEST_VERSION, type Answer, type Call } from './gate.ts';
import { callKey, DAY } from './limits.ts';
import { parseSoql } from './soql-parser.ts';
import { runSoql, type QueryResult } from './soql-run.ts';

const BATCH_MOST = 2000;
const BATCH_LEAST = 200;

/** Versions, limits, and queries with their further batches. */
export function registerQueryRoutes(app: EmulatorApp, core: SalesforceCore): void {
  const versions = [65, 66, NEWEST_VERSION].map((number) => ({
    label: `Release ${number}`,
    url: `/services/data/v${number}.0`,
    version: `${number}.0`,
  }));
  for (const path of ['/services/data', '/services/data/']) app.get(path, (c) => c.json(versions));
  for (const path of ['/services/data/:version', '/services/data/:version/']) app.get(path, gated(core, resources));
  app.get(
    '/services/data/:version/limits',
    gated(core, (call) => limits(core, call)),
  );
  for (const [name, all] of [
    ['query', false],
    ['queryAll', true],
  ] as const) {
    for (const path of [`/services/data/:version/${name}`, `/services/data/:version/${name}/`]) {
      app.get(
        path,
        gated(core, (call) => query(core, call, all)),
      );
    }
    app.get(
      `/services/data/:version/${name}/:locator`,
      gated(core, (call) => further(core, call, name)),
    );
  }
}

function resources(call: Call): Answer {
  const names = ['query', 'queryAll', 'sobjects', 'limits', 'composite', 'jobs', 'tooling'];
  return { body: Object.fromEntries(names.map((name) => [name, `${call.root}/${name}`])) };
}

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm */
function limits(core: SalesforceCore, call: Call): Answer {
  const orgId = call.book.org.id;
  const Max = core.settings.dailyCallsOf.get(orgId) ?? core.settings.dailyCalls;
  const jobs = Object.values(core.state.jobs).filter((job) => job.orgId === orgId && job.createdAt > core.now() - DAY);
  return {
    body: {
      DailyApiRequests: { Max, Remaining: Math.max(0, Max - core.windows.used(callKey(orgId), DAY)) },
      DailyBulkV2QueryJobs: { Max: 10_000, Remaining: 10_000 - jobs.length },
      DailyBulkV2QueryFileStorageMB: { Max: 976_562, Remaining: 976_562 },
      ConcurrentAsyncGetReportInstances: { Max: 200, Remaining: 200 },
    },
  };
}

/**
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm; `Sforce-Query-Options: batchSize=500`
 * asks for smaller batches of 200 and more, which the vendor may not heed.
 */
function query(core: SalesforceCore, call: Call, all: boolean): Answer {
  const text = call.query('q');
  if (text === undefined) throw new SalesforceRefusal(400, 'MALFORMED_QUERY', 'A query string has to be specified');
  const result = runSoql(call.access, parseSoql(text), { all, now: core.now(), root: call.root });
  const asked = /batchSize=(\d+)/i.exec(call.header('sforce-query-options') ?? '')?.[1];
  const wanted = Math.min(BATCH_MOST, Math.max(BATCH_LEAST, Number(asked ?? BATCH_MOST)));
  const batch = Math.min(core.settings.batchSize, wanted);
  if (result.rows.length <= batch) return { body: page(result, 0, batch) };
  const locator = core.locators.keep(result, call.session, batch);
  return { body: page(result, 0, batch, `${call.root}/${all ? 'queryAll' : 'query'}/${locator}`) };
}

function further(core: SalesforceCore, call: Call, name: string): Answer {
  const { locator, start, cursor } = core.locators.at(call.param('locator'), call.session);
  return { body: page(cursor.result, start, cursor.batch, `${call.root}/${name}/${locator}`) };
}

function page(result: QueryResult, start: number, batch: number, link?: string): Record<string, unknown> {
  const end = start + batch;
  const done = link === undefined || end >= result.rows.length;
  return {
    totalSize: result.total,
    done,
    ...(done ? {} : { nextRecordsUrl: `${link}-${end}` }),
    records: result.rows.slice(start, end).map((row) => result.json(row)),
  };
}
