import type { MapContext } from '@waymark/connector-kit';
import { describe, expect, it } from 'vitest';
import { mapTicket } from './map-ticket.ts';
import { AGENT, context, ticket, tickets } from './testing/fixtures.ts';
import { gatheredTicket } from './ticket-record.ts';

const told = (raw: unknown, more: Partial<MapContext> = {}) => {
  const mapped = mapTicket(gatheredTicket.parse(raw), { ...context, ...more });
  return mapped.outcome === 'stored' ? mapped.events : [];
};

const at = (iso: string): number => Date.parse(iso);

describe('map-ticket', () => {
  it('tells a ticket’s whole course: words by side, status, urgency, reopening', () => {
    expect(told(tickets.reopened).map(({ type, direction, occurredAt }) => [type, direction, occurredAt])).toEqual([
      ['ticket.opened', 'inbound', at('2026-01-05T09:00:00Z')],
      ['ticket.replied', 'internal', at('2026-01-05T10:00:00Z')],
      ['ticket.status_changed', 'none', at('2026-01-05T10:00:00Z')],
      ['ticket.replied', 'outbound', at('2026-01-05T11:00:00Z')],
      ['ticket.status_changed', 'none', at('2026-01-05T11:00:00Z')],
      ['ticket.escalated', 'none', at('2026-01-05T11:00:00Z')],
      ['ticket.solved', 'none', at('2026-01-06T09:00:00Z')],
      ['ticket.replied', 'inbound', at('2026-01-07T09:00:00Z')],
      ['ticket.reopened', 'inbound', at('2026-01-07T09:00:00Z')],
      ['ticket.solved', 'none', at('2026-01-08T09:00:00Z')],
      // Zendesk's closing of what was solved is no event: it would look like life in a ticket that has ended.
    ]);
  });

  it('names the organization, the requester and what held at the time', () => {
    const events = told(tickets.reopened);
    expect(events[0]).toMatchObject({
      touchpoint: 'ticket',
      subject: 'record:7001',
      automated: false,
      rank: 0,
      attributes: { ticketId: 'acme:101', status: 'new', priority: 'low' },
      participants: [{ role: 'requester', address: 'noor@fjord.example.com', name: 'Noor Haddad' }],
    });
    expect(events.find((event) => event.type === 'ticket.escalated')?.attributes).toMatchObject({
      status: 'pending',
      priority: 'urgent',
    });
    const reply = events.find((event) => event.type === 'ticket.replied' && event.direction === 'outbound');
    expect(reply?.participants.map((one) => [one.role, one.address])).toEqual([
      ['requester', 'noor@fjord.example.com'],
      ['actor', 'sven.lund@vendor.example.com'],
    ]);
  });

  it('knows an escalation by tag, once, and by the label of a custom status', () => {
    const types = (raw: unknown) => told(raw).map((event) => event.type);
    expect(types(tickets.escalatedByTag)).toEqual(['ticket.opened', 'ticket.escalated']);
    const byStatus = told(tickets.escalatedByStatus);
    expect(byStatus.map((event) => event.type)).toEqual(['ticket.opened', 'ticket.escalated']);
    expect(byStatus[1]?.attributes).toMatchObject({ status: 'Escalated to engineering' });
  });

  it('takes the tags and statuses that were declared, and then no others', () => {
    const settings = { tickets: { escalatedTags: ['vip'], escalatedStatuses: ['50'] } };
    const times = told(tickets.escalatedByTag, { settings }).filter((event) => event.type === 'ticket.escalated');
    expect(times.map((event) => event.occurredAt)).toEqual([at('2026-01-05T12:00:00Z')]);
    expect(told(tickets.escalatedByStatus, { settings }).map((event) => event.type)).toEqual([
      'ticket.opened',
      'ticket.escalated',
      'ticket.status_changed',
    ]);
  });

  it('orders what happened within one second as Zendesk did, so that it ends as it ended', () => {
    const events = told(tickets.sameSecond);
    expect(events.map((event) => event.type)).toEqual([
      'ticket.opened',
      'ticket.solved',
      'ticket.reopened',
      'ticket.solved',
    ]);
    const times = events.map((event) => event.occurredAt);
    expect(new Set(times).size).toBe(times.length);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
  });

  it('ends a ticket that was merged into another one', () => {
    const solved = told(tickets.merged).find((event) => event.type === 'ticket.solved');
    expect(solved?.attributes).toMatchObject({ merged: true, status: 'closed' });
  });

  it('tells who opened: an agent who wrote first, an agent who noted a call, a requester who is no more', () => {
    expect(told(tickets.outbound)[0]).toMatchObject({ type: 'ticket.opened', direction: 'outbound' });
    const called = ticket({
      id: 110,
      row: { submitter_id: AGENT, channel: 'phone' },
      history: [{ at: '2026-01-05T09:00:00Z', author: AGENT, comments: [{ public: false }] }],
    });
    expect(told(called)[0]).toMatchObject({ direction: 'inbound' });
    expect(told(tickets.bare)[0]).toMatchObject({
      direction: 'inbound',
      participants: [{ external: 'zendesk:user:4004' }],
      attributes: { status: 'open' },
    });
    expect(told(tickets.bare)[0]).not.toHaveProperty('subject');
  });

  it('ends an imported ticket of which no audit tells how it went', () => {
    const imported = ticket({ id: 112, row: { status: 'closed', updated_at: '2026-01-04T09:00:00Z' }, history: [] });
    const events = told(imported);
    expect(events.map((event) => event.type)).toEqual(['ticket.opened', 'ticket.solved']);
    expect(events[1]?.occurredAt).toBe(at('2026-01-05T09:00:00Z') + 1);
  });

  it('keeps the subject where subjects are kept', () => {
    const kept = ticket({ id: 111, row: { subject: ' Invoice ' }, history: [] });
    expect(told(kept)[0]?.attributes).not.toHaveProperty('subject');
    expect(told(kept, { keepSubjects: true })[0]?.attributes).toMatchObject({ subject: 'Invoice' });
  });

  it('shows exclusions the subject and the tags, kept or not', () => {
    const tagged = ticket({ id: 113, row: { subject: 'Invoice', tags: ['private'] }, history: [] });
    const mapped = mapTicket(gatheredTicket.parse(tagged), context);
    expect(mapped).toMatchObject({ title: 'Invoice', tags: ['private'] });
    expect(JSON.stringify(told(tagged))).not.toContain('Invoice');
  });
});
