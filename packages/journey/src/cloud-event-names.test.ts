import { describe, expect, it } from 'vitest';
import { fromCloudEvent, toCloudEvent } from './cloud-event.ts';

const lineOf = (type: string, data: object) => ({
  specversion: '1.0',
  id: '1',
  source: 'crm',
  type,
  time: '2026-03-01T09:30:00Z',
  subject: 'acme.example',
  data,
});

function read(type: string, data: object) {
  const found = fromCloudEvent(lineOf(type, data));
  if (!found.ok) throw new Error(JSON.stringify(found.issues));
  const { cloudevent: _line, ...attributes } = found.event.attributes;
  const people = found.event.participants.map(({ role, address, external }) => `${role} ${address ?? external}`);
  return { ...found.event, attributes, people, readAs: Object.fromEntries(found.event.readAs ?? []) };
}

/** The line that comes back for an event as it is stored. */
function written(line: ReturnType<typeof lineOf>) {
  const found = fromCloudEvent(line);
  if (!found.ok) throw new Error(JSON.stringify(found.issues));
  const { source, id, time, recordedtime, readAs: _readAs, ...event } = found.event;
  return toCloudEvent({
    ...event,
    id: 'own',
    occurredAt: time,
    recordedAt: recordedtime ?? time,
    knownAssumed: recordedtime === undefined,
    accountId: 'account',
    sightings: [{ connector: 'import', object: 'event', externalId: `${source}|${id}` }],
  });
}

const DAY = (text: string) => Date.parse(`${text}T00:00:00Z`);
const zoe = 'zoe@acme.example';

describe('a field in other words than those of the vocabulary', () => {
  it.each([
    ['email.received', { from: zoe, thread_id: 't', message_id: '<1@a>' }, { threadId: 't', messageId: '<1@a>' }],
    ['email.received', { from: zoe, conversationId: 7 }, { threadId: '7' }],
    ['meeting.held', { attendees: [zoe], start: '2026-03-02T00:00:00Z' }, { startsAt: DAY('2026-03-02') }],
    ['meeting.held', { attendees: [zoe], end_time: '2026-03-02T00:00:00Z' }, { endsAt: DAY('2026-03-02') }],
    ['ticket.opened', { id: 'T-1', severity: 'P1' }, { ticketId: 'T-1', priority: 'urgent' }],
    [
      'ticket.opened',
      { ticket_id: 5, id: 'event', priority: 'Major' },
      { ticketId: '5', priority: 'high', id: 'event' },
    ],
    ['survey.responded', { rating: 4, type: 'CSAT', scale: '1-5' }, { score: 4, kind: 'csat', scale: 5 }],
    ['survey.responded', { score: 9, kind: 'NPS' }, { score: 9, kind: 'nps' }],
    ['usage.recorded', { metric: 'logins', count: 10 }, { metric: 'logins', value: 10 }],
    ['deal.created', { dealId: 'D', isRenewal: true, closeDate: '2026-05-01' }, { closeAt: DAY('2026-05-01') }],
    ['deal.stage_changed', { dealId: 'D', from_stage: 'A', toStage: 'B' }, { from: 'A', stage: 'B' }],
    [
      'deal.close_date_changed',
      { dealId: 'D', from: '2026-05-01', to: '2026-06-01' },
      { previousCloseAt: DAY('2026-05-01'), closeAt: DAY('2026-06-01') },
    ],
    ['crm.stage_changed', { oldStage: 'A', newStage: 'B' }, { from: 'A', to: 'B' }],
    ['crm.property_changed', { field: 'plan', new: 'pro' }, { property: 'plan', to: 'pro' }],
    [
      'crm.owner_changed',
      { from: 'a@us.example', to: 'b@us.example' },
      { from: 'a@us.example', owner: 'b@us.example' },
    ],
    ['crm.owner_changed', { owner: { email: 'b@us.example', name: 'B' } }, { owner: 'b@us.example' }],
    ['contact.added', { email: zoe, role: 'champion' }, { contact: zoe, persona: 'champion' }],
    ['account.renewed', { renewalDate: '2027-01-01' }, { until: DAY('2027-01-01') }],
    ['milestone.reached', { name: 'go_live' }, { milestone: 'go_live' }],
  ])('%s %j is understood, and comes back as it was', (type, data, attributes) => {
    expect(read(type, data).attributes).toMatchObject(attributes);
    expect(written(lineOf(type, data))).toEqual(lineOf(type, data));
  });

  it.each([
    ['email.received', { sender: zoe, recipients: ['ana@us.example'] }, [`from ${zoe}`, 'to ana@us.example']],
    [
      'email.sent',
      { from: { email: 'ana@us.example', name: 'Ana' }, to: [{ email: zoe }] },
      ['from ana@us.example', `to ${zoe}`],
    ],
    ['meeting.held', { participants: [{ email: zoe, displayName: 'Zoë' }] }, [`attendee ${zoe}`]],
    ['contact.left', { contact: { address: zoe } }, [`contact ${zoe}`]],
  ])('%s %j names people', (type, data, people) => {
    expect(read(type, data).people).toEqual(people);
    expect(written(lineOf(type, data))).toEqual(lineOf(type, data));
  });

  it('is said, by which name it came and as what it was read', () => {
    expect(read('ticket.opened', { id: 'T-1', severity: 'high' }).readAs).toEqual({
      id: 'ticketId',
      severity: 'priority',
    });
    expect(read('ticket.opened', { ticket: 'T-1', priority: 'high' }).readAs).toEqual({});
  });

  it('says nothing where its own name says something, or where the value is of another form', () => {
    expect(read('ticket.opened', { ticket: 'T-1', id: 'x', priority: 'low', severity: 'high' }).attributes).toEqual({
      ticketId: 'T-1',
      id: 'x',
      priority: 'low',
      severity: 'high',
    });
    expect(read('meeting.held', { attendees: [zoe], start: 'at nine' }).attributes).toEqual({ start: 'at nine' });
    expect(read('ticket.opened', { ticket: 'T-1', severity: 2 }).attributes).toEqual({ ticketId: 'T-1', severity: 2 });
  });

  it('is read the same whatever the order of keys', () => {
    const data = { rating: 1, csat: 3, nps: 2 };
    const turned = { nps: 2, csat: 3, rating: 1 };
    expect(read('survey.responded', data).attributes).toEqual({ score: 1, csat: 3, nps: 2 });
    expect(read('survey.responded', turned).attributes).toEqual(read('survey.responded', data).attributes);
  });

  it('makes one mail of one Message-ID', () => {
    const mail = { from: zoe, message_id: '<1@acme.example>' };
    expect(read('email.received', mail).identity).toBe(
      read('email.received', { from: zoe, messageId: '<1@acme.example>' }).identity,
    );
  });
});

describe('a type', () => {
  it.each(['meeting.cancelled', 'meeting.noshow', 'meeting.no-show'])('spelled %s is one of the vocabulary', (type) => {
    expect(['meeting.canceled', 'meeting.no_show']).toContain(read(type, { attendees: [zoe] }).type);
    expect(written(lineOf(type, { attendees: [zoe] }))).toEqual(lineOf(type, { attendees: [zoe] }));
  });
  it('that is none is refused with the one that may be meant', () => {
    expect(fromCloudEvent(lineOf('ticket.closed', { ticket: 'T' }))).toEqual({
      ok: false,
      reason: 'unknown-type',
      issues: [{ field: 'type', message: 'ticket.closed is no type of the vocabulary: is ticket.solved meant?' }],
    });
    for (const type of ['constructor', 'toString', '__proto__', 'email.opened'])
      expect(fromCloudEvent(lineOf(type, {}))).toMatchObject({ ok: false, reason: 'unknown-type' });
  });
});

it.each([
  ['usage.recorded', { metric: 'logins', value: '10' }],
  ['survey.responded', { score: '9' }],
  ['crm.stage_changed', { from: 'A' }],
  ['ticket.opened', { subject: 'Help' }],
  ['email.received', { to: zoe }],
  ['crm.owner_changed', { owner: { name: 'Zoë' } }],
  ['ticket.opened', { ticket: 'T', priority: 'whenever' }],
])('%s %j is refused as before', (type, data) => {
  expect(fromCloudEvent(lineOf(type, data))).toMatchObject({ ok: false, reason: 'invalid' });
});
