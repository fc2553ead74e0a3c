import { company, mail, scriptedConnector, scriptedStream, type ScriptedPage } from './scripted-source.ts';
import { day, start, type SyncRig } from './sync-rig.ts';

/** Pages that end with the last one. */
export const once =
  (...pages: ScriptedPage[]) =>
  () =>
    pages.map((page, at) => ({ ...page, done: at === pages.length - 1 }));
/** A connector with one stream of messages. */
export const mailbox = (script: Parameters<typeof scriptedStream>[2], more = {}) =>
  scriptedConnector('mailbox', [scriptedStream('messages', 10, script, more)]);
/** Every event row with its account. */
export const events = (rig: SyncRig) =>
  rig.rows<{ external_id: string; account: string | null; reason: string; superseded: boolean }>(
    `SELECT e.external_id, a.name AS account, e.match->>'reason' AS reason, e.superseded_at IS NOT NULL AS superseded
       FROM journey_event e LEFT JOIN account a ON a.workspace_id = e.workspace_id AND a.account_id = e.account_id
      WHERE e.workspace_id = $1 ORDER BY e.external_id, e.generation`,
  );
/** The events in force: id and account. */
export const live = async (rig: SyncRig) =>
  (await events(rig)).filter((row) => !row.superseded).map(({ external_id, account }) => [external_id, account]);
/** Where each stream stands. */
export const state = async (rig: SyncRig) =>
  rig.rows<{
    stream: string;
    partition: string;
    cursor: unknown;
    fault: { kind: string } | null;
    paused_reason: string | null;
  }>(
    'SELECT stream, partition, cursor, fault, paused_reason FROM stream_state WHERE workspace_id = $1 ORDER BY stream, partition',
  );
/** A record of one mail from a customer. */
export const record = (id: string, from = 'ann@acme.example', version = '1', at = start - day) => ({
  id,
  version,
  events: [mail(id, at, from, 'csm@vendor.example')],
});
/** A company of the CRM. */
export const acme = { id: 'c1', version: '1', entities: [company('c1', ['acme.example'])] };
