import { ConnectorFault, type Finding } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api.ts';
import type { Me, ZendeskClient } from './client.ts';
import { countBySearch } from './search-count.ts';
import { toSeconds } from './time.ts';

const DAY = 86_400_000;

/** Checks what the signed-in person may see: the export itself, whose tickets, and what the settings name. */
export async function probe(client: ZendeskClient): Promise<readonly Finding[]> {
  const me = await client.me();
  const findings = [...roleFindings(me)];
  findings.push(...(await exportFindings(client)));
  findings.push(...(await settingsFindings(client)));
  findings.push(...(await openTicketFindings(client)));
  return findings;
}

function roleFindings(me: Me): Finding[] {
  if (me.role === 'admin') return [];
  return [
    {
      severity: 'error',
      code: 'not_an_administrator',
      message: `Zendesk was connected by ${me.restricted_agent === true ? 'an agent who sees a part of the tickets' : 'somebody who is no administrator'}; exports are open to administrators alone.`,
      fix: 'Connect Zendesk again, signed in as an administrator.',
    },
  ];
}

async function exportFindings(client: ZendeskClient): Promise<Finding[]> {
  const refused = await refusal(() =>
    client.json({
      bucket: 'export',
      method: 'GET',
      path: paths.ticketExport,
      query: { start_time: toSeconds(client.session.now() - DAY), per_page: 1 },
      idempotent: true,
      doc: docs.export,
      answer: z.unknown(),
    }),
  );
  if (refused === undefined) return [];
  return [
    {
      severity: 'error',
      code: 'export_refused',
      message: `Zendesk refuses the export of tickets: ${refused}`,
      fix: 'Connect Zendesk again as an administrator and allow the scope read; on a trial or a suspended account ask Zendesk for API access.',
    },
  ];
}

async function settingsFindings(client: ZendeskClient): Promise<Finding[]> {
  const { escalatedStatuses } = client.settings.tickets;
  if (escalatedStatuses.length === 0) return [];
  const known = new Set([...(await client.people.statuses())].flatMap(([id, { label }]) => [id, label]));
  return escalatedStatuses
    .filter((name) => !known.has(name))
    .map((name) => ({
      severity: 'warning',
      code: 'ticket_status_unknown',
      message: `"${name}" is declared to mean an escalation and is no custom status of this Zendesk.`,
      fix: 'Use the label that agents see, or the id of the status.',
    }));
}

/** An account whose tickets are all closed is an archive, or the person sees no others. */
async function openTicketFindings(client: ZendeskClient): Promise<Finding[]> {
  const window = { from: 0, to: client.session.now() };
  let all = 0;
  let open = 0;
  const refused = await refusal(async () => {
    all = (await countBySearch(client, 'ticket', window)).total;
    open = (await countBySearch(client, 'ticket', window, { status: '<closed' })).total;
  });
  if (refused !== undefined || all === 0 || open > 0) return [];
  return [
    {
      severity: 'warning',
      code: 'closed_tickets_only',
      message: `All of the ${all} tickets that this Zendesk shows are closed.`,
      fix: 'If support goes on elsewhere, connect that; if it goes on here, connect again as somebody who sees all tickets.',
    },
  ];
}

async function refusal(check: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (!(error instanceof ConnectorFault)) throw error;
    if (error.fault.kind !== 'scope-missing' && error.fault.kind !== 'rejected') throw error;
    return error.message;
  }
}
