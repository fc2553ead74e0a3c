import { randomUUID } from 'node:crypto';
import { hubspot } from '@waymark/connector-hubspot';
import { testSession } from '@waymark/connector-kit/testing/session';
import { contentUuid, type AccountFact } from '@waymark/journey';
import {
  addPeriods,
  saveWritebackMapping,
  supersedePeriods,
  stagePeriods,
  upsertAccounts,
  writeAccountRecords,
  writeCheckpoints,
  writebackItems,
  writebackMapping,
  type WritebackItem,
  type WritebackMapping,
} from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { approvePlan, createPlan, type WritebackDependencies } from '@waymark/writeback';
import { expect } from 'vitest';
import { ALL_SCOPES, PORTAL, startRig, type CrmRig } from '../../apps/sandbox/src/hubspot/crm-rig.ts';

/** Our stages with what they are in a custom property and among HubSpot's own lifecycle stages. */
export const stages = [
  { id: 'acquisition', title: 'Acquisition', lifecycle: 'opportunity' },
  { id: 'onboarding', title: 'Onboarding', lifecycle: 'customer' },
  { id: 'engagement', title: 'Engagement', lifecycle: 'customer' },
  { id: 'advocacy', title: 'Advocacy', lifecycle: 'evangelist' },
] as const;

/** The person who approves. */
export const revOps = 'revops@example.com';

export type Stage = (typeof stages)[number]['id'];

/** A database, a portal behind the real SDK, and a workspace between them. */
export interface WritebackRig {
  readonly crm: CrmRig;
  readonly database: TestDatabase;
  readonly workspaceId: string;
  readonly installationId: string;
  /** Dependencies of one worker; two of them may work at once. */
  worker(options?: {
    readonly point?: WritebackDependencies['point'];
    readonly holder?: string;
    readonly scopes?: readonly string[];
  }): WritebackDependencies;
  /** A client of the connector, for reading as a sync would. */
  connect(scopes?: readonly string[]): ReturnType<typeof hubspot.connect>;
  now(): number;
  /** Makes companies in the CRM, each with an account in the given stage. Returns the CRM's ids. */
  companies(count: number, stage: Stage, properties?: Readonly<Record<string, string>>): Promise<string[]>;
  /** Moves accounts to a stage, as a fold would. */
  move(ids: readonly string[], stage: Stage): Promise<void>;
  mapping(options?: Partial<WritebackMapping>): Promise<WritebackMapping>;
  reload(mapping: WritebackMapping): Promise<WritebackMapping>;
  /** What the CRM holds of a property. */
  held(id: string, property: string): string;
  /** The calls that a person makes in the CRM. */
  edit(id: string, properties: Readonly<Record<string, string>>): void;
  /** Plans and approves in the name of RevOps. Returns the plan's id. */
  approved(mapping: WritebackMapping, accept?: readonly string[]): Promise<string>;
  items(planId: string): Promise<readonly WritebackItem[]>;
  /** How often each record was written, by the portal's own log. */
  writesOf(property: string): Map<string, string[]>;
  close(): Promise<void>;
}

const DAY = 86_400_000;
const journey = 'nine-stage';

export async function startWriteback(): Promise<WritebackRig> {
  const [crm, database] = await Promise.all([startRig(), testDatabase()]);
  const workspaceId = randomUUID();
  const installationId = randomUUID();
  const now = () => Date.now() + crm.clock.offset;
  const accountOf = (id: string) => contentUuid('account', workspaceId, installationId, id);

  const items = (planId: string) => database.inWorkspace(workspaceId, (tx) => writebackItems(tx, planId));

  async function place(ids: readonly string[], stage: Stage): Promise<void> {
    const at = now();
    await database.inWorkspace(workspaceId, async (tx) => {
      for (const id of ids) {
        const accountId = accountOf(id);
        const former = await stagePeriods(tx, { accountId, journey });
        const periodIds = former.map((period) => period.periodId);
        await supersedePeriods(tx, periodIds, at);
        const detail = { stage, proof: { rule: `enter:${stage}`, digest: `digest-${id}-${stage}` } };
        const period = { periodId: randomUUID(), accountId, journey, stage, enteredAt: at - DAY, exitedAt: null };
        await addPeriods(tx, [{ ...period, detail, recordedAt: at }]);
        const engine = { definitionDigest: 'd', engineVersion: 1, contextDigest: 'c', digest: 'x' };
        const answer = { stage, health: null, asOf: at, nextChangeAt: null };
        await writeCheckpoints(tx, [{ accountId, journey, ...engine, ...answer }], at);
      }
    });
  }

  const connect = (scopes: readonly string[] = ALL_SCOPES) =>
    hubspot.connect(
      testSession({
        classify: hubspot.classify,
        baseUrls: { app: crm.url, api: crm.url },
        token: crm.token(scopes),
        grantedScopes: scopes,
        now,
      }),
    );

  const worker: WritebackRig['worker'] = (options = {}) => ({
    database,
    openWriter: async () => ({
      writer: hubspot.write ?? expect.fail('no writer'),
      client: await connect(options.scopes),
    }),
    stages: () => Promise.resolve(stages),
    now,
    point: options.point ?? (() => Promise.resolve()),
    holder: options.holder ?? 'worker',
  });

  return {
    crm,
    database,
    workspaceId,
    installationId,
    now,
    worker,
    connect,
    async companies(count, stage, properties = {}) {
      const ids = Array.from({ length: count }, (_, index) => {
        const values = { name: `Company ${index}`, ...properties };
        return crm.handle.upsert(PORTAL, 'companies', { properties: values, at: now() - 30 * DAY }).id;
      });
      await database.inWorkspace(workspaceId, async (tx) => {
        const facts = ids.map((id) => ({
          accountId: accountOf(id),
          fact: {
            kind: 'account',
            externalId: id,
            name: `Company ${id}`,
            domains: [],
            isCustomer: true,
          } satisfies AccountFact,
        }));
        const blank = {
          domain: null,
          csmEmail: null,
          csmBasis: null,
          customerSince: null,
          renewalAt: null,
          value: null,
        };
        const more = { currency: null, tier: null, crmStage: null, timezone: null, attributes: {}, isCustomer: true };
        await upsertAccounts(
          tx,
          facts.map(({ accountId, fact }) => ({ accountId, name: fact.name, ...blank, ...more })),
          now(),
        );
        await writeAccountRecords(
          tx,
          facts.map(({ accountId, fact }) => ({
            installationId,
            externalId: fact.externalId,
            accountId,
            fact,
            sourceId: randomUUID(),
          })),
          now(),
        );
      });
      await place(ids, stage);
      return ids;
    },
    move: place,
    async mapping(options = {}) {
      const property = options.property ?? 'waymark_stage';
      const mapping: WritebackMapping = {
        mappingId: randomUUID(),
        installationId,
        journey,
        property,
        values: Object.fromEntries(
          stages.map((stage) => [stage.id, property === 'lifecyclestage' ? stage.lifecycle : stage.id]),
        ),
        allowBackward: property !== 'lifecyclestage',
        approvedAt: null,
        approvedBy: null,
        enabled: true,
        createdAt: now(),
        ...options,
      };
      await database.inWorkspace(workspaceId, (tx) => saveWritebackMapping(tx, mapping));
      return mapping;
    },
    async reload(mapping) {
      const found = await database.inWorkspace(workspaceId, (tx) => writebackMapping(tx, mapping.mappingId));
      return found ?? expect.fail('no mapping');
    },
    async approved(mapping, accept = []) {
      const { plan } = await createPlan(worker(), workspaceId, mapping.mappingId);
      const named = (await items(plan.planId)).filter((item) => accept.includes(item.externalId));
      await approvePlan(worker(), workspaceId, plan.planId, { by: revOps, accept: named.map((item) => item.itemId) });
      return plan.planId;
    },
    items,
    held(id, property) {
      const book = crm.handle.book(PORTAL);
      return book.value('companies', book.get('companies', id), property) ?? '';
    },
    edit(id, properties) {
      crm.clock.offset += 1000;
      crm.handle.patch(PORTAL, 'companies', id, properties);
      crm.clock.offset += 1000;
    },
    writesOf(property) {
      const found = new Map<string, string[]>();
      for (const write of crm.handle.writes({ portalId: PORTAL, type: 'companies' })) {
        const value = write.sent[property];
        if (value !== undefined) found.set(write.id, [...(found.get(write.id) ?? []), value]);
      }
      return found;
    },
    async close() {
      await crm.close();
      await database.close();
    },
  };
}

/** A worker that dies at the nth time it comes to a point: nothing after it runs, not even the release of its lease. */
export function dyingWorker(
  rig: WritebackRig,
  name: Parameters<WritebackDependencies['point']>[0],
  nth = 1,
): WritebackDependencies {
  let passed = 0;
  let dead = false;
  const worker = rig.worker({
    holder: 'dying',
    point: (point) => {
      passed += point === name ? 1 : 0;
      if (point !== name || passed < nth) return Promise.resolve();
      dead = true;
      return Promise.reject(new Error('killed'));
    },
  });
  const inWorkspace: typeof worker.database.inWorkspace = (...args) =>
    dead ? Promise.reject(new Error('killed')) : worker.database.inWorkspace(...args);
  return { ...worker, database: { ...worker.database, inWorkspace } };
}
