import type { Tx } from '../tenancy.ts';

/** A person at a customer, as a CRM knows them. */
export interface Contact {
  readonly contactId: string;
  readonly installationId: string | null;
  readonly externalId: string | null;
  readonly accountId: string | null;
  readonly name: string | null;
  readonly title: string | null;
  readonly persona: string | null;
  readonly addresses: readonly string[];
  readonly leftAt: number | null;
}

interface ContactRow {
  contact_id: string;
  installation_id: string | null;
  external_id: string | null;
  account_id: string | null;
  name: string | null;
  title: string | null;
  persona: string | null;
  addresses: string[];
  left_at: Date | null;
}

const contactColumns = 'contact_id, installation_id, external_id, account_id, name, title, persona, addresses, left_at';

const toContact = (row: ContactRow): Contact => ({
  contactId: row.contact_id,
  installationId: row.installation_id,
  externalId: row.external_id,
  accountId: row.account_id,
  name: row.name,
  title: row.title,
  persona: row.persona,
  addresses: row.addresses,
  leftAt: row.left_at?.getTime() ?? null,
});

/** The contacts of one account or of the whole workspace. */
export async function contacts(tx: Tx, accountId?: string): Promise<readonly Contact[]> {
  const { rows } = await tx.query<ContactRow>(
    `SELECT ${contactColumns} FROM contact WHERE workspace_id = $1 AND ($2::uuid IS NULL OR account_id = $2) ORDER BY contact_id`,
    [tx.workspaceId, accountId ?? null],
  );
  return rows.map(toContact);
}

/** The contacts of these accounts, by account. */
export async function contactsOf(
  tx: Tx,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Contact[]>> {
  const { rows } = await tx.query<ContactRow>(
    `SELECT ${contactColumns} FROM contact WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) ORDER BY contact_id`,
    [tx.workspaceId, accountIds],
  );
  return Map.groupBy(rows.map(toContact), (one) => one.accountId ?? '');
}

/** A contact with what ties it to its CRM: the companies that the record names, and the record itself. */
export interface ContactRecord extends Contact {
  readonly accountExternalIds: readonly string[];
  readonly sourceId: string | null;
}

interface ContactRecordRow extends ContactRow {
  account_external_ids: string[];
  source_id: string | null;
}

const contactRecordColumns = `${contactColumns}, account_external_ids, source_id`;

const toContactRecord = (row: ContactRecordRow): ContactRecord => ({
  ...toContact(row),
  accountExternalIds: row.account_external_ids,
  sourceId: row.source_id,
});

/** The contacts of an installation that name one of these companies. */
export async function contactsOfCompanies(
  tx: Tx,
  installationId: string,
  externalIds: readonly string[],
): Promise<readonly ContactRecord[]> {
  const { rows } = await tx.query<ContactRecordRow>(
    `SELECT ${contactRecordColumns} FROM contact
      WHERE workspace_id = $1 AND installation_id = $2 AND account_external_ids && $3::text[] ORDER BY contact_id`,
    [tx.workspaceId, installationId, externalIds],
  );
  return rows.map(toContactRecord);
}

/** The contacts that these source objects gave. */
export async function contactsOfSources(tx: Tx, sourceIds: readonly string[]): Promise<readonly ContactRecord[]> {
  if (sourceIds.length === 0) return [];
  const { rows } = await tx.query<ContactRecordRow>(
    `SELECT ${contactRecordColumns} FROM contact WHERE workspace_id = $1 AND source_id = ANY($2::uuid[])`,
    [tx.workspaceId, sourceIds],
  );
  return rows.map(toContactRecord);
}

export async function contactsById(tx: Tx, contactIds: readonly string[]): Promise<readonly Contact[]> {
  const { rows } = await tx.query<ContactRow>(
    `SELECT ${contactColumns} FROM contact WHERE workspace_id = $1 AND contact_id = ANY($2::uuid[])`,
    [tx.workspaceId, contactIds],
  );
  return rows.map(toContact);
}

export async function upsertContacts(tx: Tx, upserts: readonly ContactRecord[], at: number): Promise<void> {
  if (upserts.length === 0) return;
  await tx.query(
    `INSERT INTO contact (workspace_id, contact_id, installation_id, external_id, account_id, name, title, persona, addresses, left_at,
         account_external_ids, source_id, updated_at)
     SELECT $1::uuid, contact_id, installation_id, external_id, account_id, name, title, persona, addresses, left_at,
         account_external_ids, source_id, $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS r(contact_id uuid, installation_id uuid, external_id text, account_id uuid, name text, title text,
         persona text, addresses text[], left_at timestamptz, account_external_ids text[], source_id uuid)
     ON CONFLICT (workspace_id, contact_id) DO UPDATE SET
         account_id = excluded.account_id, name = excluded.name, title = excluded.title, persona = excluded.persona,
         addresses = excluded.addresses, left_at = excluded.left_at, account_external_ids = excluded.account_external_ids,
         source_id = excluded.source_id, updated_at = excluded.updated_at`,
    [
      tx.workspaceId,
      JSON.stringify(
        upserts.map((one) => ({
          contact_id: one.contactId,
          installation_id: one.installationId,
          external_id: one.externalId,
          account_id: one.accountId,
          name: one.name,
          title: one.title,
          persona: one.persona,
          addresses: one.addresses,
          left_at: one.leftAt === null ? null : new Date(one.leftAt),
          account_external_ids: one.accountExternalIds,
          source_id: one.sourceId,
        })),
      ),
      new Date(at),
    ],
  );
}

export async function deleteContacts(tx: Tx, contactIds: readonly string[]): Promise<void> {
  if (contactIds.length === 0) return;
  await tx.query('DELETE FROM contact WHERE workspace_id = $1 AND contact_id = ANY($2::uuid[])', [
    tx.workspaceId,
    contactIds,
  ]);
}

/** One of the workspace's own people. */
export interface Member {
  readonly memberId: string;
  readonly email: string;
  readonly name: string | null;
  readonly crmOwnerIds: readonly string[];
  readonly slackUserId: string | null;
  /** `map`: set by hand, and final; `email`: found by address, a hint. */
  readonly slackBasis: 'map' | 'email' | null;
  readonly timezone: string | null;
  readonly active: boolean;
}

interface MemberRow {
  member_id: string;
  email: string;
  name: string | null;
  crm_owner_ids: string[];
  slack_user_id: string | null;
  slack_basis: Member['slackBasis'];
  timezone: string | null;
  active: boolean;
}

const memberColumns = 'member_id, email, name, crm_owner_ids, slack_user_id, slack_basis, timezone, active';

const toMember = (row: MemberRow): Member => ({
  memberId: row.member_id,
  email: row.email,
  name: row.name,
  crmOwnerIds: row.crm_owner_ids,
  slackUserId: row.slack_user_id,
  slackBasis: row.slack_basis,
  timezone: row.timezone,
  active: row.active,
});

export async function members(tx: Tx): Promise<readonly Member[]> {
  const { rows } = await tx.query<MemberRow>(
    `SELECT ${memberColumns} FROM member WHERE workspace_id = $1 ORDER BY email`,
    [tx.workspaceId],
  );
  return rows.map(toMember);
}

/**
 * Adds or renews a member by e-mail address; the owner ids of several CRMs add up, the Slack map stays. An owner id leads to one
 * member: whoever had it loses it.
 */
export async function upsertMember(
  tx: Tx,
  member: {
    readonly memberId: string;
    readonly email: string;
    readonly name: string | null;
    readonly crmOwnerId: string | null;
    readonly active: boolean;
  },
  at: number,
): Promise<void> {
  if (member.crmOwnerId !== null) {
    await tx.query(
      `UPDATE member SET crm_owner_ids = array_remove(crm_owner_ids, $3), updated_at = $4
        WHERE workspace_id = $1 AND member_id <> $2 AND $3 = ANY(crm_owner_ids)`,
      [tx.workspaceId, member.memberId, member.crmOwnerId, new Date(at)],
    );
  }
  await tx.query(
    `INSERT INTO member (workspace_id, member_id, email, name, crm_owner_ids, active, updated_at)
     VALUES ($1, $2, $3, $4, array_remove(ARRAY[$5::text], NULL), $6, $7)
     ON CONFLICT (workspace_id, member_id) DO UPDATE SET
       name = coalesce(excluded.name, member.name), active = excluded.active, updated_at = excluded.updated_at,
       crm_owner_ids = CASE WHEN member.crm_owner_ids @> excluded.crm_owner_ids THEN member.crm_owner_ids
                            ELSE member.crm_owner_ids || excluded.crm_owner_ids END`,
    [tx.workspaceId, member.memberId, member.email, member.name, member.crmOwnerId, member.active, new Date(at)],
  );
}

/** Sets a member's Slack user. A hint never replaces what was set by hand (failure G9). */
export async function setSlackUser(
  tx: Tx,
  email: string,
  slackUserId: string | null,
  basis: 'map' | 'email',
  at: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE member SET slack_user_id = $3, slack_basis = CASE WHEN $3::text IS NULL THEN NULL ELSE $4 END, updated_at = $5
      WHERE workspace_id = $1 AND email = $2 AND ($4 = 'map' OR slack_basis IS DISTINCT FROM 'map')`,
    [tx.workspaceId, email.toLowerCase(), slackUserId, basis, new Date(at)],
  );
  return rowCount === 1;
}
