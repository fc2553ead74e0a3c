import { createServer } from 'node:http';
import { hubspot } from '@waymark/connector-hubspot';
import type { MapContext, Mapped, Page, Stream } from '@waymark/connector-kit';
import { collect, testSession } from '@waymark/connector-kit/testing/session';
import { eventDraft, entityFact, type EventDraft } from '@waymark/journey';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateWorld } from '../../apps/sandbox/src/company/generate.ts';
import type { World } from '../../apps/sandbox/src/company/world.ts';
import { ALL_SCOPES, PORTAL, startRig, type CrmRig } from '../../apps/sandbox/src/hubspot/crm-rig.ts';
import { samplePortals, seedFromWorld } from '../../apps/sandbox/src/hubspot/seed.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** What the sample company's admin declares. */
const declaration = {
  properties: {
    csm: 'csm',
    renewalDate: 'renewal_date',
    value: 'annual_value',
    tier: 'tier',
    customerSince: 'customer_since',
    onboardingStatus: 'onboarding_status',
  },
  contacts: { leftDate: 'left_date' },
};

let rig: CrmRig;

const now = (): number => Date.now() + rig.clock.offset;

function contextOf(settings: Readonly<Record<string, unknown>> = declaration, portal = PORTAL): MapContext {
  return {
    ownDomains: ['brightpath.example'],
    account: { externalAccountId: String(portal), label: 'Portal' },
    settings,
    keepSubjects: false,
    readAt: now(),
  };
}

const connected = (
  token = rig.token(),
  settings: Readonly<Record<string, unknown>> = declaration,
  grantedScopes: readonly string[] = ALL_SCOPES,
) =>
  hubspot.connect(
    testSession({
      classify: hubspot.classify,
      baseUrls: { app: rig.url, api: rig.url },
      token,
      settings,
      grantedScopes,
      now,
    }),
  );

type AnyStream = Stream<Awaited<ReturnType<typeof connected>>, unknown, unknown>;

function stream(name: string): AnyStream {
  return hubspot.streams.find((each) => each.name === name) ?? expect.fail(`no stream ${name}`);
}

async function pull(
  name: string,
  from: unknown,
  options: { mode?: 'backfill' | 'live' | 'resync'; ids?: readonly string[]; token?: string } = {},
): Promise<Page<unknown>[]> {
  const client = await connected(options.token);
  const mode = options.mode ?? (from === null ? 'backfill' : 'live');
  const context = { mode, since: now() - 800 * DAY, until: now(), ...(options.ids ? { ids: options.ids } : {}) };
  return collect(stream(name).pull(client, from, '', context));
}

const records = (pages: readonly Page<unknown>[]) => pages.flatMap((page) => page.records);
const ids = (pages: readonly Page<unknown>[]): string[] => records(pages).map((record) => record.id);
const last = (pages: readonly Page<unknown>[]): Page<unknown> => pages.at(-1) ?? expect.fail('no page');

function mapAll(name: string, pages: readonly Page<unknown>[], context: MapContext): Mapped[] {
  const { raw, map } = stream(name);
  return records(pages).map((record) => map(raw.parse(record.raw), context));
}

function eventsOf(mapped: readonly Mapped[]): EventDraft[] {
  return mapped.flatMap((each) => (each.outcome === 'stored' ? each.events : []));
}

afterEach(() => rig.close());

describe('hubspot on the sample company, with the real SDK', () => {
  let world: World;
  beforeAll(() => {
    world = generateWorld({ seed: 7, anchor: Date.now() });
  });
  beforeEach(async () => {
    rig = await startRig({ seed: seedFromWorld(world) });
  });

  it('reads all of it: every record once, mapped, and counted as HubSpot counts', async () => {
    const portal = rig.handle.book(samplePortals.main).portal;
    const context = { ...contextOf(declaration, samplePortals.main), ownDomains: world.vendor.domains };
    const client = await connected();
    expect(await hubspot.identify(client)).toMatchObject({ externalAccountId: String(samplePortals.main) });
    for (const { name, scopes } of hubspot.streams) {
      for (const scope of scopes) expect(ALL_SCOPES).toContain(scope);
      const pages = await pull(name, null);
      const held =
        name === 'owners'
          ? portal.owners.length
          : Object.keys(Object.entries(portal.objects).find(([type]) => type === name)?.[1] ?? {}).length;
      expect(ids(pages)).toHaveLength(held);
      expect(new Set(ids(pages)).size).toBe(held);
      expect(pages.map((page) => page.done)).toEqual(pages.map((_, index) => index === pages.length - 1));
      expect(new Set(pages.map((page) => page.enumeration?.id)).size).toBe(1);
      const mapped = mapAll(name, pages, context);
      for (const draft of eventsOf(mapped)) expect(eventDraft.safeParse(draft).error).toBeUndefined();
      for (const each of mapped) {
        if (each.outcome === 'stored') for (const fact of each.entities ?? []) entityFact.parse(fact);
      }
      expect(JSON.stringify(pages)).not.toContain(world.mails.find((mail) => mail.loggedInCrm)?.body ?? 'no mail');
    }
    expect(rig.handle.unknownPaths).toEqual([]);
    expect(await hubspot.probe?.(client, declaration)).toEqual([]);
  });
});

describe('hubspot on a portal that changes, with the real SDK', () => {
  beforeEach(async () => {
    rig = await startRig();
  });

  const company = (name: string, properties: Record<string, string> = {}, at = now() - 300 * DAY) =>
    rig.handle.upsert(PORTAL, 'companies', { properties: { name, lifecyclestage: 'lead', ...properties }, at }).id;
  const write = hubspot.write ?? expect.fail('no writer');

  it('D1, D2, D3: reads a bulk update of one instant by pages, and what lags behind the index in the next run', async () => {
    const made = Array.from({ length: 450 }, (_, index) => company(`Company ${index}`));
    const rest = last(await pull('companies', null)).cursor;
    rig.clock.offset += 20 * MINUTE;
    rig.handle.settings.searchLagMs = 0;
    const at = now();
    for (const id of made) rig.handle.patch(PORTAL, 'companies', id, { city: 'Porto' }, { at });
    const pages = await pull('companies', rest);
    expect(ids(pages).toSorted()).toEqual(made.toSorted());
    expect(pages.filter((page) => page.records.length > 0).length).toBe(3);

    rig.handle.settings.searchLagMs = 90_000;
    rig.clock.offset += 10 * MINUTE;
    const late = company('Late', {}, now());
    const missed = await pull('companies', last(pages).cursor);
    expect(ids(missed)).not.toContain(late);
    rig.clock.offset += 2 * MINUTE;
    expect(ids(await pull('companies', last(missed).cursor))).toContain(late);
  });

  it('goes on from the cursor of any page without losing a record', async () => {
    const made = Array.from({ length: 130 }, (_, index) => company(`Company ${index}`));
    const whole = await pull('companies', null);
    expect(whole.length).toBe(3);
    for (const [index, page] of whole.slice(0, -1).entries()) {
      const rest = await pull('companies', page.cursor);
      expect(new Set([...ids(whole.slice(0, index + 1)), ...ids(rest)])).toEqual(new Set(made));
      expect(rest[0]?.enumeration).toEqual(page.enumeration);
    }
  });

  it('D4: what changes while a run pages belongs to the next one', async () => {
    const made = Array.from({ length: 120 }, (_, index) => company(`Company ${index}`));
    const client = await connected();
    let cursor: unknown;
    let first = true;
    const context = { mode: 'backfill', since: 0, until: now() } as const;
    for await (const page of stream('companies').pull(client, null, '', context)) {
      if (first) rig.handle.patch(PORTAL, 'companies', made[0] ?? '', { city: 'Faro' });
      first = false;
      cursor = page.cursor;
    }
    expect(ids(await pull('companies', cursor))).toContain(made[0]);
  });

  it('D6, N1, N2: associations beyond 100 are all read, the primary company first, in a few calls', async () => {
    const companies = Array.from({ length: 230 }, (_, index) => company(`Company ${index}`));
    const contact = rig.handle.upsert(PORTAL, 'contacts', {
      properties: { email: 'kim@customer.example.com', firstname: 'Kim' },
      associate: companies.map((id) => ['companies', id] as const),
    });
    const pages = await pull('contacts', null);
    const mapped = mapAll('contacts', pages, contextOf());
    const fact = mapped.flatMap((each) => (each.outcome === 'stored' ? (each.entities ?? []) : []))[0];
    expect(fact).toMatchObject({ kind: 'contact', externalId: contact.id, addresses: ['kim@customer.example.com'] });
    expect(new Set(fact?.kind === 'contact' ? fact.accountExternalIds : [])).toEqual(new Set(companies));

    rig.faults.add({ kind: 'too-many', match: { path: '/associations/' }, times: 1 });
    await expect(pull('contacts', null)).rejects.toMatchObject({ fault: { kind: 'rate-limited' } });
  });

  it('B6: a merge keeps the survivor and gives up the merged ids, asked for either way', async () => {
    const [winner, loser, other] = [company('Winner'), company('Loser'), company('Other')];
    const rest = last(await pull('companies', null)).cursor;
    rig.clock.offset += 6 * MINUTE;
    const survivor = rig.handle.merge(PORTAL, 'companies', winner, loser, { newId: true });
    const pages = await pull('companies', rest);
    expect(ids(pages)).toContain(survivor.id);
    expect(pages.flatMap((page) => page.gone)).toEqual(
      expect.arrayContaining([
        { id: winner, certain: true },
        { id: loser, certain: true },
      ]),
    );
    const facts = mapAll('companies', pages, contextOf()).flatMap((each) => ('entities' in each ? each.entities : []));
    expect(facts).toContainEqual(
      expect.objectContaining({ externalId: survivor.id, mergedIds: expect.arrayContaining([winner, loser]) }),
    );

    const asked = await pull('companies', rest, { ids: [loser, other] });
    expect(new Set(ids(asked.slice(0, 1)))).toEqual(new Set([survivor.id, other]));
    expect(asked[0]?.gone).toEqual(expect.arrayContaining([{ id: loser, certain: true }]));
    expect(asked[0]?.cursor).toEqual(rest);
  });

  it('reads what a hint names at once, and goes on to look for the rest unless it has just done so', async () => {
    const [named, other] = [company('Named'), company('Other')];
    const backfilled = last(await pull('companies', null)).cursor;
    rig.clock.offset += 9 * MINUTE;
    rig.handle.patch(PORTAL, 'companies', named, { city: 'Porto' });
    rig.handle.patch(PORTAL, 'companies', other, { city: 'Faro' });
    const pages = await pull('companies', backfilled, { ids: [named] });
    expect(pages.map((page) => [ids([page]), page.done])).toEqual([
      [[named], false],
      [[named, other], true],
    ]);
    const again = await pull('companies', last(pages).cursor, { ids: [named] });
    expect(again).toMatchObject([{ done: true, cursor: last(pages).cursor }]);
    // The runner names no records where no hint came: that is not "none at all".
    expect(ids(await pull('companies', backfilled, { ids: [] }))).toEqual([named, other]);
  });

  it('A5: the nightly reread of thirty days does not end what is older', async () => {
    const at = now() - 200 * DAY;
    const email = rig.handle.upsert(PORTAL, 'emails', {
      properties: { hs_timestamp: new Date(at).toISOString(), hs_email_from_email: 'kim@customer.example.com' },
      at,
    }).id;
    const rest = last(await pull('emails', null)).cursor;
    rig.clock.offset += 10 * MINUTE;
    rig.handle.patch(PORTAL, 'emails', email, { hs_email_subject: 'Changed' });
    const context = { mode: 'resync', since: now() - 30 * DAY, until: now() } as const;
    const pages = await collect(stream('emails').pull(await connected(), rest, '', context));
    expect(mapAll('emails', pages, contextOf())).toMatchObject([{ outcome: 'stored' }]);
  });

  it('A12: a deleted record is gone by the archived list, and by its id at once', async () => {
    const [kept, deleted] = [company('Kept'), company('Deleted')];
    const rest = last(await pull('companies', null)).cursor;
    rig.clock.offset += 11 * MINUTE;
    rig.handle.archive(PORTAL, 'companies', deleted);
    const asked = await pull('companies', rest, { ids: [kept, deleted] });
    expect(ids(asked.slice(0, 1))).toEqual([kept]);
    expect(asked[0]?.gone).toEqual([{ id: deleted, certain: true }]);
    const pages = await pull('companies', rest);
    expect(pages.flatMap((page) => page.gone)).toMatchObject([{ id: deleted, certain: true, at: expect.any(Number) }]);
    expect(last(pages)).toMatchObject({ done: true, cursor: { phase: 'live' } });
  });

  it('N4: backfill and live map a record to the same events', async () => {
    const at = now() - 100 * DAY;
    const id = company('Acme', { domain: 'Acme.example.com' }, at);
    rig.handle.patch(PORTAL, 'companies', id, { lifecyclestage: 'customer' }, { at: at + DAY });
    const deal = rig.handle.upsert(PORTAL, 'deals', {
      properties: { dealname: 'Acme renewal', pipeline: 'default', dealstage: 'qualifiedtobuy', amount: '1200' },
      at,
      associate: [['companies', id]],
    }).id;
    rig.handle.patch(PORTAL, 'deals', deal, { dealstage: 'closedwon' }, { at: at + 2 * DAY });
    for (const name of ['companies', 'deals']) {
      const whole = await pull(name, null);
      const again = await pull(name, last(whole).cursor, { ids: [name === 'deals' ? deal : id] });
      expect(mapAll(name, again, contextOf())).toEqual(mapAll(name, whole, contextOf()));
      expect(records(again).map((record) => record.version)).toEqual(records(whole).map((record) => record.version));
    }
    expect(eventsOf(mapAll('deals', await pull('deals', null), contextOf()))).toMatchObject([
      { type: 'deal.created', subject: `record:${id}`, attributes: { stage: 'qualifiedtobuy', amount: 1200 } },
      { type: 'deal.won', occurredAt: at + 2 * DAY, attributes: { from: 'qualifiedtobuy', stageLabel: 'Closed Won' } },
    ]);
  });

  it('D13, E6: a scope that was not granted stops its stream alone', async () => {
    company('Acme');
    const scopes = ALL_SCOPES.filter((scope) => scope !== 'sales-email-read');
    const token = rig.token(scopes);
    const client = await connected(token, declaration, scopes);
    const context = { mode: 'backfill', since: 0, until: now() } as const;
    await expect(collect(stream('emails').pull(client, null, '', context))).rejects.toMatchObject({
      fault: { kind: 'scope-missing', scope: 'sales-email-read' },
    });
    expect(ids(await pull('companies', null, { token }))).toHaveLength(1);
  });

  it.each([
    { kind: 'server-error', fault: 'transient' },
    { kind: 'html-200', fault: 'transient' },
    { kind: 'truncated-json', fault: 'transient' },
    { kind: 'reset-mid-body', fault: 'transient' },
    { kind: 'too-many', fault: 'rate-limited' },
    { kind: 'unauthorized', fault: 'token-expired' },
  ] as const)('A4: $kind ends the run as $fault, never as an empty page', async ({ kind, fault }) => {
    company('Acme');
    const rest = last(await pull('companies', null)).cursor;
    for (const path of ['/crm/objects/2026-09/companies\\?', '/companies/search', '/companies/batch/read']) {
      rig.faults.clear();
      rig.faults.add({ kind, match: { path } });
      const from = path.includes('?') ? null : rest;
      await expect(pull('companies', from)).rejects.toMatchObject({ fault: { kind: fault } });
    }
    rig.faults.clear();
  });

  it('E8, E11: a webhook is checked and becomes a hint to read, however often and in whatever order it comes', async () => {
    const received: { body: string; headers: Record<string, string> }[] = [];
    const server = await listen((body, headers) => received.push({ body, headers }));
    try {
      rig.handle.registerApp({
        clientId: 'rig-client',
        clientSecret: 'rig-secret',
        redirectUris: [],
        webhookUrl: server.url,
      });
      rig.token();
      rig.handle.settings.webhookDelayMs = 60_000;
      rig.handle.settings.webhookMischief.repeat = 1;
      const id = company('Acme');
      rig.handle.patch(PORTAL, 'companies', id, { lifecyclestage: 'customer' });
      const deal = rig.handle.upsert(PORTAL, 'deals', {
        properties: { dealname: 'New', pipeline: 'default', dealstage: 'closedwon' },
        associate: [['companies', id]],
      }).id;
      await rig.handle.flushWebhooks();
      expect(received).toHaveLength(2);
      const results = received.map(({ body, headers }) => {
        const request = { method: 'POST', url: server.url, headers, body: new TextEncoder().encode(body) };
        return hubspot.hint?.(request, { clientId: 'rig-client', clientSecret: 'rig-secret' }, now());
      });
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
      expect(hubspot.hint?.(forged, { clientId: 'rig-client', clientSecret: 'rig-secret' }, now())).toMatchObject({
        status: 401,
      });
    } finally {
      await server.close();
    }
  });

  describe('write-back', () => {
    const writes = (companies: readonly string[], value: string, property = 'lifecyclestage') =>
      companies.map((externalId) => ({ externalId, property, value, traceId: `trace-${externalId}` }));

    it('creates its property once, writes a batch and reads it back with time and source', async () => {
      const client = await connected();
      const made = Array.from({ length: 100 }, (_, index) => company(`Company ${index}`));
      expect(await write.describe(client, 'waymark_stage')).toBeNull();
      const options = [
        { value: 'onboarding', label: 'Onboarding' },
        { value: 'engagement', label: 'Engagement' },
      ];
      await write.createProperty(client, 'waymark_stage', 'Journey stage', options);
      await write.createProperty(client, 'waymark_stage', 'Journey stage', options);
      expect(await write.describe(client, 'waymark_stage')).toEqual({ options });
      const results = await write.write(client, writes(made, 'onboarding', 'waymark_stage'));
      expect(results).toHaveLength(100);
      expect(results.every((result) => result.outcome === 'written')).toBe(true);
      expect(rig.handle.writes()).toHaveLength(100);
      const read = await write.read(client, 'waymark_stage', made);
      expect(read.size).toBe(100);
      expect(read.get(made[0] ?? '')).toMatchObject({
        value: 'onboarding',
        source: expect.stringMatching(/^INTEGRATION:\d+$/),
      });
    });

    it('H2: going back is ignored with success, so it is cleared first; the moment between is no stage', async () => {
      const client = await connected();
      const id = company('Acme', { lifecyclestage: 'customer' });
      expect(write.backwardNeedsClear('lifecyclestage')).toBe(true);
      await write.write(client, writes([id], 'opportunity'));
      expect((await write.read(client, 'lifecyclestage', [id])).get(id)?.value).toBe('customer');
      rig.clock.offset += 1000;
      await write.write(client, writes([id], ''));
      rig.clock.offset += 1000;
      await write.write(client, writes([id], 'opportunity'));
      expect((await write.read(client, 'lifecyclestage', [id])).get(id)?.value).toBe('opportunity');
      const events = eventsOf(mapAll('companies', await pull('companies', null), contextOf()));
      expect(
        events.filter((event) => event.type === 'crm.stage_changed').map((event) => event.attributes),
      ).toMatchObject([{ to: 'customer' }, { from: 'customer', to: 'opportunity', source: 'INTEGRATION' }]);
    });

    it.each(['multi-status', 'missing', 'reject'] as const)(
      'H4, F2: one refused record of a batch fails alone (%s)',
      async (batchErrors) => {
        const client = await connected();
        const made = Array.from({ length: 20 }, (_, index) => company(`Company ${index}`));
        const [deleted = '', refused = ''] = made;
        rig.handle.archive(PORTAL, 'companies', deleted);
        rig.handle.settings.refusedWrites.set(`${PORTAL}:companies:${refused}`, 'A required property is missing');
        rig.handle.settings.batchErrors = batchErrors;
        const results = await write.write(client, writes(made, 'customer'));
        expect(results.map((result) => result.traceId).toSorted()).toEqual(made.map((id) => `trace-${id}`).toSorted());
        const failed = results.filter((result) => result.outcome === 'failed').map((result) => result.traceId);
        expect(failed.toSorted()).toEqual([`trace-${deleted}`, `trace-${refused}`].toSorted());
        expect(rig.handle.writes()).toHaveLength(18);
      },
    );

    it('I5: a write is never repeated by itself, and a property that is missing fails the batch as one', async () => {
      const client = await connected();
      const made = [company('One'), company('Two')];
      rig.faults.add({ kind: 'server-error', match: { path: '/batch/update' }, times: 1 });
      await expect(write.write(client, writes(made, 'customer'))).rejects.toMatchObject({
        fault: { kind: 'transient' },
      });
      expect(rig.handle.writes()).toHaveLength(0);
      const session = testSession({ classify: hubspot.classify, baseUrls: { api: rig.url }, token: rig.token() });
      await write.write(await hubspot.connect(session), writes(made, 'customer'));
      expect(session.calls.map((call) => call.idempotent)).toEqual([false]);
      await expect(write.write(client, writes(made, 'x', 'no_such_property'))).rejects.toMatchObject({
        fault: { kind: 'rejected', message: expect.stringContaining('PROPERTY_DOESNT_EXIST') },
      });
    });
  });

  it('D12: the probe names what is declared and not there', async () => {
    company('Prospect');
    const settings = {
      customers: { values: ['Customer'] },
      properties: { csm: 'no_such', renewalDate: 'city' },
      deals: { pipelineKinds: { Renewals: 'renewal' } },
    };
    const findings = await hubspot.probe?.(await connected(rig.token(), settings), settings);
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
