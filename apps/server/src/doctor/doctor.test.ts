import type { Finding } from '@waymark/connector-kit';
import {
  addHints,
  activeDefinitions,
  enqueue,
  openStream,
  readSettings,
  recordFault,
  saveGrant,
  saveWritebackMapping,
  setAside,
  setStatus,
  upsertAccounts,
  writeSettings,
  writeSlackDestination,
  accounts,
  type Tx,
} from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { v7 as uuidv7 } from 'uuid';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY, furnish, now, openOn, type Furnished } from '../status/testing/furnished.ts';
import type { Waymark } from '../waymark.ts';
import { runDoctor } from './doctor.ts';

const HOUR = 3_600_000;

/** The outside world as the doctor asks it: Gmail, HubSpot and Slack in a few answers that a test can change. */
interface World {
  mailbox: { status: number; address: string };
  messages: readonly string[];
  channel: Record<string, unknown>;
  bot: Record<string, unknown>;
  properties: { name: string; type: string; options: { value: string; label: string }[] }[];
}

describe('the doctor', () => {
  let database: TestDatabase;
  let waymark: Waymark;
  let acme: Furnished;
  let server: Server;
  let made = 0;
  const world: World = {
    mailbox: { status: 200, address: '' },
    messages: [],
    channel: { ok: true, channel: { name: 'cs', is_member: true } },
    bot: { ok: true },
    properties: [],
  };
  const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    waymark.database.inWorkspace(acme.workspace.workspaceId, work);
  const examine = (live = false): Promise<readonly Finding[]> =>
    runDoctor(waymark, acme.workspace.workspaceId, { live });
  const codes = async (live = false): Promise<readonly string[]> => (await examine(live)).map((one) => one.code);
  const found = async (code: string, live = false): Promise<Finding | undefined> =>
    (await examine(live)).find((one) => one.code === code);

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://x').pathname;
      const say = (status: number, body: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      };
      if (path.endsWith('/profile')) {
        const { status, address } = world.mailbox;
        return say(
          status,
          status === 200 ? { emailAddress: address, historyId: '1' } : { error: { code: status, message: 'gone' } },
        );
      }
      if (path.endsWith('/messages')) return say(200, { messages: world.messages.map((id) => ({ id, threadId: id })) });
      if (path === '/api/auth.test') return say(200, world.bot);
      if (path === '/api/conversations.info') return say(200, world.channel);
      if (path.includes('/token')) return say(400, { error: 'invalid_grant' });
      if (path.startsWith('/account-info/')) return say(200, { portalId: 4711, portalName: 'Acme' });
      const name = /^\/crm\/properties\/[^/]+\/companies\/(\w+)$/.exec(path)?.[1];
      if (name !== undefined) {
        const property = world.properties.find((one) => one.name === name);
        return property ? say(200, property) : say(404, { message: 'no such property', category: 'OBJECT_NOT_FOUND' });
      }
      if (path.startsWith('/crm/properties/')) return say(200, { results: world.properties });
      if (path.endsWith('/search')) return say(200, { total: 2, results: [] });
      if (path.startsWith('/crm/pipelines/')) return say(200, { results: [] });
      return say(404, { message: 'not here' });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    database = await testDatabase();
    waymark = await openOn(database, {
      WAYMARK_GOOGLE_URL: url,
      WAYMARK_HUBSPOT_URL: url,
      WAYMARK_SLACK_URL: url,
      WAYMARK_PUBLIC_URL: 'https://waymark.example',
    });
  });
  beforeEach(async () => {
    made += 1;
    acme = await furnish(waymark, database, `acme${made}`, { defaultChannel: 'C0DEFAULT1' });
    world.mailbox = { status: 200, address: `maya@acme${made}-vendor.example` };
    world.messages = [];
    world.channel = { ok: true, channel: { name: 'cs', is_member: true } };
    world.bot = { ok: true };
    world.properties = [];
    await grant('slack', 'slack', [], { teamId: 'T1', alertsFrom: now });
    await inside((tx) =>
      tx.query('UPDATE member SET slack_user_id = $2 WHERE workspace_id = $1', [tx.workspaceId, 'U1']),
    );
  });
  afterAll(async () => {
    await waymark.close();
    await database.close();
    server.close();
  });

  /** Adds an installation with a sealed token. */
  async function grant(
    connector: string,
    provider: string,
    grantedScopes: string[],
    settings: Record<string, unknown> = {},
  ): Promise<string> {
    const installationId = uuidv7();
    const accessToken = await waymark.sealer.seal(
      acme.workspace.workspaceId,
      installationId,
      'access_token',
      'secret-token',
    );
    await inside((tx) =>
      saveGrant(
        tx,
        {
          installationId,
          connector,
          provider,
          externalAccountId: connector === 'hubspot' ? '4711' : `${connector}-${made}`,
          label: `${connector} of acme`,
          address: null,
          settings,
          grantedScopes,
          accessToken,
          refreshToken: null,
          accessExpiresAt: null,
        },
        now - 30 * DAY,
      ),
    );
    return installationId;
  }

  it('finds nothing broken where nothing is, with and without asking the providers', async () => {
    const broken = (await examine(true)).filter((one) => one.severity !== 'info');
    // The clock of the test stands still, the database's does not.
    expect(broken.map((one) => one.code)).toEqual(['clock_skew']);
  });

  it('gives every finding a fix, the worst first', async () => {
    await inside((tx) => setStatus(tx, acme.installationId, 'needs_auth', 'The grant was taken back.', now));
    const findings = await examine();
    expect(findings.every((one) => one.fix.length > 10 && one.message.length > 10)).toBe(true);
    const rank = findings.map((one) => ['error', 'warning', 'info'].indexOf(one.severity));
    expect(rank).toEqual(rank.toSorted());
  });

  it('names a dead grant and how to renew it (E2), and Google’s testing mode (E4)', async () => {
    await inside((tx) => setStatus(tx, acme.installationId, 'needs_auth', 'invalid_grant', now));
    expect(await found('token_revoked')).toMatchObject({
      severity: 'error',
      fix: expect.stringContaining('waymark install gmail'),
    });
    // The operator's own address of Google has no testing mode.
    expect(await codes()).not.toContain('google_testing_mode');
  });

  it('names each stream whose scope was not granted (E6)', async () => {
    await grant('hubspot', 'hubspot', ['oauth', 'crm.objects.companies.read', 'crm.objects.owners.read']);
    const missing = (await examine()).filter((one) => one.code === 'scope_missing');
    expect(missing.length).toBeGreaterThan(1);
    expect(missing.some((one) => one.message.includes('tickets'))).toBe(true);
  });

  it('names a fault with what it means, and a stream that is behind its poll', async () => {
    const key = { installationId: acme.installationId, stream: 'messages', partition: '' };
    expect(await codes()).not.toContain('cursor_stale');
    await database.asOwner(`UPDATE stream_state SET last_success_at = $2 WHERE workspace_id = $1`, [
      acme.workspace.workspaceId,
      new Date(now - 3 * HOUR),
    ]);
    expect((await found('cursor_stale'))?.message).toContain('180 minutes ago');
    await inside((tx) =>
      recordFault(tx, key, { kind: 'rejected', message: 'Google refuses.', pausedReason: null }, now - 2 * HOUR),
    );
    expect(await found('stream_fault')).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('Google refuses.'),
    });
  });

  it('names a webhook that does not deliver: changes came by polling and no hint', async () => {
    const hubspot = await grant('hubspot', 'hubspot', []);
    await inside((tx) => openStream(tx, { installationId: hubspot, stream: 'companies', partition: '', label: '' }));
    expect(await codes()).not.toContain('webhook_silent');
    await database.asOwner(
      `UPDATE journey_event SET installation_id = $2, origin = 'live', recorded_at = $3 WHERE workspace_id = $1 AND event_id = $4`,
      [acme.workspace.workspaceId, hubspot, new Date(now - HOUR), acme.eventIds[0]],
    );
    expect(await found('webhook_silent')).toMatchObject({
      fix: expect.stringContaining('https://waymark.example/webhooks/hubspot'),
    });
    await inside((tx) =>
      addHints(tx, [
        { installationId: hubspot, stream: 'companies', dedupeKey: '1', externalIds: [], receivedAt: now - 1000 },
      ]),
    );
    expect(await codes()).not.toContain('webhook_silent');
  });

  it('names that no account is a customer, customers without a CSM and CSMs without a Slack user (G9)', async () => {
    await inside((tx) => tx.query('UPDATE member SET slack_user_id = NULL WHERE workspace_id = $1', [tx.workspaceId]));
    expect((await found('csm_without_slack'))?.message).toContain(`maya@acme${made}-vendor.example`);
    await inside(async (tx) => {
      const all = await accounts(tx);
      await upsertAccounts(
        tx,
        all.map((one) => ({ ...one, csmEmail: null, csmBasis: null, attributes: {} })),
        now,
      );
    });
    expect((await found('csm_missing'))?.message).toContain('2 of 2 customers');
    await inside(async (tx) => {
      const all = await accounts(tx);
      await upsertAccounts(
        tx,
        all.map((one) => ({ ...one, isCustomer: false, attributes: {} })),
        now,
      );
    });
    expect(await found('no_customers')).toMatchObject({ severity: 'error' });
  });

  it('names alerts in doubt, records set aside, a missing journey, default channel and own domain', async () => {
    await inside(async (tx) => {
      for (const [index, state] of ['uncertain', 'failed'].entries()) {
        await enqueue(
          tx,
          {
            alertKey: `k${index}`,
            messageId: uuidv7(),
            teamId: 'T1',
            action: 'post',
            payload: {},
            heldUntil: null,
            heldReason: null,
          },
          now,
        );
        await tx.query('UPDATE outbox SET state = $2 WHERE workspace_id = $1 AND alert_key = $3', [
          tx.workspaceId,
          state,
          `k${index}`,
        ]);
      }
      await setAside(
        tx,
        [
          {
            sourceId: uuidv7(),
            installationId: acme.installationId,
            stream: 'messages',
            externalId: '1',
            reason: 'schema',
            detail: 'id: expected a string',
            raw: Buffer.from('x'),
          },
        ],
        now,
      );
      await tx.query('UPDATE journey_definition SET retired_at = $2 WHERE workspace_id = $1', [
        tx.workspaceId,
        new Date(now),
      ]);
      await writeSettings(tx, { ...(await readSettings(tx)), defaultChannel: null, ownDomains: [] }, now);
      expect(await activeDefinitions(tx)).toEqual([]);
    });
    expect(await codes()).toEqual(
      expect.arrayContaining([
        'alerts_uncertain',
        'alerts_failed',
        'records_set_aside',
        'no_journey',
        'default_channel_missing',
        'own_domains_missing',
      ]),
    );
  });

  it('names a paused Slack destination and a missing Slack install', async () => {
    await inside((tx) =>
      writeSlackDestination(
        tx,
        'T1',
        {
          destination: 'channel:C1',
          channel: 'C1',
          pausedReason: 'is_archived',
          toldAdminAt: null,
        },
        now,
      ),
    );
    expect((await found('destination_paused'))?.message).toContain('is_archived');
    await database.asOwner(`DELETE FROM installation WHERE workspace_id = $1 AND connector = 'slack'`, [
      acme.workspace.workspaceId,
    ]);
    expect(await found('slack_missing')).toMatchObject({ severity: 'error' });
  });

  it('asks Slack: a dead token, an archived default channel, a bot that was not invited', async () => {
    world.channel = { ok: true, channel: { name: 'cs-alerts', is_archived: true } };
    expect(await found('channel_unusable', true)).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('cs-alerts'),
    });
    world.channel = { ok: true, channel: { name: 'cs-alerts', is_member: false } };
    expect((await found('channel_unusable', true))?.message).toContain('not in it');
    world.bot = { ok: false, error: 'token_revoked' };
    expect((await found('token_revoked', true))?.message).toContain('token_revoked');
  });

  it('asks the mailbox: another account behind the grant (B7), and one that refuses', async () => {
    world.mailbox = { status: 200, address: 'someone.else@example.com' };
    expect(await found('other_account', true)).toMatchObject({ severity: 'error' });
    world.mailbox = { status: 403, address: '' };
    expect(await codes(true)).toContain('provider_unreachable');
  });

  it('compares what the mailbox lists with what is known: no mail is missing without a trace (A11)', async () => {
    await database.asOwner(
      `INSERT INTO source_object (workspace_id, source_id, installation_id, stream, partition, object, external_id, version, content_digest,
         generation, outcome, events, first_seen_at, last_seen_at) VALUES ($1, $2, $3, 'messages', '', 'message', 'known', '1', '', 1, 'ignored', 0, $4, $4)`,
      [acme.workspace.workspaceId, uuidv7(), acme.installationId, new Date(now)],
    );
    world.messages = ['known'];
    expect(await codes(true)).not.toContain('count_differs');
    world.messages = ['known', 'lost'];
    expect((await found('count_differs', true))?.message).toContain(
      'lists 2 records of the last 14 days, and 1 of them are not known here, such as lost',
    );
  });

  it('names unmapped stages and options that the CRM does not have (H3)', async () => {
    const hubspot = await grant('hubspot', 'hubspot', ['crm.objects.companies.read', 'crm.objects.companies.write']);
    world.properties = [
      { name: 'waymark_stage', type: 'enumeration', options: [{ value: 'retention', label: 'Retention' }] },
    ];
    await inside((tx) =>
      saveWritebackMapping(tx, {
        mappingId: uuidv7(),
        installationId: hubspot,
        journey: 'lifecycle',
        property: 'waymark_stage',
        values: { retention: 'retention', engagement: 'engaged', churn: null },
        allowBackward: false,
        approvedAt: null,
        approvedBy: null,
        enabled: true,
        createdAt: now,
      }),
    );
    // The declaration is checked against the CRM as well: `lifecyclestage`, the default, is not among its properties.
    expect(await codes(true)).toContain('property_missing');
    expect((await found('unmapped_stage', true))?.message).toContain('onboarding');
    expect((await found('option_missing', true))?.message).toContain('engaged');
  });

  it('says nothing that holds a token (I7), and nothing of another workspace', async () => {
    world.mailbox = { status: 401, address: '' };
    const text = JSON.stringify(await examine(true));
    expect(text).not.toMatch(/secret-token|token-of-/);
    for (let other = 1; other < made; other += 1) expect(text).not.toContain(`acme${other}-vendor`);
  });
});
