import { hubspot } from '@waymark/connector-hubspot';
import type { AnyConnector } from '@waymark/connector-kit';
import { salesforce } from '@waymark/connector-salesforce';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generateWorld } from '../../apps/sandbox/src/company/generate.ts';
import { samplePortals, seedFromWorld as hubSpotSeed } from '../../apps/sandbox/src/hubspot/seed.ts';
import { SAMPLE_DECLARATION } from '../../apps/sandbox/src/salesforce/seed-catalog.ts';
import { INTEGRATION_USER, sampleOrgs, seedFromWorld } from '../../apps/sandbox/src/salesforce/seed.ts';
import { syncRig } from '../../packages/sync/src/testing/sync-rig.ts';
import { declaration as hubSpotDeclaration, HubSpotPortal } from './hubspot-portal.ts';
import { SalesforceOrg } from './salesforce-org.ts';

const declaration = {
  ...SAMPLE_DECLARATION,
  contacts: { ...SAMPLE_DECLARATION.contacts, addresses: ['Alternate_Email__c'] },
};

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

type Mapper = AnyConnector['streams'][number]['map'];

const anchor = Date.now();
const world = generateWorld({ seed: 7, anchor });

/** What a workspace knows after a first run of its CRM alone: stages and flags of each account. */
async function judged(connector: AnyConnector, account: string, settings: object): Promise<unknown> {
  const rig = await syncRig(database, { historyDays: 800 });
  rig.now = anchor;
  const id = await rig.install(connector, {
    account,
    scopes: connector.streams.flatMap((stream) => [...stream.scopes]),
  });
  await database.asOwner('UPDATE installation SET settings = $2::jsonb WHERE workspace_id = $1', [
    rig.workspaceId,
    JSON.stringify(settings),
  ]);
  expect(await rig.run(id)).toMatchObject({ kind: 'ran', result: { faults: [] } });
  await rig.fold();
  return {
    stages:
      await rig.rows(`SELECT a.name, p.stage, date_trunc('second', p.entered_at) AS entered, date_trunc('second', p.exited_at) AS exited
      FROM stage_period p JOIN account a ON a.workspace_id = p.workspace_id AND a.account_id = p.account_id
      WHERE p.workspace_id = $1 AND p.superseded_at IS NULL ORDER BY 1, 3, 2`),
    flags:
      await rig.rows(`SELECT a.name, f.rule, date_trunc('second', f.opened_at) AS opened, date_trunc('second', f.cleared_at) AS cleared, f.severity
      FROM flag f JOIN account a ON a.workspace_id = f.workspace_id AND a.account_id = f.account_id
      WHERE f.workspace_id = $1 AND f.superseded_at IS NULL ORDER BY 1, 2, 3`),
  };
}

/** Leaves out mail of people whom the CRM does not know: Salesforce files none of it, and a mailbox would tell of it in both. */
function filed(map: Mapper): Mapper {
  return (raw, context) => {
    const mapped = map(raw, context);
    const nowhere = mapped.outcome === 'stored' && mapped.events.every((event) => event.subject === undefined);
    return nowhere ? { outcome: 'ignored', reason: 'filed_nowhere' } : mapped;
  };
}

it('the sample company has the same stages and flags whichever CRM holds it', async () => {
  const org = await SalesforceOrg.start({ seed: seedFromWorld(world) });
  const portal = await HubSpotPortal.start({ seed: hubSpotSeed(world) });
  try {
    const { url } = org.rig;
    const token = org.rig.token(INTEGRATION_USER);
    const ofSalesforce: AnyConnector = {
      ...salesforce,
      connect: (session) =>
        salesforce.connect({
          ...session,
          accessToken: () => Promise.resolve(token),
          baseUrls: { login: url, instance: url },
        }),
    };
    const hubSpotToken = portal.rig.token();
    const ofHubSpot: AnyConnector = {
      ...hubspot,
      streams: hubspot.streams.map((stream) =>
        stream.name === 'emails' ? { ...stream, map: filed(stream.map) } : stream,
      ),
      connect: (session) =>
        hubspot.connect({
          ...session,
          accessToken: () => Promise.resolve(hubSpotToken),
          baseUrls: { app: portal.rig.url, api: portal.rig.url },
        }),
    };
    const here = await judged(ofSalesforce, sampleOrgs.main, declaration);
    const there = await judged(ofHubSpot, String(samplePortals.main), hubSpotDeclaration);
    expect(here).toEqual(there);
    expect(here).toMatchObject({
      stages: expect.arrayContaining([expect.anything()]),
      flags: expect.arrayContaining([expect.anything()]),
    });
  } finally {
    await org.rig.close();
    await portal.rig.close();
  }
}, 120_000);
