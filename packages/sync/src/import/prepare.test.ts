import { describe, expect, it } from 'vitest';
import { linesOf } from './lines.ts';
import { prepareLines } from './prepare.ts';

const event = (id: string, more: object = {}) => ({
  specversion: '1.0',
  id,
  source: 'desk',
  type: 'ticket.opened',
  time: '2026-03-01T09:30:00Z',
  subject: 'acme.example',
  data: { ticket: id },
  ...more,
});

const told = (line: string) =>
  prepareLines(line).map((one) => (one.ok ? one.event.id : `${one.reason}: ${String(one.raw)}`));

describe('a line that is a list of events', () => {
  it('gives each of them, and each that is none by itself', () => {
    const bad = { ...event('3'), type: 'no.such' };
    const line = ` [ ${JSON.stringify(event('1'))} , ${JSON.stringify(event('2', { extra: { a: ['ü\n'] } }))},${JSON.stringify(bad)}, 5, [], null] `;
    expect(told(line)).toEqual([
      '1',
      '2',
      `unknown-type: ${JSON.stringify(bad)}`,
      'not-an-object: 5',
      'not-an-object: []',
      'not-an-object: null',
    ]);
    const unsafe = `[${JSON.stringify(event('1'))},{"__proto__":{"a":1}},${JSON.stringify(event('2', { subject: '\ud800' }))}]`;
    expect(told(unsafe)).toEqual([
      '1',
      'unsafe-key: {"__proto__":{"a":1}}',
      expect.stringContaining('invalid: {"specversion"'),
    ]);
  });

  it('is refused as a whole where it is empty, holds too many, or a number that would be lost', () => {
    expect(told('[]')).toEqual(['not-an-object: []']);
    expect(told(`[${'0,'.repeat(10_000)}0]`)).toEqual([expect.stringContaining('too-long: [0,0')]);
    expect(told(`[${JSON.stringify(event('1'))},{"value":1e999}]`)).toEqual([
      expect.stringContaining('number-too-big: '),
    ]);
    expect(told(`[[${'['.repeat(100)}${']'.repeat(100)}]]`.padEnd(2000))).toEqual([
      expect.stringContaining('too-deep: '),
    ]);
    expect(told(`[${JSON.stringify(event('1'))},`)).toEqual([expect.stringContaining('not-json: [')]);
  });

  it('says how to part it where it is too long for a line', async () => {
    const found: unknown[] = [];
    for await (const block of linesOf([Buffer.from(`[${JSON.stringify(event('1'))}${' '.repeat(1024 * 1024)}]`)]))
      found.push(...block);
    expect(found).toMatchObject([{ reason: 'too-long', detail: expect.stringContaining("jq -c '.[]'") }]);
  });
});
