import { Hono, type Context } from 'hono';
import { getCookie } from 'hono/cookie';
import {
  account as readAccount,
  accounts,
  findWorkspace,
  gaps,
  readSettings,
  setAsideTotals,
  timeline,
  type Tx,
} from '@waymark/store';
import { activeJourneys, asShown, DecisionError } from '@waymark/sync';
import { runDoctor } from '../doctor/doctor.ts';
import { workspaceReport } from '../report.ts';
import { accountDossier } from '../status/account-dossier.ts';
import { accountList } from '../status/account-list.ts';
import { accountPage } from '../status/account-page.ts';
import { accountsPage } from '../status/accounts-page.ts';
import { doctorPage } from '../status/doctor-page.ts';
import { eventHeading, eventPage, lostCandidates } from '../status/event-page.ts';
import { checkedFlag } from '../status/flag-check.ts';
import { flagPage } from '../status/flag-page.ts';
import { journeyMaps } from '../status/journey-maps.ts';
import { mapPage } from '../status/map-page.ts';
import { overviewPage } from '../status/overview-page.ts';
import { page, type Markup } from '../status/page.ts';
import { missingPage, pagePolicy, requirePageToken } from '../status/session.ts';
import { choiceOf, isProven, sessionActor } from '../status/review-choice.ts';
import { noticePage, reviewBody } from '../status/review-body.ts';
import { writebackPage, writebackView } from '../status/writeback-page.ts';
import type { Waymark } from '../waymark.ts';
import { sessionCookie, type Access } from './access.ts';

export interface StatusDependencies {
  /** The address from outside. */
  readonly publicUrl: string;
  /** Something of the workspace was changed by hand: fold and send what follows. Returns at once. */
  readonly wake: (workspaceId: string) => void;
}

/** Events drawn on a time line at most. */
const drawnEvents = 2500;
const listedEvents = 60;
const accountsPerPage = 100;
const id = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a page is made of; undefined where its subject is not in the workspace. */
interface Shown {
  readonly title: string;
  readonly body: Markup;
}

/** The pages for people, rendered on the server. All read, and only the reader's own workspace; one form decides. */
export function statusRoutes(waymark: Waymark, deps: StatusDependencies): Hono<Access> {
  const routes = new Hono<Access>();
  const inside = requirePageToken(waymark, deps.publicUrl);
  const show = (
    path: string,
    current: string,
    subject: string,
    work: (tx: Tx, c: Context<Access>, now: number) => Promise<Shown | undefined>,
  ): void => {
    routes.get(path, inside, async (c) => {
      const workspaceId = c.get('workspaceId');
      const named = await waymark.database.global((tx) => findWorkspace(tx, workspaceId));
      const { shown, sampleData } = await waymark.database.inWorkspace(workspaceId, async (tx) => ({
        shown: await work(tx, c, waymark.now()),
        sampleData: (await readSettings(tx)).sampleData,
      }));
      c.header('content-security-policy', pagePolicy);
      c.header('cache-control', 'private, no-store');
      if (!shown) return c.html(missingPage(subject), 404);
      return c.html(page(shown.title, shown.body, { workspace: named?.name ?? '', sampleData, current }));
    });
  };

  show('/', '/', 'workspace', async (tx, c, now) => {
    const workspace = await waymark.database.global((global) => findWorkspace(global, c.get('workspaceId')));
    if (!workspace) return undefined;
    const [journey] = await activeJourneys(tx);
    const body = overviewPage({
      report: await workspaceReport(tx, workspace, now),
      definition: journey?.definition,
      accounts: await accountList(tx, { flaggedOnly: true }),
      gaps: await gaps(tx, { unhealedOnly: true }),
      setAside: await setAsideTotals(tx),
      timezone: (await readSettings(tx)).timezone,
      now,
    });
    return { title: 'Overview', body };
  });

  show('/accounts', '/accounts', 'list', async (tx, c) => {
    const filter = {
      text: c.req.query('q')?.trim().slice(0, 200) || undefined,
      stage: c.req.query('stage') || undefined,
      csm: c.req.query('csm') || undefined,
      flaggedOnly: c.req.query('flagged') === '1',
      customersOnly: c.req.query('customers') === '1',
    };
    const all = await accountList(tx, filter);
    const wanted = Math.max(1, Math.floor(Number(c.req.query('page') ?? 1)) || 1);
    const known = (await accounts(tx)).flatMap((one) => (one.csmEmail === null ? [] : [one.csmEmail]));
    const body = accountsPage({
      lines: all.slice((wanted - 1) * accountsPerPage, wanted * accountsPerPage),
      total: all.length,
      page: wanted,
      pageSize: accountsPerPage,
      filter,
      definition: (await activeJourneys(tx))[0]?.definition,
      csms: [...new Set(known)].toSorted(),
      timezone: (await readSettings(tx)).timezone,
    });
    return { title: 'Accounts', body };
  });

  show('/accounts/:id', '/accounts', 'account', async (tx, c, now) => {
    const wanted = c.req.param('id') ?? '';
    const dossier = id.test(wanted) ? await accountDossier(tx, wanted, now) : undefined;
    if (!dossier) return undefined;
    const { accountId } = dossier.account;
    const [at, eventId = ''] = (c.req.query('after') ?? '').split('.');
    const after =
      id.test(eventId) && Number.isSafeInteger(Number(at)) ? { occurredAt: Number(at), eventId } : undefined;
    const listed = await timeline(tx, { accountId, limit: listedEvents + 1, to: now + 1, ...(after && { after }) });
    const ahead = await timeline(tx, { accountId, from: now + 1, limit: 200 });
    const body = accountPage({
      dossier,
      ahead: ahead.slice(-8).toReversed(),
      drawn: await timeline(tx, { accountId, limit: drawnEvents }),
      listed: listed.slice(0, listedEvents),
      last: listed.length > listedEvents ? listed[listedEvents - 1] : undefined,
      firstPage: after === undefined,
      now,
    });
    return { title: dossier.account.name, body };
  });

  show('/events/:id', '/accounts', 'event', async (tx, c, now) => {
    const wanted = c.req.param('id') ?? '';
    const [event] = id.test(wanted) ? await timeline(tx, { eventIds: [wanted], limit: 1 }) : [];
    if (!event) return undefined;
    const named = [...lostCandidates(event).map((one) => one.accountId), ...(event.accountId ? [event.accountId] : [])];
    const found = await Promise.all(
      [...new Set(named)].filter((one) => id.test(one)).map((one) => readAccount(tx, one)),
    );
    const { timezone } = await readSettings(tx);
    const known = new Map(found.flatMap((one) => (one ? [[one.accountId, one] as const] : [])));
    return { title: eventHeading(event, timezone), body: eventPage({ event, accounts: known, timezone, now }) };
  });

  show('/flags/:id', '/accounts', 'flag', async (tx, c, now) => {
    const wanted = c.req.param('id') ?? '';
    const checked = id.test(wanted) ? await checkedFlag(tx, wanted, now) : undefined;
    return checked && { title: `${checked.flag.title}, ${checked.account.name}`, body: flagPage({ ...checked, now }) };
  });

  show('/unmatched', '/unmatched', 'queue', async (tx, c, now) => ({
    title: 'Unmatched',
    body: await reviewBody(tx, (name) => c.req.query(name) ?? '', getCookie(c, sessionCookie), now),
  }));

  // A page may change something only by a form that one of our own pages made for this session.
  routes.post('/unmatched', inside, async (c) => {
    const session = getCookie(c, sessionCookie);
    const form = await c.req.parseBody().catch((): Record<string, unknown> => ({}));
    const field = (name: string): string => (typeof form[name] === 'string' ? form[name] : '');
    if (session === undefined || !isProven(session, field('proof')))
      return c.html(missingPage('form'), 401, { 'www-authenticate': 'Bearer' });
    const now = waymark.now();
    try {
      await waymark.database.inWorkspace(c.get('workspaceId'), async (tx) => {
        const choice = await choiceOf(tx, field, sessionActor(session), now);
        if (choice) await asShown(tx, now, field('expect'), choice.work);
      });
    } catch (error) {
      if (!(error instanceof DecisionError)) throw error;
      c.header('content-security-policy', pagePolicy);
      return c.html(page('Not done', noticePage(error.message), undefined), 409);
    }
    deps.wake(c.get('workspaceId'));
    return c.redirect('/unmatched', 303);
  });

  show('/map', '/map', 'map', async (tx, _c, now) => ({
    title: 'Journey map',
    body: await mapPage(await journeyMaps(tx, now)),
  }));

  show('/writeback', '/writeback', 'write-back', async (tx) => ({
    title: 'Write-back',
    body: writebackPage(await writebackView(tx, undefined)),
  }));

  show('/writeback/:id', '/writeback', 'plan', async (tx, c) => {
    const wanted = c.req.param('id') ?? '';
    const view = id.test(wanted) ? await writebackView(tx, wanted) : undefined;
    return view?.plan && { title: 'Plan', body: writebackPage(view) };
  });

  // The doctor asks providers and opens transactions of its own: it must not wait inside another one.
  routes.get('/doctor', inside, async (c) => {
    const workspaceId = c.get('workspaceId');
    const named = await waymark.database.global((tx) => findWorkspace(tx, workspaceId));
    const { sampleData } = await waymark.database.inWorkspace(workspaceId, (tx) => readSettings(tx));
    const live = c.req.query('live') === '1';
    const body = doctorPage(await runDoctor(waymark, workspaceId, { live }), live);
    c.header('content-security-policy', pagePolicy);
    c.header('cache-control', 'private, no-store');
    return c.html(page('Doctor', body, { workspace: named?.name ?? '', sampleData, current: '/doctor' }));
  });

  return routes;
}
