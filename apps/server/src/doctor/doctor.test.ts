import {
  accounts,
  activeDefinitions,
  addHints,
  enqueue,
  openStream,
  readSettings,
  recordFault,
  setAside,
  setStatus,
  upsertAccounts,
  writeSettings,
  writeSlackDestination,
} from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY, now } from '../status/testing/furnished.ts';
import { runDoctor } from './doctor.ts';
import { openClinic, type Clinic } from './testing/clinic.ts';

const HOUR = 3_600_000;

describe('the doctor, by what is stored', () => {
  let clinic: Clinic;
  beforeAll(async () => {
    clinic = await openClinic();
  });
  beforeEach(() => clinic.nextPatient());
  afterAll(() => clinic.close());

  it('gives every finding a fix, the worst first', async () => {
    await clinic.inside((tx) =>
      setStatus(tx, clinic.patient().installationId, 'needs_auth', 'The grant was taken back.', now),
    );
    const findings = await clinic.examine();
    expect(findings.every((one) => one.fix.length > 10 && one.message.length > 10)).toBe(true);
    const rank = findings.map((one) => ['error', 'warning', 'info'].indexOf(one.severity));
    expect(rank).toEqual(rank.toSorted());
  });

  it('E4: says of an ended grant of Google, and of a young one, that the app may be in testing mode', async () => {
    const { waymark, patient, inside } = clinic;
    const { workspace, installationId } = patient();
    const atGoogle = { ...waymark, configuration: { ...waymark.configuration, providerUrls: {} } };
    const found = async (status: 'needs_auth' | 'active', createdAt: number) => {
      await inside((tx) => setStatus(tx, installationId, status, null, now));
      await clinic.database.asOwner('UPDATE installation SET created_at = $2 WHERE installation_id = $1', [
        installationId,
        new Date(createdAt),
      ]);
      const findings = await runDoctor(atGoogle, workspace.workspaceId, { live: false });
      return findings.filter((one) => one.code === 'google_testing_mode');
    };
    const fix = expect.stringContaining('set the app to Internal, or publish it');
    expect(await found('needs_auth', now - 30 * DAY)).toMatchObject([{ severity: 'warning', fix }]);
    expect(await found('active', now - 3 * DAY)).toMatchObject([{ severity: 'info', fix }]);
    expect(await found('active', now - 30 * DAY)).toEqual([]);
  });

  it('names a dead grant and how to renew it (E2)', async () => {
    await clinic.inside((tx) => setStatus(tx, clinic.patient().installationId, 'needs_auth', 'invalid_grant', now));
    expect(await clinic.found('token_revoked')).toMatchObject({
      severity: 'error',
      fix: expect.stringContaining('waymark install gmail'),
    });
    // The operator's own address of Google has no testing mode.
    expect(await clinic.codes()).not.toContain('google_testing_mode');
  });

  it('names each stream whose scope was not granted (E6)', async () => {
    await clinic.grant('hubspot', 'hubspot', ['oauth', 'crm.objects.companies.read', 'crm.objects.owners.read']);
    const missing = (await clinic.examine()).filter((one) => one.code === 'scope_missing');
    expect(missing.length).toBeGreaterThan(1);
    expect(missing.some((one) => one.message.includes('tickets'))).toBe(true);
  });

  it('names a fault with what it means, and a stream that is behind its poll', async () => {
    const key = { installationId: clinic.patient().installationId, stream: 'messages', partition: '' };
    expect(await clinic.codes()).not.toContain('cursor_stale');
    await clinic.database.asOwner(`UPDATE stream_state SET last_success_at = $2 WHERE workspace_id = $1`, [
      clinic.patient().workspace.workspaceId,
      new Date(now - 3 * HOUR),
    ]);
    expect((await clinic.found('cursor_stale'))?.message).toContain('180 minutes ago');
    await clinic.inside((tx) =>
      recordFault(tx, key, { kind: 'rejected', message: 'Google refuses.', pausedReason: null }, now - 2 * HOUR),
    );
    expect(await clinic.found('stream_fault')).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('Google refuses.'),
    });
  });

  it('names a webhook that does not deliver: changes came by polling and no hint', async () => {
    const hubspot = await clinic.grant('hubspot', 'hubspot', []);
    await clinic.inside((tx) =>
      openStream(tx, { installationId: hubspot, stream: 'companies', partition: '', label: '' }),
    );
    expect(await clinic.codes()).not.toContain('webhook_silent');
    await clinic.database.asOwner(
      `UPDATE journey_event SET installation_id = $2, origin = 'live', recorded_at = $3 WHERE workspace_id = $1 AND event_id = $4`,
      [clinic.patient().workspace.workspaceId, hubspot, new Date(now - HOUR), clinic.patient().eventIds[0]],
    );
    expect(await clinic.found('webhook_silent')).toMatchObject({
      fix: expect.stringContaining(`${clinic.url}/webhooks/hubspot`),
    });
    await clinic.inside((tx) =>
      addHints(tx, [
        { installationId: hubspot, stream: 'companies', dedupeKey: '1', externalIds: [], receivedAt: now - 1000 },
      ]),
    );
    expect(await clinic.codes()).not.toContain('webhook_silent');
  });

  it('names that no account is a customer, customers without a CSM and CSMs without a Slack user (G9)', async () => {
    await clinic.inside((tx) =>
      tx.query('UPDATE member SET slack_user_id = NULL WHERE workspace_id = $1', [tx.workspaceId]),
    );
    expect((await clinic.found('csm_without_slack'))?.message).toContain(`maya@acme${clinic.number()}-vendor.example`);
    await clinic.inside(async (tx) => {
      const all = await accounts(tx);
      await upsertAccounts(
        tx,
        all.map((one) => ({ ...one, csmEmail: null, csmBasis: null, attributes: {} })),
        now,
      );
    });
    expect((await clinic.found('csm_missing'))?.message).toContain('2 of 2 customers');
    await clinic.inside(async (tx) => {
      const all = await accounts(tx);
      await upsertAccounts(
        tx,
        all.map((one) => ({ ...one, isCustomer: false, attributes: {} })),
        now,
      );
    });
    expect(await clinic.found('no_customers')).toMatchObject({ severity: 'error' });
  });

  it('names alerts in doubt, records set aside, a missing journey, default channel and own domain', async () => {
    await clinic.inside(async (tx) => {
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
            installationId: clinic.patient().installationId,
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
    expect(await clinic.codes()).toEqual(
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
    await clinic.inside((tx) =>
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
    expect((await clinic.found('destination_paused'))?.message).toContain('is_archived');
    await clinic.database.asOwner(`DELETE FROM installation WHERE workspace_id = $1 AND connector = 'slack'`, [
      clinic.patient().workspace.workspaceId,
    ]);
    expect(await clinic.found('slack_missing')).toMatchObject({ severity: 'error' });
  });
});
