import { collect, testSession } from '@waymark/connector-kit/testing/session';
import type { Delivery } from '@waymark/connector-kit';
import { describe, expect, it } from 'vitest';
import { cloudEvent, survey, surveySettings, usage } from '../fixtures/deliveries.ts';
import { webhook } from './index.ts';

const context = { mode: 'live' as const, since: 0, until: 1 };

/** Pages that a run reads of an inbox with these payloads. */
async function pull(payloads: readonly unknown[], from: unknown = null) {
  const all = payloads.map((payload, index): Delivery => ({
    place: String(index + 1),
    receivedAt: Date.UTC(2026, 9, 1),
    payload,
  }));
  const session = testSession({
    classify: webhook.classify,
    baseUrls: {},
    settings: surveySettings,
    inbox: {
      read: (_stream, after, limit) =>
        Promise.resolve(all.filter(({ place }) => Number(place) > Number(after ?? 0)).slice(0, limit)),
    },
  });
  const [stream] = webhook.streams;
  if (!stream) throw new Error('there is a stream');
  return collect(stream.pull(await webhook.connect(session), from, '', context));
}

describe('webhook reads its inbox', () => {
  it('in pages from the place where it was, and ends with the last', async () => {
    const payloads = Array.from({ length: 450 }, (_, at) => ({
      form: 'cloudevent',
      id: `m#${at}`,
      event: { ...cloudEvent, id: `e${at}` },
    }));
    const pages = await pull(payloads);
    expect(pages.map(({ records, cursor, done }) => [records.length, cursor, done])).toEqual([
      [200, { after: '200' }, false],
      [200, { after: '400' }, false],
      [50, { after: '450' }, true],
    ]);
    expect(await pull(payloads, { after: '449' })).toMatchObject([
      { records: [{ id: 'product|e449', version: '450' }], done: true },
    ]);
    expect(await pull([], { after: '450' })).toMatchObject([{ records: [], cursor: { after: '450' }, done: true }]);
  });

  it('as one record for each item, by the id that the mapping finds, whatever delivery brought it', async () => {
    const [first] = await pull([{ form: 'json', id: 'a', body: usage }]);
    const [second] = await pull([{ form: 'json', id: 'b', body: { rollups: usage.rollups.toReversed() } }]);
    const ids = first?.records.map(({ id }) => id);
    expect(ids).toEqual(['usage|fjord.example-2026-10-01', 'usage|4711-2026-10-01']);
    expect(second?.records.map(({ id }) => id).toSorted()).toEqual(ids?.toSorted());
  });

  it('leaves long parts of a payload out of what stands beside its items', async () => {
    const body = { ...usage, blob: 'x'.repeat(100_000) };
    const [page] = await pull([{ form: 'json', id: 'a', body }]);
    expect(JSON.stringify(page?.records).length).toBeLessThan(5_000);
  });

  it('I9: keeps every delivery as a record: foreign, unmapped, without an id, or of no form', async () => {
    const [page] = await pull([
      { form: 'cloudevent', id: 'm#0', event: { ...cloudEvent, type: 'com.acme.churn' } },
      { form: 'json', id: 'n', body: { hello: 'world' } },
      { form: 'cloudevent', id: 'o#0', event: { specversion: '1.0', type: 'usage.recorded' } },
      { form: 'what', id: 'p' },
      { form: 'json', id: 'q', body: survey },
      { form: 'json', id: 'r', body: { rollups: 'none' } },
    ]);
    expect(page?.records.map(({ id }) => id)).toEqual([
      'foreign|product|u-1',
      'n',
      'o#0',
      'delivery:4',
      'survey|r-1',
      'r',
    ]);
  });

  it('fails where the installation has no inbox, instead of reading nothing', async () => {
    const session = testSession({ classify: webhook.classify, baseUrls: {} });
    const [stream] = webhook.streams;
    if (!stream) throw new Error('there is a stream');
    await expect(collect(stream.pull(await webhook.connect(session), null, '', context))).rejects.toThrow(/address/);
  });
});

describe('webhook settings', () => {
  it('take mappings, and refuse expressions and patterns that are none', () => {
    expect(webhook.settings.safeParse(surveySettings).success).toBe(true);
    const one = (change: object) =>
      webhook.settings.safeParse({ mappings: [{ ...surveySettings.mappings[0], ...change }] }).success;
    expect(one({})).toBe(true);
    expect(one({ subject: 'item.[' })).toBe(false);
    expect(one({ data: { __proto__x: 'item' } })).toBe(false);
    expect(one({ unknown: 1 })).toBe(false);
    expect(webhook.settings.safeParse({ signature: { kind: 'none' } }).success).toBe(false);
  });
});
