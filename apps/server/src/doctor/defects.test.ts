import {
  accounts,
  addExclusion,
  addHints,
  enqueue,
  openStream,
  readSettings,
  recordFault,
  saveWritebackMapping,
  setAside,
  setStatus,
  upsertAccounts,
  writeSettings,
  writeSlackDestination,
  type Tx,
} from '@waymark/store';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY, now } from '../status/testing/furnished.ts';
import { loadConnector } from '../registry.ts';
import { openClinic, type Clinic } from './testing/clinic.ts';

const HOUR = 3_600_000;
/** The clock of these tests stands still and the database's does not: the one defect that every test has. */
const always = 'clock_skew';

/** One thing done to a healthy install, with what the doctor is to call it. */
interface Defect {
  readonly codes: readonly string[];
  readonly plant: (install: Install) => Promise<unknown>;
}

interface Install {
  readonly clinic: Clinic;
  readonly gmail: string;
  readonly hubspot: string;
}

const stream = async (install: Install, name: string, set: string, value: unknown) => {
  const { workspaceId } = install.clinic.patient().workspace;
  await install.clinic.database.asOwner(
    `UPDATE stream_state SET ${set} WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND $4::text IS NOT NULL`,
    [workspaceId, install.hubspot, name, value instanceof Date ? value.toISOString() : value],
  );
};
const change = (install: Install, sql: string, ...values: unknown[]) =>
  install.clinic.inside((tx) => tx.query(sql, [tx.workspaceId, ...values]));
const messages = (installationId: string) => ({ installationId, stream: 'messages', partition: '' });
const alert = async (tx: Tx, state: string) => {
  await enqueue(
    tx,
    {
      alertKey: state,
      messageId: uuidv7(),
      teamId: 'T1',
      action: 'post',
      payload: {},
      heldUntil: null,
      heldReason: null,
    },
    now - 2 * HOUR,
  );
  await tx.query('UPDATE outbox SET state = $2 WHERE workspace_id = $1 AND alert_key = $3', [
    tx.workspaceId,
    state,
    state,
  ]);
};

const defects: Readonly<Record<string, Defect>> = {
  'a dead grant (E2)': {
    codes: ['token_revoked'],
    plant: async ({ clinic }) => {
      const id = await clinic.grant('google-calendar', 'google', ['https://www.googleapis.com/auth/calendar.readonly']);
      await clinic.inside((tx) => setStatus(tx, id, 'needs_auth', 'invalid_grant', now));
    },
  },
  'a mailbox that is read and tells nothing': {
    codes: ['source_silent'],
    plant: ({ clinic, gmail }) => clinic.silence(gmail),
  },
  'a grant that was refused once (E2)': {
    codes: ['grant_refused'],
    plant: (one) =>
      change(
        one,
        'UPDATE installation SET revoked_signals = 1 WHERE workspace_id = $1 AND installation_id = $2',
        one.gmail,
      ),
  },
  'a scope that was not granted (E6)': {
    codes: ['scope_missing'],
    plant: (one) =>
      change(
        one,
        `UPDATE installation SET granted_scopes = array_remove(granted_scopes, 'tickets') WHERE workspace_id = $1 AND installation_id = $2`,
        one.hubspot,
      ),
  },
  'a stream that the provider refuses': {
    codes: ['stream_fault'],
    plant: ({ clinic, gmail }) =>
      clinic.inside((tx) =>
        recordFault(
          tx,
          messages(gmail),
          { kind: 'rejected', message: 'Google refuses.', pausedReason: null },
          now - 2 * HOUR,
        ),
      ),
  },
  'a stream that nobody reads (A11)': {
    codes: ['cursor_stale'],
    plant: (one) => stream(one, 'companies', 'last_success_at = $4::timestamptz', new Date(now - 3 * HOUR)),
  },
  'a history that never ends': {
    codes: ['never_read_through'],
    plant: (one) => stream(one, 'emails', 'last_success_at = NULL', ''),
  },
  'a place of another version of the connector (B3)': {
    codes: ['cursor_unreadable'],
    plant: (one) =>
      stream(one, 'contacts', `cursor = $4::jsonb, cursor_kind = 'offset', cursor_format = 0`, '{"page": 7}'),
  },
  'an enumeration that never ends (A3)': {
    codes: ['enumeration_stuck'],
    plant: (one) =>
      stream(one, 'deals', `enumeration = 'e1', enumeration_started_at = $4::timestamptz`, new Date(now - 3 * DAY)),
  },
  'an enumeration that saw too little (B2)': {
    codes: ['deletions_held_back'],
    plant: (one) =>
      stream(one, 'companies', 'held_back = $4::jsonb', JSON.stringify({ records: 90, of: 100, at: now - HOUR })),
  },
  'a record that could not be read (I9)': {
    codes: ['records_set_aside'],
    plant: ({ clinic, gmail }) =>
      clinic.inside((tx) =>
        setAside(
          tx,
          [
            {
              sourceId: uuidv7(),
              installationId: gmail,
              stream: 'messages',
              externalId: '1',
              reason: 'schema',
              detail: 'id',
              raw: Buffer.from('x'),
            },
          ],
          now,
        ),
      ),
  },
  'a subscription that cannot be renewed (E7)': {
    codes: ['push_fault'],
    plant: (one) =>
      change(
        one,
        `INSERT INTO push_subscription (workspace_id, installation_id, target_key, stream, token_hash, secret, state, failures, fault, created_at)
         VALUES ($1, $2, 'mailbox', 'messages', 'hash', '', 'active', 3, $3::jsonb, $4)`,
        one.gmail,
        JSON.stringify({ kind: 'rejected', message: 'The topic is gone.', since: now - HOUR }),
        new Date(now - HOUR),
      ),
  },
  'webhooks that do not come (E8)': {
    codes: ['webhook_silent'],
    plant: (one) =>
      one.clinic.database.asOwner(
        `UPDATE journey_event SET installation_id = $2, origin = 'live', recorded_at = $3 WHERE workspace_id = $1 AND event_id = $4`,
        [
          one.clinic.patient().workspace.workspaceId,
          one.hubspot,
          new Date(now - HOUR),
          one.clinic.patient().eventIds[0],
        ],
      ),
  },
  'webhooks that nobody follows': {
    codes: ['hints_behind'],
    plant: ({ clinic, gmail }) =>
      clinic.inside((tx) =>
        addHints(tx, [
          { installationId: gmail, stream: 'messages', dedupeKey: '1', externalIds: [], receivedAt: now - 2 * HOUR },
        ]),
      ),
  },
  'mails that are missing without a trace (A11)': {
    codes: ['count_differs'],
    plant: ({ clinic }) => {
      clinic.world.messages = ['lost'];
      return Promise.resolve();
    },
  },
  'alerts in doubt, refused, and left lying': {
    codes: ['alerts_uncertain', 'alerts_failed', 'alerts_behind'],
    plant: ({ clinic }) =>
      clinic.inside(async (tx) => {
        for (const state of ['uncertain', 'failed', 'pending']) await alert(tx, state);
      }),
  },
  'a channel that was archived (G4)': {
    codes: ['channel_unusable'],
    plant: ({ clinic }) => {
      clinic.world.channel = { ok: true, channel: { name: 'cs', is_archived: true } };
      return Promise.resolve();
    },
  },
  'a destination that Slack refuses (G4)': {
    codes: ['destination_paused'],
    plant: ({ clinic }) =>
      clinic.inside((tx) =>
        writeSlackDestination(
          tx,
          'T1',
          { destination: 'channel:C1', channel: 'C1', pausedReason: 'not_in_channel', toldAdminAt: null },
          now,
        ),
      ),
  },
  'a Slack app with too few scopes': {
    codes: ['slack_scope_missing'],
    plant: (one) =>
      change(
        one,
        `UPDATE installation SET granted_scopes = array_remove(granted_scopes, 'im:write') WHERE workspace_id = $1 AND connector = 'slack'`,
      ),
  },
  'a customer of nobody': {
    codes: ['csm_missing'],
    plant: ({ clinic }) =>
      clinic.inside(async (tx) => {
        const all = await accounts(tx);
        const quiet = all.filter((one) => one.name.startsWith('Quiet'));
        await upsertAccounts(
          tx,
          quiet.map((one) => ({ ...one, csmEmail: null, csmBasis: null, attributes: {} })),
          now,
        );
      }),
  },
  'a CSM whose mailbox is not connected and whom Slack does not know (G9)': {
    codes: ['mailbox_not_watched', 'csm_without_slack'],
    plant: ({ clinic }) =>
      clinic.inside(async (tx) => {
        const calm = (await accounts(tx)).filter((one) => one.name.startsWith('Calm'));
        const nora = `nora@acme${clinic.number()}-vendor.example`;
        await upsertAccounts(
          tx,
          calm.map((one) => ({ ...one, csmEmail: nora, attributes: {} })),
          now,
        );
      }),
  },
  'an own domain that is not named': {
    codes: ['own_domain_unnamed'],
    plant: ({ clinic }) =>
      clinic.inside(async (tx) =>
        writeSettings(tx, { ...(await readSettings(tx)), ownDomains: ['elsewhere.example'] }, now),
      ),
  },
  'one mailbox in two installations, of which one opens another account (B7)': {
    codes: ['mailbox_twice', 'other_account', 'push_missing'],
    plant: async (one) => {
      const id = await one.clinic.grant('gmail', 'google', ['https://www.googleapis.com/auth/gmail.readonly']);
      const address = `maya@acme${one.clinic.number()}-vendor.example`;
      await change(
        one,
        'UPDATE installation SET address = $3 WHERE workspace_id = $1 AND installation_id = $2',
        id,
        address,
      );
      await one.clinic.inside((tx) => openStream(tx, { ...messages(id), label: '', sees: ['email'] }));
      await change(
        one,
        'UPDATE stream_state SET last_success_at = $3, backfilled_from = $3 WHERE workspace_id = $1 AND installation_id = $2',
        id,
        new Date(now - 60_000),
      );
    },
  },
  'an exclusion that takes a customer away': {
    codes: ['exclusion_swallows_customer'],
    plant: ({ clinic }) =>
      clinic.inside((tx) =>
        addExclusion(tx, {
          exclusionId: uuidv7(),
          kind: 'domain',
          value: `calm-acme${clinic.number()}.example`,
          other: '',
          scope: '',
          createdAt: now,
          createdBy: 'test',
        }),
      ),
  },
  'a declared property that the CRM does not have (D12)': {
    codes: ['property_missing'],
    plant: ({ clinic }) => {
      clinic.world.properties = clinic.world.properties.filter((one) => one.name !== 'hs_buying_role');
      return Promise.resolve();
    },
  },
  'a stage that nobody mapped and an option that the CRM does not have (H3)': {
    codes: ['unmapped_stage', 'option_missing'],
    plant: ({ clinic, hubspot }) =>
      clinic.inside((tx) =>
        saveWritebackMapping(tx, {
          mappingId: uuidv7(),
          installationId: hubspot,
          journey: 'lifecycle',
          property: 'waymark_stage',
          values: { retention: 'kept' },
          allowBackward: false,
          approvedAt: null,
          approvedBy: null,
          enabled: true,
          createdAt: now,
        }),
      ),
  },
  'an address from outside that leads nowhere': {
    codes: ['public_url_unreachable'],
    plant: ({ clinic }) => {
      clinic.world.health = 503;
      return Promise.resolve();
    },
  },
  'a clock that differs from the provider’s': {
    codes: ['clock_skew_provider'],
    plant: ({ clinic }) => {
      clinic.world.clock = now - 10 * 60_000;
      return Promise.resolve();
    },
  },
};

describe('the doctor, with an install that is broken on purpose', () => {
  let clinic: Clinic;
  let install: Install;
  beforeAll(async () => {
    clinic = await openClinic();
  });
  beforeEach(async () => {
    await clinic.nextPatient();
    install = await healthy(clinic);
  });
  afterAll(() => clinic.close());
  const wrong = async () =>
    (await clinic.examine(true)).filter((one) => one.severity !== 'info').map((one) => one.code);

  it('finds nothing wrong with the same install unbroken', async () => {
    expect(await clinic.codes(true)).toEqual([always]);
  });

  it('names all of the planted defects, each with its fix, and nothing else', async () => {
    for (const { plant } of Object.values(defects)) await plant(install);
    const planted = Object.values(defects).flatMap(({ codes }) => codes);
    expect(Object.keys(defects).length).toBeGreaterThanOrEqual(15);
    expect(new Set(planted).size).toBe(planted.length);
    const findings = (await clinic.examine(true)).filter((one) => one.severity !== 'info');
    expect([...new Set(findings.map((one) => one.code))].sort()).toEqual([...planted, always].sort());
    for (const one of findings) expect(one.fix.length).toBeGreaterThan(10);
  });

  it.each(Object.entries(defects))('by itself: %s', async (_name, { codes, plant }) => {
    await plant(install);
    expect([...new Set(await wrong())].sort()).toEqual([...codes, always].sort());
  });
});

/** A CRM beside the mailbox, read a minute ago through all of its streams, and what its provider says of it. */
async function healthy(clinic: Clinic): Promise<Install> {
  const { streams, write, manifest } = await loadConnector('hubspot');
  const scopes = [
    ...new Set([...manifest.baseScopes, ...streams.flatMap((one) => one.scopes), ...(write?.scopes ?? [])]),
  ];
  const hubspot = await clinic.grant('hubspot', 'hubspot', scopes);
  await clinic.inside(async (tx) => {
    for (const { name, sees } of streams)
      await openStream(tx, { installationId: hubspot, stream: name, partition: '', label: name, sees: sees ?? [] });
    await tx.query(
      `UPDATE stream_state SET last_success_at = $3, backfill_done_at = $4, backfilled_from = $4 WHERE workspace_id = $1 AND installation_id = $2`,
      [tx.workspaceId, hubspot, new Date(now - 60_000), new Date(now - 30 * DAY)],
    );
  });
  const options = [
    { value: 'customer', label: 'Customer' },
    { value: 'evangelist', label: 'Evangelist' },
  ];
  clinic.world.pipelines = [{ id: 'p1', label: 'Renewals', displayOrder: 0, stages: [] }];
  clinic.world.properties = [
    { name: 'lifecyclestage', type: 'enumeration', options },
    { name: 'hs_buying_role', type: 'enumeration', options: [] },
    { name: 'waymark_stage', type: 'enumeration', options: [{ value: 'retention', label: 'Retention' }] },
  ];
  return { clinic, gmail: clinic.patient().installationId, hubspot };
}
