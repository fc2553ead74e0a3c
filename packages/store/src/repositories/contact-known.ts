import { z } from 'zod';
import type { Tx } from '../tenancy.ts';
import type { Contact } from './people.ts';

const person = z.object({
  persona: z.string().optional(),
  name: z.string().optional(),
  title: z.string().optional(),
  leftAt: z.number().optional(),
});

/** A person of an account by one address, as answers rest on them. Times are epoch milliseconds. */
export type JudgedPerson = z.infer<typeof person> & { readonly address: string };

/** Contacts as answers rest on them: one entry for each address, in a fixed order. */
export function judgedPeople(contacts: readonly Contact[]): readonly JudgedPerson[] {
  return contacts.flatMap((contact) => contact.addresses.map((address) => ({ address, ...personOf(contact) })));
}

const personOf = ({ persona, name, title, leftAt }: Contact): z.infer<typeof person> => ({
  ...(persona !== null && { persona }),
  ...(name !== null && { name }),
  ...(title !== null && { title }),
  ...(leftAt !== null && { leftAt }),
});

/** Notes with which people accounts are judged from an instant of known time on; what is as before is left as it is. */
export async function noteContacts(
  tx: Tx,
  accounts: readonly { readonly accountId: string; readonly contacts: readonly Contact[] }[],
  at: number,
): Promise<void> {
  if (accounts.length === 0) return;
  const rows = JSON.stringify(
    accounts.flatMap(({ accountId, contacts }) =>
      contacts.flatMap((contact) =>
        [...new Set(contact.addresses)].map((address, place) => ({
          account_id: accountId,
          contact_id: contact.contactId,
          address,
          installation_id: contact.installationId,
          place,
          person: personOf(contact),
        })),
      ),
    ),
  );
  const noted = `WITH noted AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset($2::jsonb) AS r(account_id uuid, contact_id uuid, address text, installation_id uuid, place int,
         person jsonb))`;
  const same = 'k.account_id = n.account_id AND k.contact_id = n.contact_id AND k.address = n.address';
  await tx.query(
    `${noted}
     UPDATE account_contact_known k SET known_to = $4
      WHERE k.workspace_id = $1 AND k.account_id = ANY($3::uuid[]) AND k.known_to IS NULL
        AND NOT EXISTS (SELECT 1 FROM noted n WHERE ${same} AND k.place = n.place AND k.person = n.person)`,
    [tx.workspaceId, rows, accounts.map((one) => one.accountId), new Date(at)],
  );
  await tx.query(
    `${noted}
     INSERT INTO account_contact_known (workspace_id, account_id, contact_id, address, known_from, installation_id, place, person)
     SELECT $1::uuid, n.account_id, n.contact_id, n.address, $3::timestamptz, n.installation_id, n.place, n.person FROM noted n
      WHERE NOT EXISTS (SELECT 1 FROM account_contact_known k WHERE k.workspace_id = $1 AND ${same} AND k.known_to IS NULL)
     ON CONFLICT (workspace_id, account_id, contact_id, address, known_from)
     DO UPDATE SET place = excluded.place, person = excluded.person, known_to = NULL`,
    [tx.workspaceId, rows, new Date(at)],
  );
}

/** With which people an account was judged at an instant of known time; before it was first judged, with those of then. */
export async function peopleKnownAt(tx: Tx, accountId: string, knownAt: number): Promise<readonly JudgedPerson[]> {
  const { rows } = await tx.query<{ address: string; person: unknown }>(
    `WITH first AS MATERIALIZED (
       SELECT greatest($3::timestamptz, min(known_from)) AS known_at FROM account_known WHERE workspace_id = $1 AND account_id = $2)
     SELECT k.address, k.person FROM account_contact_known k, first f
      WHERE k.workspace_id = $1 AND k.account_id = $2 AND k.known_from <= f.known_at AND (k.known_to IS NULL OR k.known_to > f.known_at)
      ORDER BY k.contact_id, k.place`,
    [tx.workspaceId, accountId, new Date(knownAt)],
  );
  return rows.map((row) => ({ address: row.address, ...person.parse(row.person) }));
}

/** A person whom answers about an account rested on for a stretch of known time, epoch milliseconds; `to` is null while they do. */
export interface NotedPerson {
  readonly from: number;
  readonly to: number | null;
  readonly person: JudgedPerson;
}

/** With which people accounts were judged in known time, in the order in which contexts have them. */
export async function notedPeople(
  tx: Tx,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, readonly NotedPerson[]>> {
  const { rows } = await tx.query<{
    account_id: string;
    address: string;
    person: unknown;
    known_from: Date;
    known_to: Date | null;
  }>(
    `SELECT account_id, address, person, known_from, known_to FROM account_contact_known
      WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) ORDER BY account_id, contact_id, place, known_from`,
    [tx.workspaceId, accountIds],
  );
  const noted = rows.map((row) => ({
    accountId: row.account_id,
    from: row.known_from.getTime(),
    to: row.known_to?.getTime() ?? null,
    person: { address: row.address, ...person.parse(row.person) },
  }));
  return Map.groupBy(noted, ({ accountId }) => accountId);
}

/** Forgets that people, by their addresses as they are stored, or all whom an installation named, were ever an account's. */
export async function forgetKnownContacts(
  tx: Tx,
  who: { readonly addresses: readonly string[] } | { readonly installationId: string },
): Promise<void> {
  const [condition, value] =
    'addresses' in who ? ['address = ANY($2::text[])', who.addresses] : ['installation_id = $2', who.installationId];
  await tx.query(`DELETE FROM account_contact_known WHERE workspace_id = $1 AND ${condition}`, [tx.workspaceId, value]);
}
