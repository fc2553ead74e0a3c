import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fromCloudEvent } from './cloud-event.ts';
import { cloudEventSchema, journeyEventSchema } from './json-schema-event.ts';

const files = { 'cloud-event': cloudEventSchema, 'journey-event': journeyEventSchema } as const;

describe('the published schemas of events', () => {
  for (const [name, make] of Object.entries(files)) {
    it(`${name}.schema.json is current`, async () => {
      const path = new URL(`../schema/${name}.schema.json`, import.meta.url);
      const text = `${JSON.stringify(make(), null, 2)}\n`;
      // WAYMARK_WRITE_SCHEMAS=1 writes them anew.
      if (process.env['WAYMARK_WRITE_SCHEMAS'] === '1') await writeFile(path, text);
      expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(JSON.parse(text));
    });
  }

  it('takes what the import takes, and refuses what it refuses', () => {
    const schema = z.fromJSONSchema(JSON.parse(JSON.stringify(cloudEventSchema())));
    const event = (type: string, data?: unknown) => ({
      specversion: '1.0',
      id: '1',
      source: 'crm',
      type,
      time: '2026-03-01T09:30:00Z',
      subject: 'acme.example',
      ...(data !== undefined && { data }),
    });
    const cases: readonly (readonly [boolean, unknown])[] = [
      [true, event('email.received', { from: 'Ana <ana@acme.example>', messageId: 'x@acme.example' })],
      [true, event('meeting.held', { attendees: ['ana@acme.example'], startsAt: '2026-03-01T10:00:00Z' })],
      [true, event('ticket.opened', { ticket: 'T-1' })],
      [true, event('crm.stage_changed', { to: 'live', by: 'someone' })],
      [true, event('account.renewed')],
      [false, event('email.received', {})],
      [false, event('email.opened', {})],
      [false, event('usage.recorded', { metric: 'logins', value: 'many' })],
      [true, event('account.renewed', { until: '2026-06-30' })],
      [true, event('account.renewed', { until: '2026-06-30T12:00:00Z' })],
      [false, event('deal.won', { closeAt: 'soon' })],
      [false, { ...event('account.renewed'), subject: '' }],
      [true, { ...event('ticket.opened'), data_base64: 'eyJ0aWNrZXQiOiJULTEifQ==' }],
      [false, { ...event('ticket.opened', { ticket: 'T-1' }), data_base64: 'eyJ0aWNrZXQiOiJULTEifQ==' }],
      [false, event('ticket.opened')],
    ];
    for (const [good, value] of cases) {
      expect([fromCloudEvent(value).ok, value]).toEqual([good, value]);
      expect([schema.safeParse(value).success, value]).toEqual([good, value]);
    }
  });
});
