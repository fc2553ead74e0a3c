import { saveWritebackMapping } from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { now } from '../status/testing/furnished.ts';
import { openClinic, type Clinic } from './testing/clinic.ts';

describe('the doctor, asking the providers', () => {
  let clinic: Clinic;
  beforeAll(async () => {
    clinic = await openClinic();
  });
  beforeEach(() => clinic.nextPatient());
  afterAll(() => clinic.close());

  it('finds nothing broken where nothing is, with and without asking the providers', async () => {
    const broken = (await clinic.examine(true)).filter((one) => one.severity !== 'info');
    // The clock of the test stands still, the database's does not.
    expect(broken.map((one) => one.code)).toEqual(['clock_skew']);
  });

  it('asks Slack: a dead token, an archived default channel, a bot that was not invited', async () => {
    clinic.world.channel = { ok: true, channel: { name: 'cs-alerts', is_archived: true } };
    expect(await clinic.found('channel_unusable', true)).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('cs-alerts'),
    });
    clinic.world.channel = { ok: true, channel: { name: 'cs-alerts', is_member: false } };
    expect((await clinic.found('channel_unusable', true))?.message).toContain('not in it');
    clinic.world.bot = { ok: false, error: 'token_revoked' };
    expect((await clinic.found('token_revoked', true))?.message).toContain('token_revoked');
  });

  it('asks the mailbox: another account behind the grant (B7), and one that refuses', async () => {
    clinic.world.mailbox = { status: 200, address: 'someone.else@example.com' };
    expect(await clinic.found('other_account', true)).toMatchObject({ severity: 'error' });
    clinic.world.mailbox = { status: 403, address: '' };
    expect(await clinic.codes(true)).toContain('provider_unreachable');
  });

  it('compares what the mailbox lists with what is known: no mail is missing without a trace (A11)', async () => {
    await clinic.database.asOwner(
      `INSERT INTO source_object (workspace_id, source_id, installation_id, stream, partition, object, external_id, version, content_digest,
         generation, outcome, events, first_seen_at, last_seen_at) VALUES ($1, $2, $3, 'messages', '', 'message', 'known', '1', '', 1, 'ignored', 0, $4, $4)`,
      [clinic.patient().workspace.workspaceId, uuidv7(), clinic.patient().installationId, new Date(now)],
    );
    clinic.world.messages = ['known'];
    expect(await clinic.codes(true)).not.toContain('count_differs');
    clinic.world.messages = ['known', 'lost'];
    expect((await clinic.found('count_differs', true))?.message).toContain(
      'lists 2 records of the last 14 days, and 1 of them are not known here, such as lost',
    );
  });

  it('names unmapped stages and options that the CRM does not have (H3)', async () => {
    const hubspot = await clinic.grant('hubspot', 'hubspot', [
      'crm.objects.companies.read',
      'crm.objects.companies.write',
    ]);
    clinic.world.properties = [
      { name: 'waymark_stage', type: 'enumeration', options: [{ value: 'retention', label: 'Retention' }] },
    ];
    await clinic.inside((tx) =>
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
    expect(await clinic.codes(true)).toContain('property_missing');
    expect((await clinic.found('unmapped_stage', true))?.message).toContain('onboarding');
    expect((await clinic.found('option_missing', true))?.message).toContain('engaged');
  });

  it('says nothing that holds a token (I7), and nothing of another workspace', async () => {
    clinic.world.mailbox = { status: 401, address: '' };
    const text = JSON.stringify(await clinic.examine(true));
    expect(text).not.toMatch(/secret-token|token-of-/);
    for (let other = 1; other < clinic.number(); other += 1) expect(text).not.toContain(`acme${other}-vendor`);
  });
});
