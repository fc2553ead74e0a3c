import { describe, expect, it } from 'vitest';
import { parseCsvMapping, type CsvMapping } from './csv-mapping.ts';
import { csvLines } from './csv.ts';

/** What each row came to: its event, or why there is none. */
async function rows(text: string, mapping: CsvMapping): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for await (const block of csvLines([Buffer.from(text)], mapping))
    for (const { line } of block) all.push(typeof line === 'string' ? JSON.parse(line) : line);
  return all;
}

describe('the time of a row', () => {
  const timed = (format?: string) =>
    parseCsvMapping(
      JSON.stringify({
        source: 's',
        zone: 'UTC',
        events: [{ type: 'deal.created', time: { from: '{At}', ...(format && { format }) }, subject: '{Who}' }],
      }),
    );
  const timeOf = async (cell: string, format?: string) => {
    const [found] = await rows(`At,Who\n${cell},a.example\n`, timed(format));
    const field = (name: string): unknown =>
      typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined;
    return field('time') ?? field('detail');
  };

  it('may be the number that a spreadsheet keeps', async () => {
    expect(await timeOf('46082.395833333336', 'excel')).toBe('2026-03-01T09:30:00Z');
    expect(await timeOf('46082.39583', 'excel')).toBe('2026-03-01T09:30:00Z');
    expect(await timeOf('46082', 'excel')).toBe('2026-03-01T00:00:00Z');
    expect(await timeOf('61', 'excel')).toBe('1900-03-01T00:00:00Z');
    expect(await timeOf('59', 'excel')).toBe('1900-02-28T00:00:00Z');
    expect(await timeOf('2958465.999', 'excel')).toBe('9999-12-31T23:58:34Z');
    for (const cell of ['60', '0', '0.5', '-1', '2958466', '1e5', '46082.', '2026-03-01', '46082,5'])
      expect(await timeOf(`"${cell}"`, 'excel')).toBe('time: it is no time in the form excel');
    const german = parseCsvMapping(
      `{ source: s, zone: Europe/Berlin, events: [{ type: deal.created, subject: '{Who}', time: { from: '{At}', format: excel, decimal: ',' } }] }`,
    );
    const [line] = await rows('At;Who\n46082,39583;a.example\n', german);
    expect(line).toMatchObject({ time: '2026-03-01T08:30:00Z' });
  });

  describe('is in the zone that its row names', () => {
    const zoned = (zone: unknown, more: object = {}) =>
      parseCsvMapping(
        JSON.stringify({
          source: 's',
          zone,
          events: [{ type: 'deal.created', time: '{At}', subject: '{Who}', ...more }],
        }),
      );
    const times = async (zones: readonly string[], map = zoned('{Zone}')) => {
      const text = zones.map((zone) => `2026-07-01 09:30:00,a.example,${zone}\n`).join('');
      const found = await rows(`At,Who,Zone\n${text}`, map);
      return found.map((one): unknown =>
        typeof one === 'object' && one !== null ? (Reflect.get(one, 'time') ?? Reflect.get(one, 'detail')) : undefined,
      );
    };

    it('by name or by offset', async () => {
      expect(
        await times([
          'Europe/Berlin',
          'America/New_York',
          'utc',
          'Z',
          '+0530',
          '-03:00',
          'GMT+2',
          'europe/berlin',
          '+2',
        ]),
      ).toEqual([
        '2026-07-01T07:30:00Z',
        '2026-07-01T13:30:00Z',
        '2026-07-01T09:30:00Z',
        '2026-07-01T09:30:00Z',
        '2026-07-01T04:00:00Z',
        '2026-07-01T12:30:00Z',
        '2026-07-01T07:30:00Z',
        '2026-07-01T07:30:00Z',
        '2026-07-01T07:30:00Z',
      ]);
    });

    it('and is refused where it names none, or one that nobody knows', async () => {
      const [none, ...others] = await times(['', 'BST', 'PST', '+15:00', 'Europe/Nowhere', '+02:75']);
      expect(none).toContain('the time names no zone');
      for (const one of others) expect(one).toContain('names a zone that is none');
    });

    it('by what the mapping makes of it', async () => {
      const map = zoned({ from: '{Zone}', values: { 'Pacific Standard Time': 'America/Los_Angeles' }, else: 'UTC' });
      expect(await times(['Pacific Standard Time', 'whatever', ''], map)).toEqual([
        '2026-07-01T16:30:00Z',
        '2026-07-01T09:30:00Z',
        expect.stringContaining('the time names no zone'),
      ]);
      const own = zoned('UTC', { time: { from: '{At}', zone: '{Zone}' } });
      expect(await times(['Europe/Berlin'], own)).toEqual(['2026-07-01T07:30:00Z']);
    });

    it('unless the time names one itself', async () => {
      const text = 'At,Who,Zone\n2026-07-01T09:30:00+01:00,a.example,Europe/Berlin\n';
      expect(await rows(text, zoned('{Zone}'))).toMatchObject([{ time: '2026-07-01T08:30:00Z' }]);
    });

    it('of a column that the file must have', async () => {
      await expect(rows('At,Who\n2026-07-01,a.example\n', zoned('{Zone}'))).rejects.toThrow('The mapping names "Zone"');
      expect(() => zoned('Europe/Nowhere')).toThrow('give a time zone, such as Europe/Berlin');
      expect(() => zoned({ from: '{Zone}', values: { a: 'Mars' } })).toThrow('give a time zone, such as Europe/Berlin');
    });
  });
});
