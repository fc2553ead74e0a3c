import { createHmac } from 'node:crypto';
import { installAddress } from '@waymark/server';
import { contentUuid, sourceId } from '@waymark/journey';
import { saveGrant, upsertAccounts, writeAccountRecords } from '@waymark/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGoogleHouse, type GoogleHouse } from './google-house.ts';

let house: GoogleHouse;
beforeAll(async () => {
  house = await openGoogleHouse();
}, 60_000);
afterAll(() => house?.close());

const settings = {
  signature: { kind: 'hmac', header: 'x-form-signature', prefix: 'sha256=' },
  mappings: [
    {
      name: 'survey',
      when: 'body.answers',
      id: 'item.token',
      type: 'survey.responded',
      time: 'item.at',
      subject: 'item.account',
      data: { score: 'item.answers[0].number', kind: "'nps'", respondent: 'item.email' },
    },
  ],
};
const install = (more: { readonly settings?: Record<string, unknown>; readonly rotate?: boolean } = {}) =>
  installAddress(house.waymark, {
    workspaceId: house.workspace.workspaceId,
    connector: 'webhook',
    label: 'survey',
    publicUrl: house.server.publicUrl,
    rotate: more.rotate === true,
    ...(more.settings && { settings: more.settings }),
  });

async function post(to: string, secret: string, body: unknown): Promise<number> {
  const text = JSON.stringify(body);
  const signature = `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`;
  const headers = { connection: 'close', 'content-type': 'application/json', 'x-form-signature': signature };
  const answer = await fetch(to, { method: 'POST', headers, body: text });
  await answer.text();
  return answer.status;
}
const form = (token: string, score: unknown, account: string | null = null) => ({
  token,
  at: '2026-10-01T08:00:00Z',
  account,
  email: 'noor@fjord.example',
  answers: [{ number: score }],
});
const surveys = () =>
  house.rows(
    `SELECT subject, match->>'reason' AS reason, account_id, attributes->>'score' AS score FROM journey_event
      WHERE superseded_at IS NULL AND type = 'survey.responded' ORDER BY subject NULLS FIRST, score`,
  );

describe('JSON that the settings map', () => {
  it('is signed by the header that they name, becomes events, and is corrected by a later form of it', async () => {
    const { address, secret, installationId } = await install({ settings });
    expect(await post(address, `${secret}x`, form('r1', 9))).toBe(401);
    for (const body of [form('r1', 9), form('r1', 9), form('r2', 3, 'fjord.example'), form('r3', 'ten')])
      expect(await post(address, secret ?? '', body)).toBe(202);
    expect(await house.run(installationId)).toMatchObject({ kind: 'ran', result: { faults: [], records: 3 } });
    expect(await surveys()).toMatchObject([
      { subject: null, score: '9', reason: 'unknown-domain' },
      { subject: 'fjord.example', score: '3', reason: 'unknown-record' },
    ]);
    const aside = await house.rows("SELECT reason, detail FROM set_aside WHERE stream = 'deliveries'");
    expect(aside).toMatchObject([{ reason: 'mapping', detail: expect.stringContaining('score') }]);

    await post(address, secret ?? '', form('r1', 6));
    await post(address, secret ?? '', form('r3', 10));
    expect(await house.run(installationId)).toMatchObject({ kind: 'ran', result: { faults: [] } });
    expect(await surveys()).toMatchObject([{ score: '10' }, { score: '6' }, { score: '3' }]);
    expect(await house.rows("SELECT 1 FROM set_aside WHERE stream = 'deliveries'")).toEqual([]);
  });

  it('keeps its mappings where the address alone is changed', async () => {
    const { address, secret, installationId } = await install({ rotate: true });
    expect(await post(address, secret ?? '', form('r4', 5))).toBe(202);
    expect(await house.run(installationId)).toMatchObject({ kind: 'ran', result: { faults: [], records: 1 } });
    expect(await surveys()).toHaveLength(4);
  });

  it('finds its account by the id that a CRM has for it, whichever CRM that is', async () => {
    const { workspaceId } = house.workspace;
    const [crm, account] = [contentUuid('crm'), contentUuid('account')];
    const now = new Date(house.google.clock.now);
    await house.database.inWorkspace(workspaceId, async (tx) => {
      const grant = {
        installationId: crm,
        connector: 'hubspot',
        provider: 'hubspot',
        externalAccountId: '1',
        label: 'CRM',
        address: null,
        settings: {},
        grantedScopes: [],
        accessToken: null,
        refreshToken: null,
        accessExpiresAt: null,
      };
      await saveGrant(tx, grant, now.getTime());
      const none = {
        csmEmail: null,
        csmBasis: null,
        customerSince: null,
        renewalAt: null,
        value: null,
        currency: null,
        tier: null,
        crmStage: null,
        timezone: null,
      };
      await upsertAccounts(
        tx,
        [{ accountId: account, name: 'Fjord', domain: null, isCustomer: true, attributes: {}, ...none }],
        now.getTime(),
      );
      const fact = { kind: 'account' as const, externalId: '4711', name: 'Fjord', domains: [], isCustomer: true };
      await writeAccountRecords(
        tx,
        [
          {
            installationId: crm,
            externalId: '4711',
            accountId: account,
            fact,
            sourceId: sourceId(workspaceId, crm, 'companies', '4711'),
          },
        ],
        now.getTime(),
      );
    });
    const { address, secret, installationId } = await install({ rotate: true });
    await post(address, secret ?? '', form('r5', 8, '4711'));
    await house.run(installationId);
    expect((await surveys()).find(({ score }) => score === '8')).toMatchObject({
      reason: 'record',
      account_id: account,
    });
  });
});
