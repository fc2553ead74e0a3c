import { createServer } from 'node:http';
import type { HintKeys } from '@waymark/connector-kit';
import { hubspot } from '@waymark/connector-hubspot';
import { entityFact, eventDraft } from '@waymark/journey';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateWorld } from '../../apps/sandbox/src/company/generate.ts';
import type { World } from '../../apps/sandbox/src/company/world.ts';
import { ALL_SCOPES, PORTAL } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { samplePortals, seedFromWorld } from '../../apps/sandbox/src/hubspot/seed.ts';
import { declaration, HubSpotPortal, streamOf } from './hubspot-portal.ts';
import { DAY, eventsOf, ids, last, MINUTE } from './streams.ts';

let portal: HubSpotPortal;

afterEach(() => portal.rig.close());

describe('hubspot on the sample company, with the real SDK', () => {
  let world: World;
  beforeAll(() => {
    world = generateWorld({ seed: 7, anchor: Date.now() });
  });
  beforeEach(async () => {
    portal = await HubSpotPortal.start({ seed: seedFromWorld(world) });
  });

  it('reads all of it: every record once, mapped, and counted as HubSpot counts', async () => {
    const book = portal.rig.handle.book(samplePortals.main).portal;
    const client = await portal.connect();
    expect(await hubspot.identify(client)).toMatchObject({ externalAccountId: String(samplePortals.main) });
    for (const { name, scopes } of hubspot.streams) {
      for (const scope of scopes) expect(ALL_SCOPES).toContain(scope);
      const pages = await portal.pull(name, null);
      const held =
        name === 'owners'
          ? book.owners.length
          : Object.keys(Object.entries(book.objects).find(([type]) => type === name)?.[1] ?? {}).length;
      expect(ids(pages)).toHaveLength(held);
      expect(new Set(ids(pages)).size).toBe(held);
      expect(pages.map((page) => page.done)).toEqual(pages.map((_, index) => index === pages.length - 1));
      expect(new Set(pages.map((page) => page.enumeration?.id)).size).toBe(1);
      const mapped = portal.map(name, pages, samplePortals.main, world.vendor.domains);
      for (const draft of eventsOf(mapped)) expect(eventDraft.safeParse(draft).error).toBeUndefined();
      for (const each of mapped) {
        if (each.outcome === 'stored') for (const fact of each.entities ?? []) entityFact.parse(fact);
      }
      expect(JSON.stringify(pages)).not.toContain(world.mails.find((mail) => mail.loggedInCrm)?.body ?? 'no mail');
    }
    expect(portal.rig.handle.unknownPaths).toEqual([]);
    expect(await hubspot.probe?.(client, declaration)).toEqual([]);
  });
});

describe('hubspot on a portal that changes, with the real SDK', () => {
  beforeEach(async () => {
    portal = await HubSpotPortal.start();
  });

  it('D1, D2, D3: reads a bulk update of one instant by pages, and what lags behind the index in the next run', async () => {
    const made = Array.from({ length: 450 }, (_, index) => portal.company(`Company ${index}`));
    const rest = last(await portal.pull('companies', null)).cursor;
    portal.wait(20 * MINUTE);
    portal.rig.handle.settings.searchLagMs = 0;
    const at = portal.now();
    for (const id of made) portal.rig.handle.patch(PORTAL, 'companies', id, { city: 'Porto' }, { at });
    const pages = await portal.pull('companies', rest);
    expect(ids(pages).toSorted()).toEqual(made.toSorted());
    expect(pages.filter((page) => page.records.length > 0).length).toBe(3);

    portal.rig.handle.settings.searchLagMs = 90_000;
    portal.wait(10 * MINUTE);
    const late = portal.company('Late', {}, portal.now());
    const missed = await portal.pull('companies', last(pages).cursor);
    expect(ids(missed)).not.toContain(late);
    portal.wait(2 * MINUTE);
    expect(ids(await portal.pull('companies', last(missed).cursor))).toContain(late);
  });

  it('goes on from the cursor of any page without losing a record', async () => {
    const made = Array.from({ length: 130 }, (_, index) => portal.company(`Company ${index}`));
    const whole = await portal.pull('companies', null);
    expect(whole.length).toBe(3);
    for (const [index, page] of whole.slice(0, -1).entries()) {
      const rest = await portal.pull('companies', page.cursor);
      expect(new Set([...ids(whole.slice(0, index + 1)), ...ids(rest)])).toEqual(new Set(made));
      expect(rest[0]?.enumeration).toEqual(page.enumeration);
    }
  });

  it('D4: what changes while a run pages belongs to the next one', async () => {
    const made = Array.from({ length: 120 }, (_, index) => portal.company(`Company ${index}`));
    const client = await portal.connect();
    let cursor: unknown;
    let first = true;
    const context = { mode: 'backfill', since: 0, until: portal.now() } as const;
    for await (const page of streamOf('companies').pull(client, null, '', context)) {
      if (first) portal.rig.handle.patch(PORTAL, 'companies', made[0] ?? '', { city: 'Faro' });
      first = false;
      cursor = page.cursor;
    }
    expect(ids(await portal.pull('companies', cursor))).toContain(made[0]);
  });

  it('D6, N1, N2: associations beyond 100 are all read, the primary company first, in a few calls', async () => {
    const companies = Array.from({ length: 230 }, (_, index) => portal.company(`Company ${index}`));
    const contact = portal.rig.handle.upsert(PORTAL, 'contacts', {
      properties: { email: 'kim@customer.example.com', firstname: 'Kim' },
      associate: companies.map((id) => ['companies', id] as const),
    });
    const pages = await portal.pull('contacts', null);
    const mapped = portal.map('contacts', pages);
    const fact = mapped.flatMap((each) => (each.outcome === 'stored' ? (each.entities ?? []) : []))[0];
    expect(fact).toMatchObject({ kind: 'contact', externalId: contact.id, addresses: ['kim@customer.example.com'] });
    expect(new Set(fact?.kind === 'contact' ? fact.accountExternalIds : [])).toEqual(new Set(companies));

    portal.rig.faults.add({ kind: 'too-many', match: { path: '/associations/' }, times: 1 });
    await expect(portal.pull('contacts', null)).rejects.toMatchObject({ fault: { kind: 'rate-limited' } });
  });

  it('B6: a merge keeps the survivor and gives up the merged ids, asked for either way', async () => {
    const [winner, loser, other] = [portal.company('Winner'), portal.company('Loser'), portal.company('Other')];
    const rest = last(await portal.pull('companies', null)).cursor;
    portal.wait(6 * MINUTE);
    const survivor = portal.rig.handle.merge(PORTAL, 'companies', winner, loser, { newId: true });
    const pages = await portal.pull('companies', rest);
    expect(ids(pages)).toContain(survivor.id);
    expect(pages.flatMap((page) => page.gone)).toEqual(
      expect.arrayContaining([
        { id: winner, certain: true },
        { id: loser, certain: true },
      ]),
    );
    const facts = portal.map('companies', pages).flatMap((each) => ('entities' in each ? each.entities : []));
    expect(facts).toContainEqual(
      expect.objectContaining({ externalId: survivor.id, mergedIds: expect.arrayContaining([winner, loser]) }),
    );

    const asked = await portal.pull('companies', rest, { ids: [loser, other] });
    expect(new Set(ids(asked.slice(0, 1)))).toEqual(new Set([survivor.id, other]));
    expect(asked[0]?.gone).toEqual(expect.arrayContaining([{ id: loser, certain: true }]));
    expect(asked[0]?.cursor).toEqual(rest);
  });

  it('reads what a hint names at once, and goes on to look for the rest unless it has just done so', async () => {
    const [named, other] = [portal.company('Named'), portal.company('Other')];
    const backfilled = last(await portal.pull('companies', null)).cursor;
    portal.wait(9 * MINUTE);
    portal.rig.handle.patch(PORTAL, 'companies', named, { city: 'Porto' });
    portal.rig.handle.patch(PORTAL, 'companies', other, { city: 'Faro' });
    const pages = await portal.pull('companies', backfilled, { ids: [named] });
    expect(pages.map((page) => [ids([page]), page.done])).toEqual([
      [[named], false],
      [[named, other], true],
    ]);
    const again = await portal.pull('companies', last(pages).cursor, { ids: [named] });
    expect(again).toMatchObject([{ done: true, cursor: last(pages).cursor }]);
    // The runner names no records where no hint came: that is not "none at all".
    expect(ids(await portal.pull('companies', backfilled, { ids: [] }))).toEqual([named, other]);
  });

  it('A5: the nightly reread of thirty days does not end what is older', async () => {
    const at = portal.now() - 200 * DAY;
    const email = portal.rig.handle.upsert(PORTAL, 'emails', {
      properties: { hs_timestamp: new Date(at).toISOString(), hs_email_from_email: 'kim@customer.example.com' },
      at,
    }).id;
    const rest = last(await portal.pull('emails', null)).cursor;
    portal.wait(10 * MINUTE);
    portal.rig.handle.patch(PORTAL, 'emails', email, { hs_email_subject: 'Changed' });
    const pages = await portal.pull('emails', rest, { mode: 'resync', since: portal.now() - 30 * DAY });
    expect(portal.map('emails', pages)).toMatchObject([{ outcome: 'stored' }]);
  });

  it('the nightly reread lists all deals: another company changes no modification time, a lost deletion shows', async () => {
    const [former, later] = [portal.company('Former'), portal.company('Later')];
    const make = (name: string) =>
      portal.rig.handle.upsert(PORTAL, 'deals', {
        properties: { dealname: name, pipeline: 'default', dealstage: 'closedwon' },
        at: portal.now() - 100 * DAY,
        associate: [['companies', former]],
      }).id;
    const [moved, kept] = [make('Moved'), make('Kept')];
    const backfilled = last(await portal.pull('deals', null)).cursor;
    portal.wait(DAY);
    const rest = last(await portal.pull('deals', backfilled)).cursor;
    portal.rig.handle.dissociate(PORTAL, ['deals', moved], ['companies', former]);
    portal.rig.handle.associate(PORTAL, ['deals', moved], ['companies', later]);
    expect(ids(await portal.pull('deals', rest))).toEqual([]);
    const pages = await portal.pull('deals', rest, { mode: 'resync' });
    expect(ids(pages)).toEqual([moved, kept]);
    expect(pages.every((page) => page.enumeration !== undefined)).toBe(true);
    expect(new Set(eventsOf(portal.map('deals', pages)).map((event) => event.subject))).toEqual(
      new Set([`record:${later}`, `record:${former}`]),
    );
  });

  it('A12: a deleted record is gone by the archived list, and by its id at once', async () => {
    const [kept, deleted] = [portal.company('Kept'), portal.company('Deleted')];
    const rest = last(await portal.pull('companies', null)).cursor;
    portal.wait(11 * MINUTE);
    portal.rig.handle.archive(PORTAL, 'companies', deleted);
    const asked = await portal.pull('companies', rest, { ids: [kept, deleted] });
    expect(ids(asked.slice(0, 1))).toEqual([kept]);
    expect(asked[0]?.gone).toEqual([{ id: deleted, certain: true }]);
    const pages = await portal.pull('companies', rest);
    expect(pages.flatMap((page) => page.gone)).toMatchObject([{ id: deleted, certain: true, at: expect.any(Number) }]);
    expect(last(pages)).toMatchObject({ done: true, cursor: { phase: 'live' } });
  });

  it('N4: backfill and live map a record to the same events', async () => {
    const at = portal.now() - 100 * DAY;
    const id = portal.company('Acme', { domain: 'Acme.example.com' }, at);
    portal.rig.handle.patch(PORTAL, 'companies', id, { lifecyclestage: 'customer' }, { at: at + DAY });
    const deal = portal.rig.handle.upsert(PORTAL, 'deals', {
      properties: { dealname: 'Acme renewal', pipeline: 'default', dealstage: 'qualifiedtobuy', amount: '1200' },
      at,
      associate: [['companies', id]],
    }).id;
    portal.rig.handle.patch(PORTAL, 'deals', deal, { dealstage: 'closedwon' }, { at: at + 2 * DAY });
    for (const name of ['companies', 'deals']) {
      const whole = await portal.pull(name, null);
      const again = await portal.pull(name, last(whole).cursor, { ids: [name === 'deals' ? deal : id] });
      expect(portal.map(name, again)).toEqual(portal.map(name, whole));
      expect(again.flatMap((page) => page.records).map((record) => record.version)).toEqual(
        whole.flatMap((page) => page.records).map((record) => record.version),
      );
    }
    expect(eventsOf(portal.map('deals', await portal.pull('deals', null)))).toMatchObject([
      { type: 'deal.created', subject: `record:${id}`, attributes: { stage: 'qualifiedtobuy', amount: 1200 } },
      { type: 'deal.won', occurredAt: at + 2 * DAY, attributes: { from: 'qualifiedtobuy', stageLabel: 'Closed Won' } },
    ]);
  });

  it('reads responses to surveys with their people, by list, search and count, never what they wrote', async () => {
    const ada = portal.rig.handle.upsert(PORTAL, 'contacts', { properties: { email: 'ada@acme.example' } });
    const respond = (score: number, at: number) =>
      portal.rig.handle.upsert(PORTAL, 'feedback_submissions', {
        properties: {
          hs_survey_type: 'NPS',
          hs_value: score,
          hs_submission_timestamp: new Date(at).toISOString(),
          hs_content: 'what Ada wrote',
        },
        at,
        associate: [['contacts', ada.id]],
      });
    respond(9, portal.now() - 30 * DAY);
    const first = await portal.pull('feedback_submissions', null);
    portal.wait(20 * MINUTE);
    const late = respond(2, portal.now());
    const second = await portal.pull('feedback_submissions', last(first).cursor);
    expect(ids(second)).toContain(late.id);
    expect(eventsOf(portal.map('feedback_submissions', first))).toMatchObject([
      { type: 'survey.responded', attributes: { kind: 'nps', score: 9 } },
    ]);
    expect(eventsOf(portal.map('feedback_submissions', second)).at(-1)).toMatchObject({
      attributes: { score: 2 },
      participants: [{ role: 'respondent', address: 'ada@acme.example' }],
    });
    expect(JSON.stringify([...first, ...second])).not.toContain('what Ada wrote');
    const counted = await streamOf('feedback_submissions').count?.(await portal.connect(), '', {
      from: portal.now() - DAY,
      to: portal.now(),
    });
    expect(counted).toEqual({ total: 1, ids: [late.id] });
    expect(portal.rig.handle.unknownPaths).toEqual([]);
  });

  it('D13, E6: a scope that was not granted stops its stream alone', async () => {
    portal.company('Acme');
    const scopes = ALL_SCOPES.filter((scope) => scope !== 'sales-email-read');
    const client = await portal.connect(declaration, scopes);
    await expect(portal.pull('emails', null, { client })).rejects.toMatchObject({
      fault: { kind: 'scope-missing', scope: 'sales-email-read' },
    });
    expect(ids(await portal.pull('companies', null, { client }))).toHaveLength(1);
  });

  it.each([
    { kind: 'server-error', fault: 'transient' },
    { kind: 'html-200', fault: 'transient' },
    { kind: 'truncated-json', fault: 'transient' },
    { kind: 'reset-mid-body', fault: 'transient' },
    { kind: 'too-many', fault: 'rate-limited' },
    { kind: 'unauthorized', fault: 'token-expired' },
  ] as const)('A4: $kind ends the run as $fault, never as an empty page', async ({ kind, fault }) => {
    portal.company('Acme');
    const rest = last(await portal.pull('companies', null)).cursor;
    for (const path of ['/crm/objects/2026-09/companies\\?', '/companies/search', '/companies/batch/read']) {
      portal.rig.faults.clear();
      portal.rig.faults.add({ kind, match: { path } });
      const from = path.includes('?') ? null : rest;
      await expect(portal.pull('companies', from)).rejects.toMatchObject({ fault: { kind: fault } });
    }
    portal.rig.faults.clear();
  });

  it('E8, E11: a webhook is checked and becomes a hint to read, however often and in whatever order it comes', async () => {
    const received: { body: string; headers: Record<string, string> }[] = [];
    const server = await listen((body, headers) => received.push({ body, headers }));
    try {
      portal.rig.handle.registerApp({
        clientId: 'rig-client',
        clientSecret: 'rig-secret',
        redirectUris: [],
        webhookUrl: server.url,
      });
      portal.rig.token();
      portal.rig.handle.settings.webhookDelayMs = 60_000;
      portal.rig.handle.settings.webhookMischief.repeat = 1;
      const id = portal.company('Acme');
      portal.rig.handle.patch(PORTAL, 'companies', id, { lifecyclestage: 'customer' });
      const deal = portal.rig.handle.upsert(PORTAL, 'deals', {
        properties: { dealname: 'New', pipeline: 'default', dealstage: 'closedwon' },
        associate: [['companies', id]],
      }).id;
      await portal.rig.handle.flushWebhooks();
      expect(received).toHaveLength(2);
      const keys: HintKeys = {
        app: { clientId: 'rig-client', clientSecret: 'rig-secret', extra: {} },
        jwks: () => Promise.reject(new Error('HubSpot has no keys to fetch')),
      };
      const asked = received.map(({ body, headers }) => {
        const request = { method: 'POST', url: server.url, headers, body: new TextEncoder().encode(body) };
        return hubspot.hint?.(request, keys, portal.now());
      });
      const results = await Promise.all(asked);
      expect(results[1]).toEqual(results[0]);
      const hints = results[0]?.ok ? results[0].hints : expect.fail('refused');
      expect(hints.map(({ externalAccountId, stream: name, ids: named }) => [externalAccountId, name, named])).toEqual(
        expect.arrayContaining([
          [String(PORTAL), 'companies', [id]],
          [String(PORTAL), 'deals', [deal]],
        ]),
      );
      const [{ body, headers } = { body: '', headers: {} }] = received;
      const forged = { method: 'POST', url: server.url, headers, body: new TextEncoder().encode(`${body} `) };
      expect(await hubspot.hint?.(forged, keys, portal.now())).toMatchObject({
        status: 401,
      });
    } finally {
      await server.close();
    }
  });

  it('D12: the probe names what is declared and not there', async () => {
    portal.company('Prospect');
    const settings = {
      customers: { values: ['Customer'] },
      properties: { csm: 'no_such', renewalDate: 'city' },
      deals: { pipelineKinds: { Renewals: 'renewal' } },
    };
    const findings = await hubspot.probe?.(await portal.connect(settings), settings);
    expect(findings?.map((finding) => finding.code).toSorted()).toEqual([
      'customer_value_unknown',
      'no_customers',
      'pipeline_unknown',
      'property_missing',
      'property_type',
    ]);
  });
});

/** A server on loopback that keeps what it is sent. */
async function listen(
  receive: (body: string, headers: Record<string, string>) => void,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, text]) => [name, String(text)]));
      receive(Buffer.concat(chunks).toString('utf8'), headers);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/webhooks/hubspot`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
