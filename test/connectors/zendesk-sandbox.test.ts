import { zendesk } from '@waymark/connector-zendesk';
import { entityFact, eventDraft, type EventDraft } from '@waymark/journey';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateWorld } from '../../apps/sandbox/src/company/generate.ts';
import type { World } from '../../apps/sandbox/src/company/world.ts';
import { addOrganization } from '../../apps/sandbox/src/zendesk/account.ts';
import { DESK, OTHER_DESK } from '../../apps/sandbox/src/zendesk/desk-rig.ts';
import { sampleSubdomains, seedFromWorld } from '../../apps/sandbox/src/zendesk/seed.ts';
import { streamOf, ZendeskDesk } from './zendesk-desk.ts';
import { DAY, eventsOf, ids, last, MINUTE } from './streams.ts';

let desk: ZendeskDesk;

afterEach(() => desk.rig.close());

const HOUR = 60 * MINUTE;

describe('zendesk on the sample company', () => {
  let world: World;
  beforeAll(() => {
    world = generateWorld({ seed: 7, anchor: Date.now() });
  });
  beforeEach(async () => {
    desk = await ZendeskDesk.start({ seed: seedFromWorld(world) });
  });

  it('reads all of it: every record once, mapped, without a word of what people wrote', async () => {
    const account = desk.rig.handle.account(sampleSubdomains.main);
    const client = await desk.connect();
    expect(await zendesk.identify(client)).toEqual({
      externalAccountId: sampleSubdomains.main,
      label: `Zendesk ${sampleSubdomains.main}`,
      timezone: world.vendor.timezone,
    });
    const held = {
      organizations: account.organizations,
      users: account.users,
      tickets: account.tickets,
      'satisfaction-ratings': account.ratings,
    };
    const subjects = Object.values(account.tickets).map((ticket) => ticket.subject);
    for (const [name, all] of Object.entries(held)) {
      const pages = await desk.pull(name, null, { client });
      expect(ids(pages).toSorted()).toEqual(Object.keys(all).toSorted());
      expect(pages.map((page) => page.done)).toEqual(pages.map((_, index) => index === pages.length - 1));
      const mapped = desk.map(name, pages, sampleSubdomains.main, world.vendor.domains);
      for (const draft of eventsOf(mapped)) expect(eventDraft.safeParse(draft).error).toBeUndefined();
      for (const each of mapped) {
        if (each.outcome === 'stored') for (const fact of each.entities ?? []) entityFact.parse(fact);
      }
      const told = JSON.stringify(pages);
      const kept = JSON.stringify(eventsOf(mapped));
      for (const subject of subjects) expect(kept).not.toContain(subject);
      expect(told).not.toMatch(/note about|Quick and friendly|Engineering has to look|since this morning|zd-comment/);
    }
    expect(desk.rig.handle.unknownPaths).toEqual([]);
    expect(await zendesk.probe?.(client, {})).toEqual([]);
  });

  it('tells of each ticket what the sample says happened', async () => {
    const pages = await desk.pull('tickets', null);
    const events = eventsOf(desk.map('tickets', pages, sampleSubdomains.main, world.vendor.domains));
    const count = (type: EventDraft['type']): number => events.filter((event) => event.type === type).length;
    const steps = world.tickets.flatMap(({ history }) =>
      history.map((step, index) => ({ step: step.status, before: history[index - 1]?.status })),
    );
    expect(count('ticket.opened')).toBe(world.tickets.length);
    expect(count('ticket.solved')).toBe(steps.filter(({ step }) => step === 'closed').length);
    expect(count('ticket.reopened')).toBe(steps.filter(({ before }) => before === 'closed').length);
    expect(count('ticket.escalated')).toBe(steps.filter(({ step }) => step === 'escalated').length);
    const inbound = events.filter((event) => event.type === 'ticket.replied' && event.direction === 'inbound');
    expect(inbound.length).toBe(
      steps.filter(({ step, before }) => step === 'waiting_us' && before !== undefined && before !== 'new').length,
    );
  });
});

describe('zendesk on a help desk that changes', () => {
  beforeEach(async () => {
    desk = await ZendeskDesk.start();
  });

  const open = (requesterId: number, at: number) =>
    desk.desk.open({ requesterId, subject: 'Invoice', body: 'Where is it?', at, priority: 'normal' });

  it('D14: reads a crowd of one second by pages and goes on from any of them', async () => {
    const ida = desk.customer('Fjord');
    const at = desk.now() - 10 * DAY;
    const made = Array.from({ length: 250 }, () => String(open(ida.id, at).id));
    const whole = await desk.pull('tickets', null);
    expect(whole.map((page) => page.records.length)).toEqual([100, 100, 50]);
    expect(whole[0]?.expected).toBe(250);
    expect(ids(whole).toSorted()).toEqual(made.toSorted());
    for (const [index, page] of whole.slice(0, -1).entries()) {
      const rest = await desk.pull('tickets', page.cursor, { mode: 'backfill' });
      expect([...ids(whole.slice(0, index + 1)), ...ids(rest)].toSorted()).toEqual(made.toSorted());
    }
  });

  it('D14: ends where the cursor no longer moves, though Zendesk never says that it ends', async () => {
    const ida = desk.customer('Fjord');
    open(ida.id, desk.now() - HOUR);
    desk.rig.handle.settings.exportsNeverEnd = true;
    const pages = await desk.pull('tickets', null);
    expect(pages.length).toBe(2);
    expect(last(pages).done).toBe(true);
    expect(ids(pages)).toHaveLength(1);
  });

  it('D14: lists all organizations where more of them share a second than a page of the export holds', async () => {
    const account = desk.rig.handle.account(DESK);
    const rest = last(await desk.pull('organizations', null)).cursor;
    desk.wait(HOUR);
    const at = desk.now() - 10 * MINUTE;
    const made = Array.from({ length: 1500 }, (_, index) =>
      String(addOrganization(account, { name: `Org ${index}`, domains: [], at }).id),
    );
    const pages = await desk.pull('organizations', rest);
    expect(new Set(ids(pages))).toEqual(new Set(made));
    expect(last(pages).enumeration).toBeDefined();
    expect(last(pages).cursor).toMatchObject({ phase: 'live' });
  });

  it('leaves the last minute to the next reading, and a hint does not wait for it', async () => {
    const ida = desk.customer('Fjord');
    const rest = last(await desk.pull('tickets', null)).cursor;
    const ticket = open(ida.id, desk.now());
    expect(ids(await desk.pull('tickets', rest))).toEqual([]);
    const hinted = await desk.pull('tickets', rest, { ids: [String(ticket.id)] });
    expect(ids(hinted)).toEqual([String(ticket.id)]);
    expect(last(hinted)).toMatchObject({ done: true, cursor: rest });
    desk.wait(2 * MINUTE);
    expect(ids(await desk.pull('tickets', rest))).toEqual([String(ticket.id)]);
  });

  it('goes on from the last cursor and reads what changed since, once', async () => {
    const ida = desk.customer('Fjord');
    const sven = desk.agent();
    const first = open(ida.id, desk.now() - HOUR);
    open(ida.id, desk.now() - HOUR);
    const rest = last(await desk.pull('tickets', null)).cursor;
    desk.desk.update(first.id, { authorId: sven.id, at: desk.now(), status: 'solved' });
    desk.wait(5 * MINUTE);
    const pages = await desk.pull('tickets', rest);
    expect(ids(pages)).toEqual([String(first.id)]);
    expect(eventsOf(desk.map('tickets', pages)).map((event) => event.type)).toEqual(['ticket.opened', 'ticket.solved']);
    expect(ids(await desk.pull('tickets', last(pages).cursor))).toEqual([]);
  });

  it('A1, A2: a refused cursor is replaced by a time an hour before the last good reading, and is not kept again', async () => {
    const ida = desk.customer('Fjord');
    const old = open(ida.id, desk.now() - 30 * DAY);
    const recent = open(ida.id, desk.now() - 10 * MINUTE);
    const known = last(await desk.pull('tickets', null)).cursor;
    desk.rig.handle.expireCursors(DESK);
    await expect(desk.pull('tickets', known)).rejects.toMatchObject({ fault: { kind: 'cursor-expired' } });
    const again = await desk.pull('tickets', null, { mode: 'resync', expired: known });
    expect(ids(again)).toEqual([String(recent.id)]);
    expect(last(again).cursor).not.toEqual(known);
    // The place is the same as before: where Zendesk gives the refused cursor once more, the next run goes by time.
    desk.rig.handle.account(DESK).cursorGeneration -= 1;
    const same = await desk.pull('tickets', null, { mode: 'resync', expired: known });
    expect(last(same).cursor).toMatchObject({ after: null });
    expect(ids(await desk.pull('tickets', last(same).cursor))).not.toContain(String(old.id));
  });

  it('B2: a deleted ticket is gone for certain, one that is hidden from a hint is not, a restored one is back', async () => {
    const ida = desk.customer('Fjord');
    const { id } = open(ida.id, desk.now() - HOUR);
    const rest = last(await desk.pull('tickets', null)).cursor;
    desk.desk.delete(id, desk.now());
    const hinted = await desk.pull('tickets', rest, { ids: [String(id)] });
    expect(hinted.flatMap((page) => page.gone)).toEqual([]);
    desk.wait(3 * MINUTE);
    const pages = await desk.pull('tickets', rest);
    expect(pages.flatMap((page) => page.gone)).toMatchObject([{ id: String(id), certain: true }]);
    expect(ids(pages)).toEqual([]);
    desk.desk.restore(id, desk.now());
    desk.wait(3 * MINUTE);
    expect(ids(await desk.pull('tickets', last(pages).cursor))).toEqual([String(id)]);
  });

  it('tells a merge as the end of the ticket that went on in another one', async () => {
    const ida = desk.customer('Fjord');
    const sven = desk.agent();
    const [one, other] = [open(ida.id, desk.now() - DAY), open(ida.id, desk.now() - HOUR)];
    desk.desk.merge(other.id, one.id, sven.id, desk.now() - 10 * MINUTE);
    const events = eventsOf(desk.map('tickets', await desk.pull('tickets', null)));
    const solved = events.filter((event) => event.type === 'ticket.solved');
    expect(solved).toMatchObject([{ attributes: { ticketId: `${DESK}:${other.id}`, merged: true } }]);
  });

  it('A12: a ticket that vanishes between export and audits stops nothing and ends nothing', async () => {
    const ida = desk.customer('Fjord');
    const [one, other] = [open(ida.id, desk.now() - HOUR), open(ida.id, desk.now() - HOUR)];
    const client = await desk.connect();
    const before = client.json.bind(client);
    client.json = async (request) => {
      const answer = await before(request);
      if (request.path.includes('/incremental/')) desk.desk.delete(one.id, desk.now());
      return answer;
    };
    const pages = await desk.pull('tickets', null, { client });
    expect(ids(pages)).toEqual([String(other.id)]);
    expect(pages.flatMap((page) => page.gone)).toEqual([{ id: String(one.id), certain: false }]);
  });

  it('leaves out what Zendesk itself touched of the distant past, without reading its audits', async () => {
    const ida = desk.customer('Fjord');
    const { id } = open(ida.id, desk.now() - 700 * DAY);
    desk.desk.touch(id, desk.now() - DAY);
    const client = await desk.connect();
    const pages = await desk.pull('tickets', null, { client, since: desk.now() - 365 * DAY });
    expect(desk.map('tickets', pages)).toEqual([{ outcome: 'ignored', reason: 'too_old' }]);
    expect(JSON.stringify(client.session)).not.toContain('/audits');
    expect(desk.rig.handle.peak(DESK).perMinute).toBeLessThanOrEqual(3);
  });

  it('keeps two help desks apart, and knows which one a grant is of', async () => {
    desk.customer('Fjord');
    const client = await desk.connect({ subdomain: OTHER_DESK, settings: { subdomain: DESK } });
    expect(await zendesk.identify(client)).toMatchObject({ externalAccountId: OTHER_DESK });
    expect(ids(await desk.pull('organizations', null, { client }))).toEqual([]);
  });

  it('E1, A4: refuses a bad token as a token, whatever is asked, and never as an empty answer', async () => {
    const client = await desk.connect();
    desk.rig.handle.expireAccess(DESK);
    for (const { name } of zendesk.streams) {
      await expect(desk.pull(name, null, { client })).rejects.toMatchObject({ fault: { kind: 'token-expired' } });
    }
    await expect(zendesk.identify(client)).rejects.toMatchObject({ fault: { kind: 'token-expired' } });
  });

  it('D13: without the scope read the audits are refused as a scope, not as an empty history', async () => {
    const ida = desk.customer('Fjord');
    open(ida.id, desk.now() - HOUR);
    const client = await desk.connect({ scopes: ['tickets:read', 'users:read'] });
    await expect(desk.pull('tickets', null, { client })).rejects.toMatchObject({ fault: { kind: 'scope-missing' } });
  });

  it.each(['html-200', 'truncated-json', 'server-error', 'reset-mid-body'] as const)(
    'A4, N1: %s on the audits is a passing fault of the page',
    async (kind) => {
      const ida = desk.customer('Fjord');
      open(ida.id, desk.now() - HOUR);
      desk.rig.faults.add({ kind, match: { path: '/audits' } });
      await expect(desk.pull('tickets', null)).rejects.toMatchObject({ fault: { kind: 'transient' } });
    },
  );

  it('honors Retry-After, and leaves a fifth of the minute to the account’s other apps', async () => {
    desk.rig.faults.add({ kind: 'too-many', times: 1, params: { retryAfter: 7 } });
    await expect(desk.pull('organizations', null)).rejects.toMatchObject({
      fault: { kind: 'rate-limited', retryAfterMs: 7000 },
    });
    desk.rig.handle.settings.limits.perMinute = 10;
    const client = await desk.connect();
    const calls = Array.from({ length: 10 }, () => () => desk.pull('organizations', null, { client }));
    let done = 0;
    for (const call of calls) {
      const ok = await call().then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ fault: { kind: 'rate-limited' } });
          return false;
        },
      );
      if (!ok) break;
      done += 1;
    }
    expect(done).toBe(8);
    desk.wait(MINUTE);
    await expect(desk.pull('organizations', null, { client })).resolves.toHaveLength(1);
  });

  it('A11: counts what Zendesk counts', async () => {
    const ida = desk.customer('Fjord');
    for (let count = 0; count < 3; count += 1) open(ida.id, desk.now() - (count + 1) * DAY);
    const client = await desk.connect();
    const window = { from: desk.now() - 2.5 * DAY, to: desk.now() };
    expect(await streamOf('tickets').count?.(client, '', window)).toEqual({ total: 2 });
    expect(await streamOf('organizations').count?.(client, '', window)).toEqual({ total: 0 });
  });

  it('probe names an agent who may not export, and a help desk in which all is closed', async () => {
    const ida = desk.customer('Fjord');
    const account = desk.rig.handle.account(DESK);
    const { id } = open(ida.id, desk.now() - DAY);
    desk.desk.update(id, { authorId: -1, at: desk.now(), status: 'closed' });
    account.signedIn = desk.agent().id;
    const client = await desk.connect({ settings: { tickets: { escalatedStatuses: ['With engineering'] } } });
    const findings = await zendesk.probe?.(client, {});
    expect(findings?.map((finding) => finding.code)).toEqual([
      'not_an_administrator',
      'export_refused',
      'ticket_status_unknown',
      'closed_tickets_only',
    ]);
  });

  it('reads a rating that was offered and given later, and given again', async () => {
    const ida = desk.customer('Fjord');
    const { id } = open(ida.id, desk.now() - 3 * HOUR);
    desk.desk.rate(id, 'offered', desk.now() - 2 * HOUR);
    const rest = last(await desk.pull('satisfaction-ratings', null)).cursor;
    desk.desk.rate(id, 'bad_with_comment', desk.now(), 'Too slow');
    const pages = await desk.pull('satisfaction-ratings', rest);
    expect(eventsOf(desk.map('satisfaction-ratings', pages))).toMatchObject([
      {
        type: 'survey.responded',
        attributes: { kind: 'csat', score: 0, scale: 1 },
        participants: [{ address: 'ida@fjord.example' }],
      },
    ]);
    expect(JSON.stringify(pages)).not.toContain('Too slow');
    desk.wait(HOUR);
    desk.desk.rate(id, 'good', desk.now());
    const again = eventsOf(
      desk.map('satisfaction-ratings', await desk.pull('satisfaction-ratings', last(pages).cursor)),
    );
    expect(again).toMatchObject([{ attributes: { score: 1 } }]);
  });
});
