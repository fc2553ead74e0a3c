import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MapContext } from '@waymark/connector-kit';
import { outlook } from '@waymark/connector-outlook';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

/** The examples of Graph's documentation, which are no part of this repository: without them there is nothing to read. */
const file = join(process.env['WAYMARK_DATA_DIR'] ?? '', 'graph-mocks/graph-v1_0-proxy-mocks.json');
const isThere = process.env['WAYMARK_DATA_DIR'] !== undefined && existsSync(file);

const mocks = z.object({
  mocks: z.array(
    z.object({
      request: z.object({ url: z.string(), method: z.string().optional() }),
      response: z.object({ statusCode: z.number().optional(), body: z.unknown().optional() }),
    }),
  ),
});
const rows = z.object({ value: z.array(z.looseObject({})) });

const context: MapContext = {
  // Everybody in the examples is from one company; to this one they are all outside.
  ownDomains: ['vendor.example'],
  account: { externalAccountId: 'a1', label: 'Ana', address: 'ana@vendor.example' },
  settings: {},
  keepSubjects: true,
  readAt: Date.UTC(2026, 9, 1),
};
const window = { from: 0, to: Date.UTC(2100, 0, 1) };

/** The rows of all documented answers about such resources, lists and single ones alike. */
function examples(resource: RegExp): readonly { readonly url: string; readonly row: unknown }[] {
  return mocks
    .parse(JSON.parse(readFileSync(file, 'utf8')))
    .mocks.filter(({ request }) => resource.test(new URL(request.url).pathname))
    .flatMap(({ request, response }) => {
      const list = rows.safeParse(response.body);
      if (list.success) return list.data.value.map((row) => ({ url: request.url, row }));
      return typeof response.body === 'object' && response.body !== null
        ? [{ url: request.url, row: response.body }]
        : [];
    });
}

const wrap = {
  mail: (row: unknown) => ({ message: row }),
  calendar: (row: unknown) => ({ event: row, occurrences: [], canceled: [], window }),
};

describe.skipIf(!isThere)('the examples of Graph’s documentation', () => {
  it.each([
    ['mail', /\/(?:me|users\/[^/]+)(?:\/mailFolders\/[^/]+)?\/messages(?:\/delta|\/\*)?$/, 5],
    [
      'calendar',
      /\/(?:me|users\/[^/]+|groups\/[^/]+)(?:\/calendars?(?:\/[^/]+)?)?\/(?:events|calendarView)(?:\/delta|\/\*(?:\/instances)?)?$/,
      20,
    ],
  ] as const)('%s: every message and event parses and maps without a throw', (name, resource, least) => {
    const stream = outlook.streams.find((one) => one.name === name) ?? expect.fail('no stream');
    const found = examples(resource);
    expect(found.length).toBeGreaterThanOrEqual(least);
    const outcomes = found.map(({ url, row }) => {
      const parsed = stream.raw.safeParse(wrap[name](row));
      expect(parsed.error, url).toBeUndefined();
      return stream.map(stream.raw.parse(wrap[name](row)), context);
    });
    const told = outcomes.map((mapped) => (mapped.outcome === 'stored' ? 'stored' : mapped.reason));
    expect(told).toContain('stored');
    // Nothing that a person wrote gets through, but the subject, which was asked for.
    for (const { row } of found)
      expect(JSON.stringify(stream.withoutBody?.(wrap[name](row)))).not.toMatch(/"body(?:Preview)?"/);
  });

  it('B4: a series and its occurrence, as documented, are known by one UID', () => {
    const stream = outlook.streams.find(({ name }) => name === 'calendar') ?? expect.fail('no stream');
    const uidsOf = (resource: RegExp) =>
      examples(resource).flatMap(({ row }) => {
        const mapped = stream.map(stream.raw.parse(wrap.calendar(row)), context);
        return mapped.outcome === 'stored' ? mapped.events.map(({ attributes }) => attributes['uid']) : [];
      });
    const [occurrence] = uidsOf(/\/groups\/\*\/calendarView$/);
    expect(occurrence).toMatch(/^040000008200E00074C5B7101A82E00800000000/);
    const series = examples(/\/groups\/\*\/events$/).map(({ row }): unknown => Object(row).iCalUId);
    expect(series).toContain(occurrence);
  });
});
