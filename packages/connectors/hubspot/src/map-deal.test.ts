import { describe, expect, it } from 'vitest';
import { mapDeal } from './map-deal.ts';
import { mapTicket } from './map-ticket.ts';
import { gatheredRecord } from './record.ts';
import { context, deals, tickets } from './testing/fixtures.ts';

const at = (text: string): number => Date.parse(text);

function eventsOf(mapped: ReturnType<typeof mapDeal>) {
  return mapped.outcome === 'stored' ? mapped.events : expect.fail(mapped.reason);
}

describe('a deal', () => {
  const events = eventsOf(mapDeal(gatheredRecord.parse(deals.reopenedAfterWon), context));

  it('tells each move with what held at the time: pipeline, amount, kind', () => {
    expect(events.map(({ type, occurredAt }) => [type, new Date(occurredAt).toISOString().slice(0, 10)])).toEqual([
      ['deal.created', '2026-01-10'],
      ['deal.stage_changed', '2026-02-10'],
      ['deal.won', '2026-03-10'],
      ['deal.stage_changed', '2026-03-12'],
      ['deal.lost', '2026-04-10'],
      ['deal.close_date_changed', '2026-02-20'],
      ['deal.close_date_changed', '2026-03-12'],
    ]);
    expect(events[0]?.attributes).toMatchObject({
      pipeline: 'default',
      stage: 'qualifiedtobuy',
      kind: 'new',
      amount: 40_000,
    });
    expect(events[1]?.attributes).toMatchObject({
      pipeline: '88',
      from: 'qualifiedtobuy',
      kind: 'renewal',
      amount: 40_000,
    });
    expect(events[2]?.attributes).toMatchObject({ stageLabel: 'Won', amount: 52_000, currency: 'EUR' });
    expect(new Set(events.map((event) => event.subject))).toEqual(new Set(['record:1001']));
  });

  it('leaves out the close date that HubSpot sets by itself when a deal closes', () => {
    const moves = events.filter((event) => event.type === 'deal.close_date_changed');
    expect(moves.map((event) => event.attributes)).toMatchObject([
      { previousCloseAt: at('2026-05-01T00:00:00Z'), closeAt: at('2026-06-01T00:00:00Z') },
      { previousCloseAt: at('2026-03-10T09:00:00Z'), closeAt: at('2026-07-01T00:00:00Z') },
    ]);
  });

  it('made as won is created and won; a stage that was deleted since is a move without a label', () => {
    const imported = eventsOf(mapDeal(gatheredRecord.parse(deals.importedAsWon), context));
    expect(imported.map((event) => event.type)).toEqual(['deal.created', 'deal.won', 'deal.stage_changed']);
    expect(imported[2]?.attributes).not.toHaveProperty('stageLabel');
    expect(imported[0]).not.toHaveProperty('subject');
  });
});

describe('a ticket', () => {
  const events = eventsOf(mapTicket(gatheredRecord.parse(tickets.reopenedAndEscalated), context));

  it('is opened by the customer, escalated by stage and by priority, solved, reopened and solved again', () => {
    expect(events.map(({ type, occurredAt }) => [type, new Date(occurredAt).toISOString().slice(5, 16)])).toEqual([
      ['ticket.opened', '01-05T09:00'],
      ['ticket.escalated', '01-05T11:00'],
      ['ticket.solved', '01-06T09:00'],
      ['ticket.reopened', '01-08T09:00'],
      ['ticket.solved', '01-09T09:00'],
      ['ticket.escalated', '01-05T12:00'],
    ]);
    expect(events[0]).toMatchObject({
      direction: 'inbound',
      subject: 'record:1001',
      participants: [{ role: 'requester', address: 'noor@fjord.example.com' }],
      attributes: { ticketId: '4001', status: 'New', priority: 'low' },
    });
    expect(events[2]?.attributes).toMatchObject({ status: 'Closed', priority: 'urgent' });
  });

  it('a ticket is read with the pipeline of its time: one stage id is open in one and closed in another', () => {
    const events = eventsOf(mapTicket(gatheredRecord.parse(tickets.inOwnPipeline), context));
    expect(events.map(({ type, attributes }) => [type, attributes['status']])).toEqual([
      ['ticket.opened', 'Waiting on us'],
      ['ticket.status_changed', 'Planned'],
      ['ticket.solved', 'Migrated'],
    ]);
  });

  it('keeps its subject only where that is wished', () => {
    const kept = eventsOf(
      mapTicket(gatheredRecord.parse(tickets.reopenedAndEscalated), { ...context, keepSubjects: true }),
    );
    expect(events[0]?.attributes).not.toHaveProperty('subject');
    expect(kept[0]?.attributes).toHaveProperty('subject');
  });
});
