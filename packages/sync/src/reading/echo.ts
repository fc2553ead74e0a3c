import type { EventDraft } from '@waymark/journey';
import { isEcho, writebackMappings, type Tx } from '@waymark/store';
import type { PreparedRecord } from './prepare.ts';

/**
 * Marks the changes of a CRM that are our own writes come back (failure H1): they stay in the log, as `echo`, and the engine does not
 * read them, or a stage that we wrote would prove itself. Only properties that are written to are asked about.
 */
export async function markEchoes(
  tx: Tx,
  installationId: string,
  records: readonly PreparedRecord[],
): Promise<readonly PreparedRecord[]> {
  if (!records.some((record) => record.drafts.some((draft) => changeOf(draft) !== undefined))) return records;
  const mappings = (await writebackMappings(tx)).filter((mapping) => mapping.installationId === installationId);
  const written = new Map(mappings.map((mapping) => [mapping.property, mapping.createdAt]));
  if (written.size === 0) return records;
  const marked: PreparedRecord[] = [];
  for (const record of records) {
    const drafts: EventDraft[] = [];
    for (const draft of record.drafts) {
      const change = changeOf(draft);
      const since = change && written.get(change.property);
      const ours =
        change !== undefined &&
        since !== undefined &&
        draft.occurredAt >= since - clockSkewMs &&
        (await isEcho(tx, { ...change, installationId, externalId: record.externalId, at: draft.occurredAt }));
      drafts.push(ours ? asEcho(draft) : draft);
    }
    marked.push({ ...record, drafts });
  }
  return marked;
}

/** How far a CRM's clock may be from ours, ms. */
const clockSkewMs = 5 * 60_000;

function changeOf(draft: EventDraft): { readonly property: string; readonly value: string } | undefined {
  if (draft.type !== 'crm.stage_changed' && draft.type !== 'crm.property_changed') return undefined;
  const { property, to } = draft.attributes;
  return property === undefined ? undefined : { property, value: to };
}

function asEcho(draft: EventDraft): EventDraft {
  if (draft.type !== 'crm.stage_changed' && draft.type !== 'crm.property_changed') return draft;
  return { ...draft, attributes: { ...draft.attributes, echo: true } };
}
