import type { EmulatorApp, ZendeskCore } from './core.ts';
import { invalidValue } from './errors.ts';
import { gated, type Answer, type Call } from './gate.ts';
import { identitiesJson, organizationJson, ticketJson, userJson } from './row-json.ts';
import type { ZendeskAccount } from './state.ts';

const READ = 'read';
const MINUTE = 60_000;
const MOST = 1000;

interface Exported {
  readonly id: number;
  /** Epoch seconds by which it is exported. */
  readonly at: number;
  readonly json: () => Record<string, unknown>;
}

/** https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/ */
export function registerExportRoutes(app: EmulatorApp, core: ZendeskCore): void {
  const tickets = gated(core, { scopes: [READ, 'tickets:read'], exporting: true }, (call) =>
    byCursor(core, call, 'tickets', ticketsOf(call.account)),
  );
  const users = gated(core, { scopes: [READ, 'users:read'], exporting: true }, (call) =>
    byCursor(core, call, 'users', usersOf(call.account, call.query('include') ?? '')),
  );
  const organizations = gated(core, { scopes: [READ, 'organizations:read'], exporting: true }, (call) =>
    byTime(core, call),
  );
  for (const end of ['', '.json']) {
    app.get(`/api/v2/incremental/tickets/cursor${end}`, tickets);
    app.get(`/api/v2/incremental/users/cursor${end}`, users);
    app.get(`/api/v2/incremental/organizations${end}`, organizations);
  }
}

function ticketsOf(account: ZendeskAccount): Exported[] {
  return Object.values(account.tickets).map((ticket) => ({
    id: ticket.id,
    at: Math.floor(ticket.generatedAt / 1000),
    json: () => ticketJson(account, ticket),
  }));
}

function usersOf(account: ZendeskAccount, include: string): Exported[] {
  const withIdentities = include.split(',').includes('identities');
  return Object.values(account.users).map((user) => ({
    id: user.id,
    at: Math.floor(user.updatedAt / 1000),
    json: () => ({
      ...userJson(account, user),
      ...(withIdentities ? { identities: identitiesJson(user) } : {}),
    }),
  }));
}

function byCursor(core: ZendeskCore, call: Call, list: 'tickets' | 'users', all: readonly Exported[]): Answer {
  const size = Math.min(MOST, Math.max(1, Number(call.query('per_page') ?? MOST)));
  const cursor = call.query('cursor');
  const from = cursor === undefined ? startOf(core, call) : decode(call.account, cursor);
  const until = Math.floor((core.now() - core.settings.exportLagMs) / 1000);
  const due = all
    .filter((row) => row.at < until && (row.at > from.at || (row.at === from.at && row.id > from.id)))
    .toSorted((a, b) => a.at - b.at || a.id - b.id);
  const page = due.slice(0, size);
  const last = page.at(-1) ?? from;
  const after = encode(call.account, last);
  const end = due.length <= size && !core.settings.exportsNeverEnd;
  const path = `https://${call.account.subdomain}.zendesk.com/api/v2/incremental/${list}/cursor.json`;
  return {
    body: {
      [list]: page.map((row) => row.json()),
      after_url: `${path}?cursor=${encodeURIComponent(after)}`,
      after_cursor: after,
      before_url: null,
      before_cursor: null,
      end_of_stream: end,
    },
  };
}

/** By time a page cannot end within a second: a crowd that fills it names itself as the next one (D14). */
function byTime(core: ZendeskCore, call: Call): Answer {
  const { account } = call;
  const { at: start } = startOf(core, call);
  const until = Math.floor((core.now() - core.settings.exportLagMs) / 1000);
  const due = Object.values(account.organizations)
    .map((organization) => ({ organization, at: Math.floor(organization.updatedAt / 1000) }))
    .filter(({ at }) => at > start && at < until)
    .toSorted((a, b) => a.at - b.at || a.organization.id - b.organization.id);
  const page = due.slice(0, core.settings.organizationPage);
  const end = page.at(-1)?.at ?? start + 1;
  const path = `https://${account.subdomain}.zendesk.com/api/v2/incremental/organizations.json`;
  return {
    body: {
      organizations: page.map(({ organization }) => organizationJson(account, organization)),
      count: page.length,
      end_time: end,
      end_of_stream: due.length <= page.length,
      next_page: `${path}?start_time=${end}`,
    },
  };
}

/** The place just before the start time, so that the time itself is included. */
function startOf(core: ZendeskCore, call: Call): { at: number; id: number } {
  const start = Number(call.query('start_time') ?? Number.NaN);
  if (!Number.isInteger(start) || start < 0) throw invalidValue('start_time must be a Unix time', 400);
  if (start * 1000 > core.now() - MINUTE) {
    throw invalidValue('Too recent start_time. Use a start_time older than 1 minute');
  }
  return { at: start - 1, id: Number.MAX_SAFE_INTEGER };
}

/** `1580753798.0||432|0` in base64, which is the vendor's own form and says nothing that a client may rely on. */
function encode(account: ZendeskAccount, place: { readonly at: number; readonly id: number }): string {
  return Buffer.from(`${place.at}.0||${place.id}|${account.cursorGeneration}`).toString('base64');
}

function decode(account: ZendeskAccount, cursor: string): { at: number; id: number } {
  const parts = /^(-?\d+)\.0\|\|(\d+)\|(\d+)$/.exec(Buffer.from(cursor, 'base64').toString('utf8'));
  if (parts === null || Number(parts[3]) !== account.cursorGeneration) {
    throw invalidValue('The cursor is invalid', 400);
  }
  return { at: Number(parts[1]), id: Number(parts[2]) };
}
