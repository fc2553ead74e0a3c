import { describe, expect, it } from 'vitest';
import { fromCloudEvent, toCloudEvent, type CloudEvent } from './cloud-event.ts';
import { parseTime, printTime } from './cloud-event-time.ts';
import { isJourneyEvent, type JourneyEvent } from './event.ts';
import { eventId, mailIdentity } from './identity.ts';
import { stableJson } from './stable-json.ts';

const event = (fields: Record<string, unknown>) => ({
  specversion: '1.0',
  id: '1',
  source: 'https://crm.example/export',
  type: 'crm.stage_changed',
  time: '2026-03-01T09:30:00Z',
  subject: 'acme.example',
  data: { to: 'live' },
  ...fields,
});

function read(value: unknown): CloudEvent {
  const result = fromCloudEvent(value);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.event;
}

const fieldsOf = (value: unknown): string[] => {
  const result = fromCloudEvent(value);
  return result.ok ? [] : result.issues.map((issue) => issue.field);
};

const workspaceId = '00000000-0000-7000-8000-000000000001';
function stored({ time, recordedtime, identity, source, id, ...rest }: CloudEvent): JourneyEvent {
  const made: unknown = {
    ...rest,
    id: eventId(workspaceId, identity, rest.type),
    workspaceId,
    occurredAt: time,
    recordedAt: recordedtime ?? time,
    knownAssumed: recordedtime === undefined,
    origin: 'import',
    accountId: null,
    sightings: [
      {
        connector: 'import',
        object: 'event',
        externalId: `${source.replaceAll('%', '%25').replaceAll('|', '%7C')}|${id}`,
      },
    ],
  };
  if (!isJourneyEvent(made)) throw new Error('not an event');
  return made;
}

describe('an event as CloudEvents 1.0', () => {
  it('reads the fields, with times in milliseconds and people as participants', () => {
    expect(
      read(
        event({
          type: 'email.sent',
          recordedtime: '2026-03-02T00:00:00.5+02:00',
          data: { from: 'Ana@Vendor.example', to: ['Zoë Lee <ZOE@acme.example>'], messageId: '<m1@vendor.example>' },
        }),
      ),
    ).toMatchObject({
      type: 'email.sent',
      time: Date.UTC(2026, 2, 1, 9, 30),
      recordedtime: Date.UTC(2026, 2, 1, 22, 0, 0, 500),
      touchpoint: 'email',
      direction: 'outbound',
      automated: false,
      participants: [
        { role: 'from', address: 'ana@vendor.example' },
        { role: 'to', address: 'zoe@acme.example', name: 'Zoë Lee' },
      ],
    });
  });

  it('a mail with its Message-ID is the same event as the mailbox has; all else is known by source and id', () => {
    const at = Date.UTC(2026, 2, 1, 9, 30);
    const data = { from: 'zoe@acme.example', messageId: '<M@Acme.Example>' };
    expect(read(event({ type: 'email.received', data })).identity).toBe(
      mailIdentity({ messageId: 'M@acme.example', from: 'zoe@acme.example', occurredAt: at, fallback: '' }),
    );
    expect(read(event({})).identity).toBe('import:https://crm.example/export|1');
    expect(read(event({ source: 'a|b', id: 'c' })).identity).not.toBe(read(event({ source: 'a', id: 'b|c' })).identity);
  });

  it('names every field that is wrong', () => {
    expect(fieldsOf({})).toEqual(['specversion', 'type', 'id', 'source', 'subject', 'time']);
    expect(fieldsOf(event({ type: 'email.opened' }))).toEqual(['type']);
    expect(fieldsOf(event({ time: '2026-02-30T00:00:00Z', data: [] }))).toEqual(['time', 'data']);
    expect(fieldsOf(event({ type: 'ticket.opened', data: {} }))).toEqual(['data.ticket']);
    expect(fieldsOf(event({ type: 'meeting.held', data: { attendees: [{}] } }))).toEqual(['data.attendees']);
    expect(fieldsOf(event({ datacontenttype: 'application/xml', data_base64: 'AA==' }))).toEqual([
      'datacontenttype',
      'data_base64',
    ]);
    expect(fieldsOf('text')).toEqual(['']);
    expect(fieldsOf(event({ data: JSON.parse('{"__proto__":{"to":"x"},"to":"live"}') }))).toEqual(['data.__proto__']);
  });

  it('gives back what it was given, whatever its form', () => {
    const values = [
      event({}),
      event({ time: '2026-03-01T10:30:00.1234+01:00', subject: ' Acme.Example ' }),
      event({
        data: { to: 8, more: { deep: [1, null] } },
        dataschema: 'https://crm.example/schema',
        datacontenttype: 'application/json',
      }),
      event({
        type: 'email.received',
        data: { from: { name: 'Zoë', address: 'zoe@acme.example' }, to: 'Ana', cc: [] },
      }),
      event({
        type: 'email.received',
        data: { from: 'zoe@acme.example', to: ['ana@vendor.example'], direction: 'inbound' },
      }),
      event({
        type: 'meeting.held',
        data: {
          attendees: ['zoe@acme.example'],
          startsAt: '2026-03-01T10:00:00Z',
          endsAt: '2026-03-01T11:00:00+00:00',
        },
      }),
      event({ type: 'ticket.replied', data: { ticket: 'T-1', requester: 'zoe@acme.example', automated: true } }),
      event({ type: 'account.churned', data: undefined, source: '100% | mine' }),
      event({ type: 'contact.left', data: { contact: 'zoe@acme.example' }, recordedtime: '2026-03-05T00:00:00Z' }),
      event({ data: { to: 'x', cloudevent: 'mine' } }),
    ];
    for (const value of values) {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(toCloudEvent(stored(read(plain)))).toEqual(plain);
    }
  });

  it('reads a list of people from one text, as tables and mail programs write it', () => {
    const peopleOf = (to: unknown, type = 'email.sent') => {
      const given = event({ type, data: type === 'email.sent' ? { to } : { from: to } });
      const found = read(given);
      expect(toCloudEvent(stored(found))).toEqual(given);
      return found.participants.map((one) => `${one.role} ${one.name ?? ''} ${one.address ?? one.external ?? ''}`);
    };
    expect(peopleOf('Ana@acme.example; b@x.example,c@x.example ,')).toEqual([
      'to  ana@acme.example',
      'to  b@x.example',
      'to  c@x.example',
    ]);
    expect(peopleOf('"Lee, Zoe; CSM" <zoe@acme.example>, Kim, Bo <bo@acme.example>')).toEqual([
      'to Lee, Zoe; CSM zoe@acme.example',
      'to Kim, Bo bo@acme.example',
    ]);
    expect(peopleOf('"zoe@acme.example" <zoe@acme.example>')).toEqual(['to zoe@acme.example zoe@acme.example']);
    expect(peopleOf(['a@x.example, b@x.example', 'c@x.example'])).toHaveLength(3);
    expect(peopleOf('agent-7, agent-8')).toEqual(['to  agent-7, agent-8']);
    expect(peopleOf('a@x.example, b@x.example', 'email.received')).toEqual(['from  a@x.example']);
    expect(peopleOf(`${'a'.repeat(60)}@x.example, `.repeat(40))).toHaveLength(40);
    // Nothing that anybody can write takes long.
    for (const hard of ['<', '"', '",', '<,', '@,', 'a,'])
      expect(
        fromCloudEvent(event({ type: 'email.sent', data: { to: `@@${hard.repeat(50_000 / hard.length)}` } })),
      ).toHaveProperty('ok');
  });

  it('reads the priorities of help desks in their own words', () => {
    const priorityOf = (priority: string) =>
      read(event({ type: 'ticket.opened', data: { ticket: '1', priority } })).attributes['priority'];
    expect(['normal', 'High', ' urgent', 'CRITICAL', 'P1', 'low'].map(priorityOf)).toEqual([
      'medium',
      'high',
      'urgent',
      'urgent',
      'urgent',
      'low',
    ]);
    expect(fieldsOf(event({ type: 'ticket.opened', data: { ticket: '1', priority: 'whenever' } }))).toEqual([
      'data.priority',
    ]);
  });

  it('knows a deal by the names that tables and APIs give it, and gives them back', () => {
    const deal = (data: Record<string, unknown>, type = 'deal.won') => read(event({ type, data })).attributes;
    for (const [field, id] of Object.entries({ deal: 'D-1', id: 7, opportunity_id: 'D-1', dealId: 'D-1' }))
      expect(deal({ [field]: id })['dealId']).toBe(String(id));
    expect(deal({ deal: 'D-1', id: 'row 7' })).toMatchObject({ dealId: 'D-1', id: 'row 7' });
    expect(deal({ dealId: 'D-1', deal: 'Acme' })).toMatchObject({ dealId: 'D-1', deal: 'Acme' });
    expect(deal({ deal: { name: 'Acme' } })).toMatchObject({ deal: { name: 'Acme' } });
    expect(deal({ from: 'Demo', to: 'Closed Lost' }, 'deal.stage_changed')).toMatchObject({ stage: 'Closed Lost' });
    expect(deal({ stage: 'Demo', to: 'x' }, 'deal.stage_changed')).toMatchObject({ stage: 'Demo', to: 'x' });
    expect(read(event({ type: 'ticket.opened', data: { ticket: '1', id: 9 } })).attributes['id']).toBe(9);
    for (const data of [
      { deal: 'D-1' },
      { pipeline: 'Renewals' },
      { type: 'renewal' },
      { id: 7 },
      { from: 'a', to: 'b' },
      { kind: 'Renewal' },
      { id: null },
    ]) {
      const value = event({ type: 'deal.won', data });
      expect(toCloudEvent(stored(read(value)))).toEqual(value);
    }
  });

  it('reads what a deal is about in the words of CRMs', () => {
    const kindOf = (kind: string) => read(event({ type: 'deal.won', data: { kind } })).attributes['kind'];
    expect(['Renewal', 'renewals', 'NEW', 'New Business', 'newbusiness', 'Up-sell', 'expansion'].map(kindOf)).toEqual([
      'renewal',
      'renewal',
      'new',
      'new',
      'new',
      'expansion',
      'expansion',
    ]);
    expect(fieldsOf(event({ type: 'deal.won', data: { kind: 'standard' } }))).toEqual(['data.kind']);
    const told = (data: Record<string, unknown>) => read(event({ type: 'deal.won', data })).attributes['kind'];
    expect(told({ type: 'Renewal' })).toBe('renewal');
    expect(told({ deal_type: 'newbusiness', pipeline: 'Renewals' })).toBe('new');
    expect(told({ type: 'Partner', pipeline: 'Enterprise Renewals' })).toBe('renewal');
    expect(told({ pipeline: 'New Business' })).toBe('new');
    expect(told({ pipeline: 'Upsell' })).toBe('expansion');
    expect(told({ kind: 'new', pipeline: 'Renewals' })).toBe('new');
    for (const nothing of [
      { pipeline: 'Sales' },
      { pipeline: 'Newcastle' },
      { pipeline: 'New and renewals' },
      { type: 'Partner' },
      { name: 'Renewal' },
    ])
      expect(told(nothing)).toBeUndefined();
  });

  it('takes a null for a field that is not there, and gives it back (CloudEvents JSON format, 2.2)', () => {
    const values = [
      event({ recordedtime: null }),
      event({ datacontenttype: null, dataschema: null, data_base64: null }),
      event({ data: null, type: 'account.churned' }),
      event({ type: 'deal.won', data: { amount: null, closeAt: null, actor: null, currency: 'EUR', custom: null } }),
      event({
        type: 'email.received',
        data: { from: 'zoe@acme.example', to: ['ana@vendor.example'], cc: null, messageId: null, subject: null },
      }),
    ];
    for (const value of values) {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      const found = read(plain);
      expect(found.recordedtime).toBeUndefined();
      expect(toCloudEvent(stored(found))).toEqual(plain);
    }
    expect(fieldsOf(event({ time: null }))).toEqual(['time']);
    expect(fieldsOf(event({ type: 'ticket.opened', data: { ticket: null } }))).toEqual(['data.ticket']);
    expect(fieldsOf(event({ type: 'email.received', data: { from: null } }))).toEqual(['data.from']);
  });

  it('takes the end of a contract for a day where it has no time of day, and gives it back so', () => {
    for (const [type, name] of [
      ['account.renewed', 'until'],
      ['deal.won', 'closeAt'],
    ] as const) {
      const plain = event({ type, data: { [name]: '2026-06-30' } });
      const found = read(plain);
      expect(found.attributes[name]).toBe(Date.UTC(2026, 5, 30));
      expect(toCloudEvent(stored(found))).toEqual(JSON.parse(JSON.stringify(plain)));
    }
    expect(fieldsOf(event({ type: 'account.renewed', data: { until: '2026-02-30' } }))).toEqual(['data.until']);
    expect(fieldsOf(event({ type: 'meeting.held', data: { startsAt: '2026-06-30' } }))).toContain('data.startsAt');
  });

  it('knows a domain in any spelling, and leaves ids alone', () => {
    const subjectOf = (subject: string) => read(event({ subject })).subject;
    for (const same of ['acme.example', ' ACME.Example', 'acme.example.', 'www.acme.example', 'WWW.Acme.example.'])
      expect(subjectOf(same)).toBe('acme.example');
    for (const same of ['bücher.example', 'BÜCHER.example', 'bu\u0308cher.example', 'xn--bcher-kva.example'])
      expect(subjectOf(same)).toBe('xn--bcher-kva.example');
    expect(subjectOf('Mu\u0308ller')).toBe('Müller');
    for (const id of [
      '001A0000abcDEF',
      '42',
      'Acme Inc.',
      '.',
      'a..b',
      'www.example',
      'zoe@acme.example',
      'https://crm.example/companies/42',
    ])
      expect(subjectOf(id)).toBe(id);
    const odd = event({ subject: 'BÜCHER.example.' });
    expect(toCloudEvent(stored(read(odd)))).toEqual(odd);
  });

  it('reads RFC 3339 and nothing else as a time', () => {
    for (const text of [
      '2026-03-01T09:30:00Z',
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59.999Z',
      '2024-02-29t00:00:00.5z',
    ])
      expect(printTime(parseTime(text) ?? Number.NaN)).toBe(text.toUpperCase().replace('.5Z', '.500Z'));
    expect(parseTime('2016-12-31T23:59:60Z')).toBe(Date.UTC(2017, 0, 1));
    expect(parseTime('2026-03-01T00:30:00-00:45')).toBe(Date.UTC(2026, 2, 1, 1, 15));
    for (const text of [
      '2026-03-01',
      '2026-03-01 ',
      '2025-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-03-01T24:00:00Z',
      '2026-03-01T09:30:00',
      '1',
      'x'.repeat(1e6),
    ])
      expect(parseTime(text)).toBeUndefined();
  });

  it('the same content is the same text in any order', () => {
    expect(stableJson({ b: [1, { d: 2, c: '\ud800' }], a: undefined, 10: null })).toBe(
      '{"10":null,"b":[1,{"c":"\\ud800","d":2}]}',
    );
    expect(stableJson({ b: 1, a: 2 })).toBe(stableJson({ a: 2, b: 1 }));
  });
});
