import { z } from 'zod';
import type { BulkRows, EmulatorApp, SalesforceCore } from './core.ts';
import { notFound, SalesforceRefusal } from './errors.ts';
import { gated, type Answer, type Call } from './gate.ts';
import { numberedId } from './record-id.ts';
import { parseSoql } from './soql-parser.ts';
import { runSoql } from './soql-run.ts';
import type { BulkJob } from './state.ts';
import { instantText } from './value.ts';

const PATH = '/services/data/:version/jobs/query';

const jobSchema = z.object({
  operation: z.enum(['query', 'queryAll']),
  query: z.string(),
  contentType: z.literal('CSV').default('CSV'),
  columnDelimiter: z.literal('COMMA').default('COMMA'),
  lineEnding: z.literal('LF').default('LF'),
});

/**
 * Query jobs of Bulk API 2.0: made, asked for, aborted, and their results page by page.
 * https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
 */
export function registerBulkRoutes(app: EmulatorApp, core: SalesforceCore): void {
  app.post(
    PATH,
    gated(core, (call) => create(core, call)),
  );
  app.get(
    PATH,
    gated(core, (call) => {
      const jobs = Object.values(core.state.jobs).filter((job) => job.orgId === call.book.org.id);
      return { body: { done: true, records: jobs.map((job) => jobJson(core, job)), nextRecordsUrl: null } };
    }),
  );
  app.get(
    `${PATH}/:id`,
    gated(core, (call) => ({ body: jobJson(core, jobOf(core, call)) })),
  );
  app.patch(
    `${PATH}/:id`,
    gated(core, async (call) => {
      await call.body(z.object({ state: z.literal('Aborted') }));
      const job = jobOf(core, call);
      job.aborted = true;
      return { body: jobJson(core, job) };
    }),
  );
  app.delete(
    `${PATH}/:id`,
    gated(core, (call) => {
      const { id } = jobOf(core, call);
      delete core.state.jobs[id];
      core.bulkRows.delete(id);
      return {};
    }),
  );
  app.get(
    `${PATH}/:id/results`,
    gated(core, (call) => results(core, call)),
  );
}

/** A user sees the jobs that are the user's own. */
function jobOf(core: SalesforceCore, call: Call): BulkJob {
  const job = core.state.jobs[call.param('id')];
  if (job === undefined || job.orgId !== call.book.org.id || job.userId !== call.access.userId) throw notFound();
  return job;
}

async function create(core: SalesforceCore, call: Call): Promise<Answer> {
  if (core.settings.bulkRefused) {
    throw new SalesforceRefusal(400, 'FEATURENOTENABLED', 'Async API not enabled for organization');
  }
  const { operation, query } = await call.body(jobSchema);
  const parsed = parseSoql(query);
  if (parsed.select.length === 0 || parsed.select.some((item) => item.kind === 'aggregate')) {
    throw new SalesforceRefusal(400, 'API_ERROR', 'Aggregate Relationships not supported in Bulk Query');
  }
  // A job that cannot run is refused when it is made.
  const result = runSoql(call.access, parsed, { all: operation === 'queryAll', now: core.now(), root: call.root });
  const id = numberedId('750', ++core.state.counters.job);
  const job: BulkJob = {
    id,
    orgId: call.book.org.id,
    userId: call.access.userId,
    operation,
    query,
    object: result.schema.name,
    createdAt: core.now(),
    apiVersion: call.version.slice(1),
    aborted: false,
  };
  core.state.jobs[id] = job;
  core.bulkRows.set(id, { header: result.header, rows: result.rows.map((row) => result.csv(row)) });
  return { body: jobJson(core, job) };
}

function stateOf(
  core: SalesforceCore,
  job: BulkJob,
): 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Failed' | 'Aborted' {
  if (job.aborted) return 'Aborted';
  const age = core.now() - job.createdAt;
  if (age < core.settings.bulkDelayMs / 2) return 'UploadComplete';
  if (age < core.settings.bulkDelayMs) return 'InProgress';
  return core.settings.bulkFailure === undefined && core.bulkRows.has(job.id) ? 'JobComplete' : 'Failed';
}

function jobJson(core: SalesforceCore, job: BulkJob): Record<string, unknown> {
  const state = stateOf(core, job);
  const { bulkFailure } = core.settings;
  return {
    id: job.id,
    operation: job.operation,
    object: job.object,
    createdById: job.userId,
    createdDate: instantText(job.createdAt),
    systemModstamp: instantText(job.createdAt),
    state,
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: Number(job.apiVersion),
    jobType: 'V2Query',
    lineEnding: 'LF',
    columnDelimiter: 'COMMA',
    retries: 0,
    totalProcessingTime: core.settings.bulkDelayMs,
    isPkChunkingSupported: true,
    ...(state === 'JobComplete' ? { numberRecordsProcessed: core.bulkRows.get(job.id)?.rows.length ?? 0 } : {}),
    // After a restart the rows are gone, as results are after seven days.
    ...(state === 'Failed' ? { errorMessage: bulkFailure ?? 'InternalServerError : Unknown' } : {}),
  };
}

/** `Sforce-Locator` names the next page, and is the word `null` on the last one. */
function results(core: SalesforceCore, call: Call): Answer {
  const job = jobOf(core, call);
  const rows = core.bulkRows.get(job.id);
  if (rows === undefined || stateOf(core, job) !== 'JobComplete') {
    throw new SalesforceRefusal(400, 'INVALIDJOBSTATE', 'Results are available when the job is complete');
  }
  const locator = call.query('locator');
  const start = locator === undefined ? 0 : Number(Buffer.from(locator, 'base64url').toString('utf8'));
  if (!Number.isInteger(start) || start < 0 || start > rows.rows.length) {
    throw new SalesforceRefusal(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
  }
  const asked = Number(call.query('maxRecords') ?? core.settings.bulkPageSize);
  const page = rows.rows.slice(start, start + Math.min(asked, core.settings.bulkPageSize));
  const next = start + page.length;
  return {
    body: csvText(rows, page),
    headers: {
      'Sforce-Locator': next < rows.rows.length ? Buffer.from(String(next)).toString('base64url') : 'null',
      'Sforce-NumberOfRecords': String(page.length),
    },
  };
}

const quoted = (cells: readonly string[]): string => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');

function csvText({ header }: BulkRows, page: BulkRows['rows']): string {
  return `${[header, ...page].map(quoted).join('\n')}\n`;
}
