import { eventId } from '@waymark/journey';
import type { Tx } from '@waymark/store';
import type { Lookup } from './assignments-in-force.ts';
import { matchSighting } from './attribution.ts';
import type { PageCommit } from '../reading/commit.ts';
import { excludedAs, type PreparedRecord } from '../reading/prepare.ts';

/** Records without the events of people in the accounts with which they are excluded: only matching can tell which these are. */
export async function withoutPairs(
  tx: Tx,
  commit: PageCommit,
  records: readonly PreparedRecord[],
  lookup: Lookup,
): Promise<readonly PreparedRecord[]> {
  const { exclusions, installation } = commit;
  if (exclusions.accountPairs.length === 0) return records;
  const asked = records.flatMap(({ drafts }) =>
    drafts.map((draft) => matchableOf(tx, installation.installationId, draft)),
  );
  const inForce = await lookup(asked);
  return records.map((record) => {
    const rules = record.drafts.map((draft) => {
      const found = matchSighting(
        { ...matchableOf(tx, installation.installationId, draft), subject: draft.subject ?? null },
        inForce,
      );
      return exclusions.ofPair(draft.participants, found.accountId);
    });
    const rule = rules.find((one) => one !== undefined);
    if (!rule) return record;
    const drafts = record.drafts.filter((_, at) => rules[at] === undefined);
    if (drafts.length === 0 && record.entities.length === 0)
      return { ...record, ...excludedAs(rule), drafts: [], tags: [], occurredAt: null };
    return { ...record, drafts, excludedBy: rule.exclusionId };
  });
}

function matchableOf(tx: Tx, installationId: string, draft: PreparedRecord['drafts'][number]) {
  return {
    eventId: eventId(tx.workspaceId, draft.identity, draft.type),
    direction: draft.direction,
    participants: draft.participants,
    ...(draft.subject !== undefined && { subject: draft.subject }),
    installationId,
  };
}
