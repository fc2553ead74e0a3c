import type { EmulatorApp, RouteHandler, ZendeskCore } from './core.ts';
import { notFound } from './errors.ts';
import { gated, type Answer, type Call } from './gate.ts';
import { auditJson, organizationJson, ratingJson, ticketJson, userJson } from './row-json.ts';
import type { ZendeskAccount } from './state.ts';

const READ = 'read';

/** Both forms of a path: with and without `.json`. */
function get(app: EmulatorApp, path: string, handler: RouteHandler): void {
  app.get(path, handler);
  app.get(`${path}.json`, handler);
}

/** Single records, lists and counts. */
export function registerReadRoutes(app: EmulatorApp, core: ZendeskCore): void {
  const me = gated(core, { scopes: [READ, 'users:read'] }, ({ account, user }) => ({
    body: { user: userJson(account, user) },
  }));
  // Without a token Zendesk answers with success and nobody.
  get(app, '/api/v2/users/me', async (c, next) =>
    c.req.header('authorization') === undefined
      ? c.json({ user: { id: null, name: 'Anonymous user', role: 'end-user' } })
      : me(c, next),
  );
  get(
    app,
    '/api/v2/users/show_many',
    gated(core, { scopes: [READ, 'users:read'] }, (call) => ({
      body: { users: byIds(call, call.account.users).map((user) => userJson(call.account, user)) },
    })),
  );
  get(
    app,
    '/api/v2/tickets/show_many',
    gated(core, { scopes: [READ, 'tickets:read'] }, (call) => ({
      body: {
        tickets: byIds(call, call.account.tickets)
          .filter((ticket) => ticket.deleted === undefined)
          .map((ticket) => ticketJson(call.account, ticket)),
      },
    })),
  );
  // The global scope alone: https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/
  app.get('/api/v2/tickets/:ticket/audits', gated(core, { scopes: [READ] }, audits));
  app.get('/api/v2/tickets/:ticket/audits.json', gated(core, { scopes: [READ] }, audits));
  get(
    app,
    '/api/v2/organizations',
    gated(core, { scopes: [READ, 'organizations:read'] }, ({ account, query }) =>
      paged(query, 'organizations', standing(account), (each) => organizationJson(account, each)),
    ),
  );
  get(
    app,
    '/api/v2/satisfaction_ratings',
    gated(core, { scopes: [READ], adminOnly: true }, ({ account, query }) => {
      const since = Number(query('start_time') ?? 0) * 1000;
      const received = query('score') === 'received';
      const wanted = Object.values(account.ratings).filter(
        (rating) => rating.createdAt >= since && (!received || rating.score !== 'offered'),
      );
      return paged(query, 'satisfaction_ratings', wanted, (rating) => ratingJson(account, rating));
    }),
  );
  get(
    app,
    '/api/v2/custom_statuses',
    gated(core, { scopes: [READ, 'tickets:read'] }, ({ account }) => ({
      body: {
        custom_statuses: account.customStatuses.map((status) => ({
          id: status.id,
          status_category: status.category,
          agent_label: status.label,
          end_user_label: status.label,
          active: true,
        })),
      },
    })),
  );
  get(
    app,
    '/api/v2/search/count',
    gated(core, { scopes: [READ] }, (call) => ({ body: { count: searchCount(call) } })),
  );
}

function audits(call: Call): Answer {
  const ticket = call.account.tickets[call.param('ticket')];
  if (ticket === undefined || ticket.deleted !== undefined) throw notFound();
  return paged(call.query, 'audits', ticket.audits, (audit) => auditJson(ticket, audit));
}

function byIds<T>(call: Call, all: Readonly<Record<string, T>>): T[] {
  const ids = (call.query('ids') ?? '').split(',').slice(0, 100);
  return ids.flatMap((id) => all[id] ?? []);
}

function standing(account: ZendeskAccount) {
  return Object.values(account.organizations).filter((each) => each.deletedAt === undefined);
}

/** Cursor pagination. https://developer.zendesk.com/api-reference/introduction/pagination/ */
function paged<T extends { readonly id: number }>(
  query: Call['query'],
  list: string,
  all: readonly T[],
  json: (one: T) => Record<string, unknown>,
): Answer {
  const size = Math.min(100, Number(query('page[size]') ?? 100));
  const after = query('page[after]');
  const place = after === undefined ? -1 : Number(Buffer.from(after, 'base64').toString('utf8'));
  const rest = all.toSorted((a, b) => a.id - b.id).filter((one) => one.id > place);
  const page = rest.slice(0, size);
  const more = rest.length > page.length;
  const last = page.at(-1);
  return {
    body: {
      [list]: page.map(json),
      meta: {
        has_more: more,
        after_cursor: last === undefined ? null : Buffer.from(String(last.id)).toString('base64'),
        before_cursor: null,
      },
      links: { next: null, prev: null },
    },
  };
}

/** As much of the search language as a client of ours speaks: type, created or updated, and status. */
function searchCount(call: Call): number {
  const query = call.query('query') ?? '';
  const { account } = call;
  const from = Date.parse(/(?:created|updated)>=(\S+)/.exec(query)?.[1] ?? '1970-01-01T00:00:00Z');
  const to = Date.parse(/(?:created|updated)<([^=\s]\S*)/.exec(query)?.[1] ?? '9999-01-01T00:00:00Z');
  const by = query.includes('updated>=') ? 'updatedAt' : 'createdAt';
  const within = (one: { readonly createdAt: number; readonly updatedAt: number }): boolean =>
    one[by] >= from && one[by] < to;
  if (query.includes('type:ticket')) {
    const open = query.includes('status<closed');
    return Object.values(account.tickets).filter(
      (ticket) => ticket.deleted === undefined && within(ticket) && (!open || ticket.status !== 'closed'),
    ).length;
  }
  if (query.includes('type:user')) {
    return Object.values(account.users).filter((user) => user.active && within(user)).length;
  }
  return standing(account).filter(within).length;
}
