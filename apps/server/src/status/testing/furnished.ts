import { contentUuid, eventId, sourceId, type Participant } from '@waymark/journey';
import {
  addAssignments,
  appendEvents,
  commitCursor,
  createToken,
  openStream,
  recordAudit,
  saveGrant,
  takeLease,
  upsertAccounts,
  upsertContacts,
  upsertMember,
  wakeAccounts,
  type EventRow,
  type Workspace,
  type WorkspaceSettings,
} from '@waymark/store';
import type { TestDatabase } from '@waymark/store/testing';
import { foldDue, refreshQueue } from '@waymark/sync';
import { pino } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { readConfiguration } from '../../configuration.ts';
import { activateTemplate } from '../../definitions.ts';
import { openWaymark, type Waymark } from '../../waymark.ts';

export const DAY = 86_400_000;

/** The instant at which the tests stand. */
export const now = Date.UTC(2026, 5, 15, 10);

/** Opens the server's parts on a test's own database, with a clock that stands still. */
export function openOn(database: TestDatabase, env: Readonly<Record<string, string>> = {}): Promise<Waymark> {
  const configuration = readConfiguration({
    DATABASE_URL: database.url,
    WAYMARK_ADMIN_DATABASE_URL: database.adminUrl,
    // The key under which `testDatabase` seals.
    WAYMARK_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    WAYMARK_HOME: '/nonexistent/waymark-test',
    ...env,
  });
  return openWaymark(configuration, { now: () => now, log: pino({ level: 'silent' }), assertStatements: true });
}

/** What a furnished workspace holds, by name. */
export interface Furnished {
  readonly workspace: Workspace;
  readonly token: string;
  /** A word that stands in every name, domain and address of this workspace, and nowhere else. */
  readonly mark: string;
  readonly quietAccountId: string;
  readonly calmAccountId: string;
  readonly installationId: string;
  readonly eventIds: readonly string[];
}

/**
 * A workspace with a mailbox, two customers (one gone quiet, one in touch), contacts, a hundred mails and meetings, an unmatched
 * sender and an audit entry; folded by the nine stages. Names hold markup, so that a page that does not escape is found out.
 */
export async function furnish(
  waymark: Waymark,
  database: TestDatabase,
  mark: string,
  settings: z.input<typeof WorkspaceSettings> = {},
): Promise<Furnished> {
  const workspace = await database.newWorkspace(mark, { ownDomains: [`${mark}-vendor.example`], ...settings });
  const { workspaceId } = workspace;
  const { token } = await waymark.database.global((tx) => createToken(tx, workspaceId));
  await activateTemplate(waymark, workspaceId, 'nine-stages', 'test');
  const installationId = await addMailbox(waymark, workspaceId, mark);
  const quietAccountId = uuidv7();
  const calmAccountId = uuidv7();
  const eventIds: string[] = [];
  await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const account = (accountId: string, name: string, domain: string) => ({
      accountId,
      name: `${name} ${mark} <script>alert("${mark}")</script>`,
      domain,
      isCustomer: true,
      csmEmail: `maya@${mark}-vendor.example`,
      csmBasis: 'csm' as const,
      customerSince: now - 400 * DAY,
      renewalAt: now + 200 * DAY,
      value: 12_000,
      currency: 'EUR',
      tier: 'gold',
      crmStage: 'customer',
      timezone: null,
      attributes: {},
    });
    await upsertAccounts(
      tx,
      [
        account(quietAccountId, 'Quiet', `quiet-${mark}.example`),
        account(calmAccountId, 'Calm', `calm-${mark}.example`),
      ],
      now,
    );
    await upsertMember(
      tx,
      {
        memberId: uuidv7(),
        email: `maya@${mark}-vendor.example`,
        name: `Maya ${mark}`,
        crmOwnerId: null,
        active: true,
      },
      now,
    );
    const assigned = [quietAccountId, calmAccountId].map((accountId, index) => ({
      assignmentId: uuidv7(),
      kind: 'domain' as const,
      subject: `${index === 0 ? 'quiet' : 'calm'}-${mark}.example`,
      accountId,
      basis: 'crm' as const,
      detail: null,
      knownFrom: now - 400 * DAY,
      by: null,
    }));
    await addAssignments(tx, assigned);
    await upsertContacts(
      tx,
      [
        {
          contactId: uuidv7(),
          installationId,
          externalId: '1',
          accountId: quietAccountId,
          name: `Ann <b>${mark}</b>`,
          title: 'Head of “Things” & more',
          persona: 'user',
          addresses: [`ann@quiet-${mark}.example`],
          leftAt: null,
          accountExternalIds: [],
          sourceId: null,
        },
      ],
      now,
    );
    const rows = [
      // Mail every five days until 60 days ago, then silence.
      ...Array.from({ length: 50 }, (_, index) => 60 + index * 5).map((ago) => ({
        accountId: quietAccountId,
        who: 'quiet',
        ago,
      })),
      ...Array.from({ length: 50 }, (_, index) => 1 + index * 6).map((ago) => ({
        accountId: calmAccountId,
        who: 'calm',
        ago,
      })),
    ].flatMap(({ accountId, who, ago }) => [
      mail(workspaceId, installationId, {
        accountId,
        mark,
        from: `ann@${who}-${mark}.example`,
        at: now - ago * DAY,
        inbound: true,
      }),
      mail(workspaceId, installationId, {
        accountId,
        mark,
        from: `ann@${who}-${mark}.example`,
        at: now - ago * DAY + 3_600_000,
        inbound: false,
      }),
    ]);
    await appendEvents(tx, rows);
    eventIds.push(...rows.map((row) => row.eventId));
    const stranger = { accountId: null, mark, from: `someone@stranger-${mark}.example`, at: now - DAY, inbound: true };
    await appendEvents(tx, [mail(workspaceId, installationId, stranger)]);
    await refreshQueue(tx);
    await recordAudit(tx, {
      at: now,
      actor: `maya@${mark}-vendor.example`,
      action: 'test.furnished',
      subject: mark,
      detail: {},
    });
    await wakeAccounts(
      tx,
      [quietAccountId, calmAccountId].map((accountId) => ({ accountId, earliest: 0 })),
      now,
    );
  });
  await foldDue({
    database: waymark.database,
    workspaceId,
    now: waymark.now,
    point: waymark.point,
    afterFold: () => Promise.resolve(),
  });
  return { workspace, token, mark, quietAccountId, calmAccountId, installationId, eventIds };
}

/** A mailbox that was read through a minute ago, from 400 days back. */
async function addMailbox(waymark: Waymark, workspaceId: string, mark: string): Promise<string> {
  const installationId = contentUuid('installation', workspaceId, 'gmail', mark);
  const seal = (field: string) => waymark.sealer.seal(workspaceId, installationId, field, `token-of-${mark}`);
  const accessToken = await seal('access_token');
  const refreshToken = await seal('refresh_token');
  await waymark.database.inWorkspace(workspaceId, async (tx) => {
    await saveGrant(
      tx,
      {
        installationId,
        connector: 'gmail',
        provider: 'google',
        externalAccountId: `maya@${mark}-vendor.example`,
        label: `maya@${mark}-vendor.example`,
        address: `maya@${mark}-vendor.example`,
        settings: {},
        grantedScopes: ['https://www.googleapis.com/auth/gmail.readonly'],
        accessToken,
        refreshToken,
        accessExpiresAt: now + 3_600_000,
      },
      now - 300 * DAY,
    );
    const key = { installationId, stream: 'messages', partition: '' };
    const state = await openStream(tx, { ...key, label: '', sees: ['email'] });
    const fence = await takeLease(tx, installationId, 'test', now - 60_000, 1000);
    await commitCursor(tx, {
      ...key,
      cursor: { phase: 'live', historyId: '7' },
      cursorKind: 'gmail-history',
      cursorFormat: 1,
      seenVersion: state.cursorVersion,
      leaseFence: fence ?? 0,
      records: 200,
      expected: 200,
      enumeration: null,
      at: now - 60_000,
      done: true,
      backfilledFrom: now - 400 * DAY,
    });
  });
  return installationId;
}

function mail(
  workspaceId: string,
  installationId: string,
  one: {
    readonly accountId: string | null;
    readonly mark: string;
    readonly from: string;
    readonly at: number;
    readonly inbound: boolean;
  },
): EventRow {
  const type = one.inbound ? 'email.received' : 'email.sent';
  const identity = `mail:${one.from}|${one.at}`;
  const domain = one.from.slice(one.from.indexOf('@') + 1);
  const customer = { address: one.from, name: `Ann <i>${one.mark}</i>` };
  const vendor = { address: `maya@${one.mark}-vendor.example`, name: 'Maya' };
  const participants: Participant[] = one.inbound
    ? [
        { role: 'from', ...customer },
        { role: 'to', ...vendor },
      ]
    : [
        { role: 'from', ...vendor },
        { role: 'to', ...customer },
      ];
  return {
    eventId: eventId(workspaceId, identity, type),
    sourceId: sourceId(workspaceId, installationId, 'message', identity),
    generation: 1,
    content: contentUuid('content', identity),
    type,
    occurredAt: one.at,
    recordedAt: one.at,
    knownAssumed: true,
    rank: 0,
    origin: 'backfill',
    touchpoint: 'email',
    direction: one.inbound ? 'inbound' : 'outbound',
    automated: false,
    subject: null,
    participants,
    attributes: { subject: `Order for ${one.mark} <img src=x onerror=alert(1)>` },
    connector: 'gmail',
    installationId,
    object: 'message',
    externalId: identity,
    url: null,
    thread: null,
    accountId: one.accountId,
    match:
      one.accountId === null
        ? { accountId: null, reason: 'unknown-domain', subjects: [{ kind: 'domain', subject: domain }], lost: [] }
        : { accountId: one.accountId, reason: 'domain', subject: domain, lost: [] },
  };
}
