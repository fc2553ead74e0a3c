import type { EventType } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';

/** The domains that imports gave to an account, or to one that goes on as it, each with the giver of its assignment. */
export async function importedDomains(
  tx: Tx,
  accountId: string,
): Promise<readonly { readonly domain: string; readonly giver: string }[]> {
  const { rows } = await tx.query<{ domain: string; giver: string }>(
    `SELECT s.subject AS domain, s.detail AS giver FROM assignment s JOIN account a ON a.workspace_id = $1 AND a.account_id = s.account_id
      WHERE s.workspace_id = $1 AND s.known_to IS NULL AND s.subject_kind = 'domain' AND s.basis = 'import' AND s.detail IS NOT NULL
        AND (a.account_id = $2 OR a.merged_into = $2) ORDER BY 1, 2`,
    [tx.workspaceId, accountId],
  );
  return rows;
}

/** An imported event that may name its account in two ways. */
export interface NamingEvent {
  readonly eventId: string;
  readonly type: EventType;
  readonly subject: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The first imported events of an account that carry a field by which it could be named in another way; at most 500. */
export async function namingEvents(tx: Tx, accountId: string): Promise<readonly NamingEvent[]> {
  const { rows } = await tx.query<{
    event_id: string;
    type: EventType;
    subject: string;
    attributes: Record<string, unknown>;
  }>(
    `SELECT event_id, type, subject, attributes FROM journey_event
      WHERE workspace_id = $1 AND account_id = $2 AND superseded_at IS NULL AND connector = 'import' AND subject IS NOT NULL
        AND (attributes ?| ARRAY['domain', 'website', 'crmId'] OR type = 'crm.property_changed')
      ORDER BY occurred_at, event_id LIMIT 500`,
    [tx.workspaceId, accountId],
  );
  return rows.map(({ event_id: eventId, ...row }) => ({ ...row, eventId }));
}
