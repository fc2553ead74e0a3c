import { createHash } from 'node:crypto';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportLines, exportOcel, exportXes, importFile } from '@waymark/sync';
import { stableJson } from '@waymark/journey';
import { appendEvents } from '@waymark/store';
import { testDatabase, type TestDatabase } from '@waymark/store/testing';
import { anyEvent } from './any-event.ts';
import { ocelSchema } from './ocel-schema.ts';
import { xesFaults } from './xes-rules.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const now = Date.UTC(2026, 5, 1);
let count = 0;
async function workspace() {
  count += 1;
  const { workspaceId } = await database.newWorkspace(`export-${count}`, { ownDomains: ['vendor.example'] });
  const deps = { database, sealer: database.sealer, now: () => now };
  const written = (format: typeof exportLines, range = {}): Promise<string> =>
    database.inWorkspace(workspaceId, async (tx) => {
      let text = '';
      for await (const block of format(tx, range)) text += block;
      return text;
    });
  return {
    workspaceId,
    run: (lines: readonly string[]) => importFile(deps, workspaceId, lines),
    written,
    lines: async (range = {}) => (await written(exportLines, range)).split('\n').filter((line) => line !== ''),
    inside: <T>(work: Parameters<typeof database.inWorkspace<T>>[1]) => database.inWorkspace(workspaceId, work),
  };
}

/** What a file says, whatever its order: each line once, in canonical JSON. */
const said = (lines: readonly string[]): readonly string[] =>
  [...new Set(lines.map((line) => canonicalize(JSON.parse(line)) ?? ''))].sort();

const event = (fields: Record<string, unknown>): string =>
  JSON.stringify({
    specversion: '1.0',
    source: 'crm',
    type: 'crm.stage_changed',
    time: '2026-03-01T09:30:00Z',
    subject: 'acme.example',
    data: { to: 'live' },
    ...fields,
  });

describe('exporting what was imported', () => {
  it(
    'gives every line back, merged ones as their sightings, and a second import of it says the same',
    { timeout: 240_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyEvent, { minLength: 1, maxLength: 25 }),
          fc.infiniteStream(fc.nat()),
          async (events, order) => {
            const first = await workspace();
            const lines = events.map((one) => JSON.stringify(one));
            const result = await first.run(lines);
            expect(result.rejections).toEqual([]);
            expect(result.stored + result.merged).toBe(lines.length);
            const given = await first.lines();
            expect(given.toSorted()).toEqual(said(lines));

            const second = await workspace();
            const shuffled = given.map((line) => ({ line, at: order.next().value ?? 0 })).sort((a, b) => a.at - b.at);
            await second.run([...shuffled.map(({ line }) => line), ...given.slice(0, 3)]);
            expect((await second.lines()).toSorted()).toEqual(given.toSorted());
          },
        ),
        { numRuns: 40 },
      );
    },
  );

  it('gives lines back that the log has to mend: NUL, half a surrogate pair, other forms of a time', async () => {
    const { run, lines } = await workspace();
    const given = [
      event({ id: '1', data: { to: 'a\0b', note: '\ud83d' } }),
      event({
        id: '2',
        time: '2026-03-01T10:30:00.000+01:00',
        subject: 'ACME.example',
        recordedtime: '2026-03-02T00:00:00Z',
      }),
      event({ id: '3', data: { to: 7, big: 1e308, small: 5e-324, far: 2 ** 80, minus: -0 } }),
      event({ id: '3', data: { to: 8 } }),
      event({ id: '4', traceparent: '00-ab', dataschema: 'https://x.example', datacontenttype: 'application/json' }),
    ];
    expect(await run(given)).toMatchObject({ stored: 4, merged: 1, rejected: 0 });
    // Half a surrogate pair is nothing that RFC 8785 can write: escaped, it comes back too.
    expect((await lines()).toSorted()).toEqual(given.map((one) => stableJson(JSON.parse(one))).toSorted());
  });

  it('takes the part that is asked for', async () => {
    const { run, lines } = await workspace();
    await run([
      event({ id: '1' }),
      event({ id: '2', time: '2026-04-01T00:00:00Z' }),
      event({ id: '3', subject: 'other.example', time: '2026-05-01T00:00:00Z' }),
    ]);
    const ids = (given: readonly string[]) => given.map((line) => JSON.parse(line).id);
    expect(ids(await lines({ from: Date.UTC(2026, 3, 1) })).toSorted()).toEqual(['2', '3']);
    expect(ids(await lines({ to: Date.UTC(2026, 3, 1) }))).toEqual(['1']);
  });

  it('writes what connectors read once, with its sightings, so that another workspace can take it', async () => {
    const first = await workspace();
    await first.run([
      event({ id: 'm', type: 'email.received', data: { from: 'ana@acme.example', messageId: 'x@acme.example' } }),
    ]);
    const [{ event_id: mail, account_id: accountId } = { event_id: '', account_id: '' }] = await database.asOwner<{
      event_id: string;
      account_id: string;
    }>('SELECT event_id, account_id FROM journey_event WHERE workspace_id = $1', [first.workspaceId]);
    const installation = '00000000-0000-7000-8000-000000000001';
    const sighting = (eventId: string, sourceId: string, fields: object) => ({
      eventId,
      sourceId,
      generation: 1,
      content: sourceId,
      type: 'email.received',
      occurredAt: Date.UTC(2026, 2, 1, 9, 30),
      recordedAt: Date.UTC(2026, 2, 1, 9, 31),
      knownAssumed: false,
      rank: 0,
      origin: 'live',
      touchpoint: 'email',
      direction: 'inbound',
      automated: false,
      subject: null,
      participants: [{ role: 'from', address: 'ana@acme.example' }],
      attributes: {},
      connector: 'gmail',
      installationId: installation,
      object: 'message',
      externalId: sourceId,
      url: null,
      thread: null,
      accountId,
      match: { accountId, reason: 'domain' },
      ...fields,
    });
    const id = (tail: string) => `00000000-0000-8000-8000-0000000000${tail}`;
    await first.inside((tx) =>
      appendEvents(tx, [
        sighting(mail, id('a1'), {}),
        sighting(mail, id('a2'), { connector: 'hubspot', rank: 3 }),
        sighting(id('e1'), id('a3'), {
          type: 'crm.stage_changed',
          touchpoint: 'crm',
          direction: 'none',
          connector: 'hubspot',
          participants: [],
          attributes: { to: 'live', echo: true },
        }),
      ]),
    );
    const lines = await first.lines();
    expect(lines).toHaveLength(3);
    const read = lines.map((line): Record<string, unknown> => JSON.parse(line));
    expect(read.find((one) => one['source'] === '/connectors/gmail')).toMatchObject({
      id: mail,
      subject: 'acme.example',
      recordedtime: '2026-03-01T09:31:00Z',
      data: {
        from: 'ana@acme.example',
        sightings: [
          { connector: 'gmail', installationId: installation, externalId: id('a1') },
          { connector: 'hubspot', externalId: id('a2') },
        ],
      },
    });
    expect(read.find((one) => one['type'] === 'crm.stage_changed')).toMatchObject({ data: { to: 'live', echo: true } });
    const second = await workspace();
    expect(await second.run(lines)).toMatchObject({ stored: 2, merged: 1, rejected: 0 });
    expect((await second.lines()).toSorted()).toEqual(lines.toSorted());
  });
});

describe('exporting for process mining', () => {
  const history = [
    event({ id: '1' }),
    event({
      id: '2',
      type: 'email.received',
      data: { from: 'ana@acme.example', to: ['csm@vendor.example'], subject: '=1+1 <&"\n\u0007' },
    }),
    event({ id: '3', type: 'ticket.opened', data: { ticket: 'T-1', requester: 'ana@acme.example', priority: 'high' } }),
    event({ id: '4', type: 'ticket.solved', data: { ticket: 'T-1' }, subject: 'other.example' }),
    event({ id: '5', type: 'deal.created', data: { dealId: 'D', amount: 12.5, closeAt: '2026-04-01T00:00:00Z' } }),
    event({ id: '6', type: 'deal.created', data: { dealId: 'E', amount: 3, nested: { a: [1] } } }),
  ];

  it('writes OCEL 2.0 that its schema takes: objects of events are there once, types are declared', async () => {
    const { run, written } = await workspace();
    await run(history);
    const log: Ocel = JSON.parse(await written(exportOcel));
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const valid = ajv.validate(ocelSchema, log);
    expect(ajv.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect(log.events).toHaveLength(6);
    const objects = log.objects.map(({ id }) => id);
    expect(new Set(objects).size).toBe(objects.length);
    expect(Map.groupBy(log.objects, ({ type }) => type).get('ticket')).toHaveLength(2);
    expect(new Set(log.objects.map(({ type }) => type))).toEqual(
      new Set(['account', 'contact', 'colleague', 'deal', 'ticket']),
    );
    for (const { relationships } of log.events)
      for (const { objectId } of relationships) expect(objects).toContain(objectId);
    for (const { type, attributes } of log.events) {
      const declared = log.eventTypes.find(({ name }) => name === type)?.attributes.map(({ name }) => name) ?? [];
      for (const { name } of attributes) expect(declared).toContain(name);
    }
    const deal = log.eventTypes.find(({ name }) => name === 'deal.created');
    expect(deal?.attributes).toContainEqual({ name: 'data.amount', type: 'float' });
    expect(deal?.attributes).toContainEqual({ name: 'data.closeAt', type: 'time' });
  });

  it('keeps to what both formats ask whatever the events hold', async () => {
    const { run, written } = await workspace();
    const odd = [
      'first name',
      '1st',
      'a:b',
      'a b',
      'a_b',
      'ä',
      '',
      '😀',
      '<',
      '-',
      'xml',
      'x'.repeat(300),
      'caf\u00e9 \u0001',
    ];
    const data = Object.fromEntries(
      odd.map((key, at) => [key, [at, at + 0.5, `${at}`, at % 2 === 0, { at }, [at]][at % 6]]),
    );
    const mixed = [1, 1.5, 'one', true, 1e21, -1e-7, Number.MAX_SAFE_INTEGER, null].map((value, at) =>
      event({ id: `mixed-${at}`, data: { to: 'live', mixed: value } }),
    );
    const seed = Math.trunc(Math.random() * 2 ** 31);
    const lines = fc.sample(anyEvent, { seed, numRuns: 150 }).map((one) => JSON.stringify(one));
    await run([...history, event({ id: 'odd', data: { to: 'live', ...data } }), ...mixed, ...lines]);
    expect(xesFaults(await written(exportXes)), `seed ${seed}`).toEqual([]);
    const log: Ocel = JSON.parse(await written(exportOcel));
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    ajv.validate(ocelSchema, log);
    expect(ajv.errors ?? [], `seed ${seed}`).toEqual([]);
    expect(ocelFaults(log), `seed ${seed}`).toEqual([]);
  });

  it('writes XES that is well formed: a trace an account, in the order of time, text that XML can hold', async () => {
    const { run, written } = await workspace();
    await run([...history, event({ id: '0', time: '2026-02-01T00:00:00Z', data: { to: 'trial' } })]);
    const xml = await written(exportXes);
    expect(xesFaults(xml)).toEqual([]);
    expect(xml.match(/<trace>/g)).toHaveLength(2);
    expect(xml.match(/<event>/g)).toHaveLength(7);
    expect(xml.indexOf('crm.stage_changed trial')).toBeLessThan(xml.indexOf('crm.stage_changed live'));
    expect(xml).toContain('<string key="data.subject" value="=1+1 &lt;&amp;&quot;&#10;"/>');
    expect(xml).toContain('<float key="data.amount" value="12.5"/>');
    expect(xml).toContain('<date key="data.closeAt" value="2026-04-01T00:00:00Z"/>');
    expect(
      createHash('sha256')
        .update(await written(exportXes))
        .digest('hex'),
    ).toBe(createHash('sha256').update(xml).digest('hex'));
  });

  it('an empty log is valid in both', async () => {
    const { written } = await workspace();
    const log: unknown = JSON.parse(await written(exportOcel));
    expect(new Ajv({ strict: false, formats: { 'date-time': true } }).validate(ocelSchema, log)).toBe(true);
    expect(xesFaults(await written(exportXes))).toEqual([]);
  });
});

interface Ocel {
  readonly events: readonly {
    readonly id: string;
    readonly type: string;
    readonly attributes: readonly { readonly name: string; readonly value: string }[];
    readonly relationships: readonly { readonly objectId: string }[];
  }[];
  readonly objects: readonly { readonly id: string; readonly type: string }[];
  readonly eventTypes: readonly {
    readonly name: string;
    readonly attributes: readonly { readonly name: string; readonly type: string }[];
  }[];
}

const valueForms: Readonly<Record<string, RegExp>> = {
  string: /^/,
  time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
  integer: /^-?\d+$/,
  float: /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/,
  boolean: /^(?:true|false)$/,
};

/** What a schema cannot ask: ids that are there once, values as their types declare them, relations to what is there. */
function ocelFaults(log: Ocel): readonly string[] {
  const faults: string[] = [];
  const objects = new Set(log.objects.map(({ id }) => id));
  if (objects.size !== log.objects.length) faults.push('an object twice');
  if (new Set(log.events.map(({ id }) => id)).size !== log.events.length) faults.push('an event twice');
  const declared = new Map(
    log.eventTypes.map((one) => [one.name, new Map(one.attributes.map((each) => [each.name, each.type]))]),
  );
  for (const { type, attributes, relationships } of log.events) {
    for (const { name, value } of attributes) {
      const kind = declared.get(type)?.get(name);
      if (kind === undefined || !valueForms[kind]?.test(value)) faults.push(`${type} ${name} = ${value} is no ${kind}`);
    }
    if (new Set(attributes.map(({ name }) => name)).size !== attributes.length)
      faults.push(`${type}: an attribute twice`);
    for (const { objectId } of relationships) if (!objects.has(objectId)) faults.push(`no object ${objectId}`);
  }
  return faults;
}
