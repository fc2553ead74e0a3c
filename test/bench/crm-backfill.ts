import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { hubspot } from '@waymark/connector-hubspot';
import { createSealer, createWorkspace, openDatabase, saveGrant, type Database, type Sealer } from '@waymark/store';
import { noPoint, syncInstallation, TokenKeeper } from '@waymark/sync';
import { RIG_APP } from '../../apps/sandbox/src/front/rig.ts';
import { ALL_SCOPES, PORTAL, startRig, type CrmRig } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { CALL_LIMITS, callKey } from '../../apps/sandbox/src/hubspot/limits.ts';
import { inHome } from './bench-home.ts';
import { size, type BenchRow } from './measure.ts';

const day = 86_400_000;
const share = 0.85;
const tenSeconds = 10_000;

/**
 * The first reading of a portal under the vendor's own cap (110 calls in any ten seconds), as the sandbox counts it: how much of our budget
 * is used over whole minutes from the first call on, the highest use of any ten seconds, and how many records were stored meanwhile.
 */
export async function crmBackfill(): Promise<BenchRow> {
  const minutes = size('WAYMARK_BENCH_MINUTES', 3);
  const records = size('WAYMARK_BENCH_RECORDS', 40_000 * minutes);
  const cap = CALL_LIMITS.vendor.tenSeconds;
  const budget = Math.floor(cap * share) * 6;
  const rig = await startRig({ caps: 'vendor' });
  fill(rig, records);
  return inHome('crm-backfill', async (home) => {
    const database = await openDatabase({ home });
    try {
      const sealer = createSealer({ database, masterKey: Buffer.alloc(32, 7) });
      const settings = { ownDomains: ['vendor.example'], historyDays: 365 };
      const named = { slug: 'bench', name: 'Bench', settings };
      const { workspaceId } = await createWorkspace(database, sealer, named, Date.now());
      const installationId = await connect(database, sealer, workspaceId, rig);
      const stop = new AbortController();
      const progress = { records: 0 };
      const count = (stored: number) => (progress.records += stored);
      const run = read({ database, sealer, workspaceId, installationId, rig, count, signal: stop.signal });
      const key = callKey(PORTAL, RIG_APP.clientId);
      const use = () => rig.handle.windows.totals().find((one) => one.key === key);
      while (!use()) await sleep(2);
      await Promise.race([sleep(minutes * 60_000 - 50), run]);
      const seen = use();
      const { records: stored } = progress;
      stop.abort(new Error('measured'));
      await run;
      if (!seen) throw new Error('The sandbox saw no call.');
      const used = seen.arrivals / (budget * minutes);
      const peak = rig.handle.windows.peak(key, tenSeconds);
      return {
        row: 'crm-backfill',
        setting: { connector: 'hubspot', cap: `${cap} calls/10 s`, budget: `${budget} calls/min`, minutes },
        figures: [
          { name: 'of our budget', value: used, unit: 'ratio', aim: '>= 0.95', met: used >= 0.95 },
          { name: 'highest rolling ten seconds', value: peak, unit: 'calls', aim: `<= ${cap}`, met: peak <= cap },
          { name: 'calls', value: seen.arrivals, unit: '' },
          { name: 'calls refused', value: seen.refused, unit: '', aim: '0', met: seen.refused === 0 },
          { name: 'records', value: stored / (minutes * 60), unit: '1/s' },
        ],
      };
    } finally {
      await database.close();
      await rig.close();
    }
  });
}

/** Companies, and contacts of theirs. */
function fill({ handle }: CrmRig, records: number): void {
  const at = Date.now() - 300 * day;
  const companies = Array.from({ length: Math.ceil(records / 50) }, (_, index) => {
    const properties = { name: `Company ${index}`, domain: `c${index}.example`, lifecyclestage: 'customer' };
    return handle.upsert(PORTAL, 'companies', { at, properties }).id;
  });
  for (let index = companies.length; index < records; index += 1) {
    const company = companies[index % companies.length] ?? '';
    const properties = { email: `p${index}@c${index % companies.length}.example`, firstname: 'Kim' };
    handle.upsert(PORTAL, 'contacts', { at, properties, associate: [['companies', company]] });
  }
}

async function connect(database: Database, sealer: Sealer, workspaceId: string, rig: CrmRig): Promise<string> {
  const installationId = randomUUID();
  const grant = rig.handle.mint({ clientId: RIG_APP.clientId, portalId: PORTAL, scopes: ALL_SCOPES });
  const installation = {
    installationId,
    connector: 'hubspot',
    provider: 'hubspot',
    externalAccountId: String(PORTAL),
    label: 'Portal',
    address: null,
    settings: {},
    grantedScopes: ALL_SCOPES,
    accessExpiresAt: null,
    accessToken: await sealer.seal(workspaceId, installationId, 'access_token', grant.accessToken),
    refreshToken: await sealer.seal(workspaceId, installationId, 'refresh_token', grant.refreshToken),
  };
  await database.inWorkspace(workspaceId, (tx) => saveGrant(tx, installation, Date.now()));
  return installationId;
}

async function read(options: {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly workspaceId: string;
  readonly installationId: string;
  readonly rig: CrmRig;
  readonly count: (records: number) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { database, sealer, rig } = options;
  const { clientId, clientSecret } = RIG_APP;
  const credentials = () => Promise.resolve({ clientId, clientSecret });
  const done = new Map<string, number>();
  const deps = {
    database,
    sealer,
    tokens: new TokenKeeper({ database, sealer, now: Date.now, point: noPoint, credentials }),
    connector: () => Promise.resolve(hubspot),
    baseUrls: () => ({ app: rig.url, api: rig.url }),
    limits: { share, scale: () => 1 },
    now: Date.now,
    random: () => 0.5,
    point: noPoint,
    holder: 'bench',
    onProgress: (one: { readonly stream: string; readonly done: number }) => {
      options.count(one.done - (done.get(one.stream) ?? 0));
      done.set(one.stream, one.done);
    },
    onCommitted: () => undefined,
  };
  await syncInstallation(deps, options.workspaceId, options.installationId, options.signal).catch(() => undefined);
}
