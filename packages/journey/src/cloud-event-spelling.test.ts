import { describe, expect, it } from 'vitest';
import { fromCloudEvent, toCloudEvent, type CloudEvent } from './cloud-event.ts';

const base = {
  specversion: '1.0',
  id: '1',
  source: 'desk',
  type: 'ticket.opened',
  time: '2026-03-01T09:30:00Z',
  subject: 'acme.example',
};

function read(more: object): CloudEvent {
  const found = fromCloudEvent({ ...base, data: { ticket: 'T-1' }, ...more });
  if (!found.ok) throw new Error(JSON.stringify(found.issues));
  return found.event;
}

/** The line that comes back for an event as it is stored. */
const written = ({ source, id, time, recordedtime, ...event }: CloudEvent) =>
  toCloudEvent({
    ...event,
    id: 'own',
    occurredAt: time,
    recordedAt: recordedtime ?? time,
    knownAssumed: recordedtime === undefined,
    accountId: 'account',
    sightings: [{ connector: 'import', object: 'event', externalId: `${source}|${id}` }],
  });

describe('a subject', () => {
  it.each([
    'https://acme.example',
    'https://www.Acme.example/',
    'HTTP://acme.example',
    '//acme.example',
    'acme.example/',
  ])('%s is the domain of the site, and comes back as it was', (subject) => {
    expect(read({ subject }).subject).toBe('acme.example');
    expect(written(read({ subject }))).toEqual({ ...base, subject, data: { ticket: 'T-1' } });
  });
  it.each([
    'https://crm.example/companies/5',
    'https://user@acme.example/',
    'https://acme.example?id=5',
    'https://acme.example:8080',
    'ftp://acme.example',
    'https://',
    '/',
  ])('%s is itself: it may be an id', (subject) => {
    expect(read({ subject }).subject).toBe(subject);
  });
});

describe('data_base64', () => {
  const packed = (data: unknown) =>
    Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)).toString('base64');
  it('that holds a JSON object is data, and comes back as it was', () => {
    const line = { ...base, data_base64: packed({ ticket: 'T-1', requester: 'zoe@acme.example', title: 'größer' }) };
    const event = read({ data: undefined, data_base64: line.data_base64 });
    expect(event.attributes).toMatchObject({ ticketId: 'T-1', title: 'größer' });
    expect(event.participants).toEqual([{ role: 'requester', address: 'zoe@acme.example' }]);
    expect(written(event)).toEqual(line);
  });
  it('that holds anything else, or stands beside data, is refused', () => {
    const deep = `{"ticket":"T","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    for (const data_base64 of [
      packed('[]'),
      packed('"x"'),
      packed('no json'),
      packed({ ticket: 'a\0b' }),
      packed('{"ticket":"\\ud800"}'),
      packed('{"ticket":"T","x":{"__proto__":1}}'),
      packed('{"ticket":"T","x":1e999}'),
      packed(deep),
      Buffer.from([0x7b, 0xff, 0x7d]).toString('base64'),
      'not base64!',
      '',
      5,
    ]) {
      const found = fromCloudEvent({ ...base, data_base64 });
      expect(found).toMatchObject({ ok: false, reason: 'invalid' });
      expect(JSON.stringify(found)).toContain('data_base64');
    }
    expect(fromCloudEvent({ ...base, data: { ticket: 'T' }, data_base64: packed({ ticket: 'T' }) }).ok).toBe(false);
    expect(fromCloudEvent({ ...base, data: { ticket: 'T' }, data_base64: null }).ok).toBe(true);
  });
});

it('refuses recordedtime in another spelling: its facts would pass for known when they happened', () => {
  for (const key of ['recordedTime', 'RecordedTime', 'RECORDEDTIME'])
    expect(fromCloudEvent({ ...base, data: { ticket: 'T' }, [key]: '2026-04-01T00:00:00Z' })).toMatchObject({
      ok: false,
      issues: [{ field: key }],
    });
});
