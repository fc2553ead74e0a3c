import { z } from 'zod';
import type { EmulatorApp, HubSpotCore, RouteContext } from './core.ts';
import { HubSpotRefusal, invalid, missingScopes, notFound, unauthorized } from './errors.ts';
import { journalEntries, journalOf } from './journal.ts';
import type { JournalEntry } from './state.ts';

const BASE = '/webhooks-journal';
const READ = 'developer.webhooks_journal.read';
const SUBSCRIPTIONS_READ = 'developer.webhooks_journal.subscriptions.read';
const SUBSCRIPTIONS_WRITE = 'developer.webhooks_journal.subscriptions.write';
/** What an app may be granted in its own name, where the sandbox's settings do not say otherwise. */
const APP_SCOPES = [READ, SUBSCRIPTIONS_READ, SUBSCRIPTIONS_WRITE];

const subscriptionSchema = z.object({
  subscriptionType: z.enum(['OBJECT', 'ASSOCIATION']),
  portalId: z.number().int(),
  objectTypeId: z.string().min(1),
  objectIds: z.array(z.number().int()),
  actions: z.array(z.string()).min(1),
  properties: z.array(z.string()).optional(),
  associatedObjectTypeIds: z.array(z.string()).optional(),
});

/**
 * The journal of changes, of which an app reads what it subscribed to with a token of its own.
 * https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide
 */
export function registerJournalRoutes(app: EmulatorApp, core: HubSpotCore): void {
  app.get(`${BASE}/journal-local/2026-09/earliest`, (c) => tell(core, c, entriesOf(core, c)[0]));
  app.get(`${BASE}/journal-local/2026-09/latest`, (c) => tell(core, c, entriesOf(core, c).at(-1)));
  app.get(`${BASE}/journal-local/2026-09/offset/:offset/next`, (c) => {
    const entries = entriesOf(core, c);
    const at = entries.findIndex((entry) => entry.offset === c.req.param('offset'));
    if (at < 0) throw notFound('The offset has expired or does not exist');
    return tell(core, c, entries[at + 1]);
  });
  app.get(`${BASE}/subscriptions/2026-09`, (c) => {
    authorize(core, c, SUBSCRIPTIONS_READ);
    return c.json({ results: journalOf(core.state).subscriptions });
  });
  app.post(`${BASE}/subscriptions/2026-09`, async (c) => {
    authorize(core, c, SUBSCRIPTIONS_WRITE);
    const parsed = subscriptionSchema.safeParse(JSON.parse(await c.req.text()));
    if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
    const { objectIds: _all, ...wanted } = parsed.data;
    const journal = journalOf(core.state);
    const same = journal.subscriptions.find(
      (each) =>
        each.portalId === wanted.portalId &&
        each.objectTypeId === wanted.objectTypeId &&
        each.subscriptionType === wanted.subscriptionType,
    );
    const saved = { ...wanted, id: same?.id ?? journal.subscriptions.length + 1 };
    journal.subscriptions = [...journal.subscriptions.filter((each) => each !== same), saved];
    return c.json(saved, 201);
  });
  // A signed address takes no token: whoever has it may read.
  app.get('/journal-files/:offset', (c) => {
    if (c.req.header('authorization') !== undefined) return c.text('Only one auth mechanism allowed', 400);
    const entry = journalOf(core.state).entries.find((each) => each.offset === c.req.param('offset'));
    if (entry === undefined) return c.text('AccessDenied', 403);
    const { offset, publishedAt, event } = entry;
    return c.json({ offset, publishedAt: new Date(publishedAt).toISOString(), journalEvents: [event] });
  });
}

function entriesOf(core: HubSpotCore, c: RouteContext): readonly JournalEntry[] {
  authorize(core, c, READ);
  return journalEntries(core.state, Number(c.req.query('installPortalId')), core.now());
}

/** An answer without content says that there is nothing. */
function tell(core: HubSpotCore, c: RouteContext, entry: JournalEntry | undefined): Response {
  if (entry === undefined) return c.body(null, 204);
  return c.json({
    url: `${core.baseUrl}/journal-files/${entry.offset}`,
    expiresAt: new Date(core.now() + 300_000).toISOString(),
    currentOffset: entry.offset,
  });
}

/** The token of an app names no account. */
function authorize(core: HubSpotCore, c: RouteContext, scope: string): void {
  const found = core.oauth.introspect(c.req.header('authorization'));
  if (!found.ok || !found.grant.subject.startsWith('app:')) throw unauthorized();
  if (!found.grant.scopes.includes(scope)) throw missingScopes([scope]);
}

/** What an app may ask for in its own name. @throws HubSpotRefusal for a scope that it does not have. */
export function appScopes(core: HubSpotCore, wanted: readonly string[]): readonly string[] {
  const refused = wanted.find((scope) => !APP_SCOPES.includes(scope) || core.settings.ungrantableScopes.has(scope));
  if (refused === undefined) return wanted;
  throw new HubSpotRefusal(400, 'BAD_SCOPES', `The app may not be granted ${refused}`, {
    error: 'invalid_scope',
    error_description: `The app may not be granted ${refused}`,
    status: 'BAD_SCOPES',
  });
}
