import { explainAccount } from '@waymark/server';
import type { Tx } from '@waymark/store';
import type { BulkTruth } from './bulk.ts';

/** Accounts whose stored answer is compared with a fold of their whole log. */
const accountsRefolded = 25;

interface SourceRow {
  readonly stream: string;
  readonly address: string | null;
  readonly external_id: string;
  readonly n: number;
}

/** What Waymark holds otherwise than the providers' own lists say; empty where nothing is lost or doubled. */
export async function judgeSize(tx: Tx, truth: BulkTruth): Promise<readonly string[]> {
  const workspace = [tx.workspaceId];
  const { rows: sources } = await tx.query<SourceRow>(
    `SELECT s.stream, i.address, s.external_id, s.events::int AS n FROM source_object s
       JOIN installation i ON i.workspace_id = s.workspace_id AND i.installation_id = s.installation_id
      WHERE s.workspace_id = $1 AND s.gone_at IS NULL AND i.connector IN ('gmail', 'hubspot')`,
    workspace,
  );
  const held = Map.groupBy(sources, (row) => (row.stream === 'messages' ? (row.address ?? '') : row.stream));
  const faults: string[] = [];
  for (const [place, wanted] of [...truth.messages, ...truth.records]) {
    const rows = held.get(place) ?? [];
    const ids = new Set(rows.map((row) => row.external_id));
    const lost = [...wanted].filter((id) => !ids.has(id));
    const extra = [...ids].filter((id) => !wanted.has(id));
    if (lost.length > 0) faults.push(`${place}: ${lost.length} of ${wanted.size} are lost, such as ${lost[0]}`);
    if (extra.length > 0) faults.push(`${place}: ${extra.length} are not at the provider, such as ${extra[0]}`);
    if (rows.length !== ids.size) faults.push(`${place}: ${rows.length - ids.size} source objects are there twice`);
  }
  const { rows: mails } = await tx.query<{ live: number; events: number; all: number }>(
    `SELECT count(*) FILTER (WHERE superseded_at IS NULL)::int AS live, count(DISTINCT event_id)::int AS events, count(*)::int AS all
       FROM journey_event WHERE workspace_id = $1 AND connector = 'gmail'`,
    workspace,
  );
  const [mail] = mails;
  const messages = [...truth.messages.values()].reduce((sum, ids) => sum + ids.size, 0);
  if (mail?.live !== messages) faults.push(`${mail?.live} live sightings of ${messages} messages`);
  if (mail?.all !== messages) faults.push(`${mail?.all} rows for ${messages} messages: pages read again wrote anew`);
  if (mail?.events !== truth.distinctMails) faults.push(`${mail?.events} events of ${truth.distinctMails} mails`);
  const { rows: twice } = await tx.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM (SELECT 1 FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL
        GROUP BY event_id, source_id HAVING count(*) > 1) AS twice`,
    workspace,
  );
  if (twice[0]?.n !== 0) faults.push(`${twice[0]?.n} sightings are there twice`);
  return [...faults, ...(await refold(tx))];
}

/** The answers in store are those that the log gives (I3), on accounts all over the workspace. */
async function refold(tx: Tx): Promise<readonly string[]> {
  const { rows } = await tx.query<{ account_id: string; name: string }>(
    `SELECT account_id, name FROM account WHERE workspace_id = $1 AND merged_into IS NULL ORDER BY md5(account_id::text) LIMIT $2`,
    [tx.workspaceId, accountsRefolded],
  );
  const faults: string[] = [];
  for (const { account_id: id, name } of rows) {
    const explained = await explainAccount(tx, id, Date.now());
    if (!explained.every((one) => one.agrees)) faults.push(`the answer of ${name} is not what its log says`);
  }
  return faults;
}
