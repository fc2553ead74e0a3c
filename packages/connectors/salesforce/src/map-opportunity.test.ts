import type { Mapped } from '@waymark/connector-kit';
import { describe, expect, it } from 'vitest';
import { mapCase } from './map-case.ts';
import { mapOpportunity } from './map-opportunity.ts';
import { gatheredRecord } from './record.ts';
import { cases, context, opportunities } from './testing/fixtures.ts';

const eventsOf = (mapped: Mapped) => (mapped.outcome === 'stored' ? mapped.events : expect.fail(mapped.reason));
const deal = (raw: unknown) => eventsOf(mapOpportunity(gatheredRecord.parse(raw), context));
const ticket = (raw: unknown) => eventsOf(mapCase(gatheredRecord.parse(raw), context));

describe('an opportunity', () => {
  it('is won and lost by what its stages are, never by their words, however often', () => {
    expect(deal(opportunities.reopenedAfterWon).map(({ type }) => type)).toEqual([
      'deal.created',
      'deal.won',
      'deal.stage_changed',
      'deal.lost',
      'deal.close_date_changed',
    ]);
    expect(deal(opportunities.reopenedAfterWon)[1]).toMatchObject({
      occurredAt: Date.parse('2026-03-10T09:00:00Z'),
      subject: 'record:0015g000000A001AAA',
      attributes: {
        stage: 'Closed Won',
        stageLabel: 'Gewonnen',
        from: 'Open',
        amount: 52_000,
        currency: 'EUR',
        pipeline: 'Second_Line',
        kind: 'renewal',
      },
    });
  });

  it('slips only where a person moved its close date: closing moves it too', () => {
    const [slip] = deal(opportunities.reopenedAfterWon).filter((event) => event.type === 'deal.close_date_changed');
    expect(slip).toMatchObject({
      occurredAt: Date.parse('2026-02-20T09:00:00Z'),
      attributes: { previousCloseAt: Date.parse('2026-05-01'), closeAt: Date.parse('2026-06-01'), amount: 40_000 },
    });
  });

  it('has the chance of its stage, not the one that somebody gave it; of a stage that is gone its own', () => {
    expect(deal(opportunities.steppedBack).map(({ type, attributes }) => [type, Object(attributes)])).toMatchObject([
      ['deal.created', { stage: 'Prospecting', probability: 0.1 }],
      ['deal.stage_changed', { stage: 'Renamed' }],
      ['deal.stage_changed', { stage: 'Proposal', probability: 0.75 }],
      ['deal.stage_changed', { stage: 'Prospecting', probability: 0.1 }],
    ]);
    expect(deal(opportunities.steppedBack)[1]?.attributes).not.toHaveProperty('probability');
    expect(deal(opportunities.inDeletedStage)).toMatchObject([{ attributes: { probability: 0.6 } }]);
    expect(deal(opportunities.reopenedAfterWon)[0]?.attributes).not.toHaveProperty('probability');
  });

  it('that was made closed, in a stage that is gone, is won by its own word', () => {
    expect(deal(opportunities.importedAsWon)).toMatchObject([
      { type: 'deal.created', attributes: { kind: 'new' } },
      { type: 'deal.won' },
    ]);
  });
});

describe('a case', () => {
  it('is opened by its contact, escalated by status and by priority, solved, reopened and solved again', () => {
    const events = ticket(cases.reopenedAndEscalated);
    expect(events.map(({ type, occurredAt }) => [type, new Date(occurredAt).toISOString().slice(5, 13)])).toEqual([
      ['ticket.opened', '01-05T09'],
      ['ticket.escalated', '01-05T11'],
      ['ticket.solved', '01-06T09'],
      ['ticket.reopened', '01-08T09'],
      ['ticket.solved', '01-09T09'],
      ['ticket.escalated', '01-05T12'],
    ]);
    expect(events[0]).toMatchObject({
      direction: 'inbound',
      participants: [{ role: 'requester', address: 'noor@fjord.example.com' }],
      attributes: { status: 'New', priority: 'low' },
    });
  });

  it('without a history is opened and, once, solved when it was closed', () => {
    const events = ticket(cases.untracked);
    expect(events).toMatchObject([
      { type: 'ticket.opened', occurredAt: Date.parse('2026-01-05T09:00:00Z') },
      { type: 'ticket.solved', occurredAt: Date.parse('2026-01-09T09:00:00Z') },
    ]);
    expect(events[0]?.attributes).not.toHaveProperty('status');
    expect(events[0]?.participants).toEqual([{ role: 'requester', address: 'web@fjord.example.com' }]);
  });
});
