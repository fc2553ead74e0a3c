import { describe, expect, it } from 'vitest';
import type { Fact } from '../course/state.ts';
import { compileJourney, parseDefinition, reduce } from '../index.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 5, 9);

/** What a rule with this reason says of an account with so many open tickets, whose mail came so many days ago. */
function said(
  reason: string,
  given: { tickets?: number; daysAgo?: number; renewalIn?: number } = {},
): string | undefined {
  const { tickets = 0, daysAgo = 3, renewalIn } = given;
  const journey = compileJourney(
    parseDefinition(
      JSON.stringify({
        id: 'small',
        version: 1,
        title: 'Small',
        type: 'linear',
        stages: [{ id: 'start', title: 'Start', enter: [{ from: ['none'] }] }],
        rules: [
          {
            id: 'any',
            kind: 'risk',
            severity: 'low',
            title: 'Any',
            when: { signal: 'days_in_stage', op: '>=', value: 0 },
            reason: [reason, 'Nothing to say'],
            clears: 'Nothing.',
            nextStep: 'None.',
          },
        ],
      }),
      'small.yaml',
    ),
  );
  const plain = { participants: [], automated: false, recordedAt: START } as const;
  const facts: Fact[] = [
    {
      ...plain,
      id: 'm',
      type: 'email.received',
      touchpoint: 'email',
      direction: 'inbound',
      occurredAt: START,
      attributes: {},
    },
    ...Array.from({ length: tickets }, (_, index): Fact => ({
      ...plain,
      id: `t${index}`,
      type: 'ticket.opened',
      touchpoint: 'ticket',
      direction: 'none',
      occurredAt: START,
      attributes: { ticketId: `${index}` },
    })),
  ];
  const asOf = START + daysAgo * DAY;
  const context = {
    accountId: '5d0f2a10-0000-8000-8000-000000000001',
    isCustomer: true,
    contacts: [],
    gaps: [],
    ...(renewalIn === undefined ? {} : { renewalAt: asOf + renewalIn * DAY }),
  };
  return reduce(journey, context, facts, asOf).flags[0]?.reasonNow;
}

describe('a reason', () => {
  it.each([
    [0, 'no tickets open'],
    [1, '1 ticket open'],
    [7, '7 tickets open'],
  ])('counts %d as people do', (tickets, line) => {
    expect(said('{open_tickets:ticket|tickets} open', { tickets })).toBe(line);
  });

  it('says how often', () => {
    const times = [1, 2, 3].map((tickets) => said('{open_tickets.times}', { tickets }));
    expect(times).toEqual(['once', 'twice', '3 times']);
  });

  it('leaves out in square brackets what is unknown or nothing', () => {
    expect(said('Quiet[; {open_tickets:ticket|tickets} open][; usual gap {usual_inbound_gap}]')).toBe('Quiet');
    expect(said('Quiet[; {open_tickets:ticket|tickets} open]', { tickets: 1 })).toBe('Quiet; 1 ticket open');
    expect(said('Renewal {days_until_renewal.in}')).toBe('Nothing to say');
  });

  it.each([
    [0.4, 'less than a day', 'less than a day'],
    [1, '1 day', '1 day'],
    [2, '2 days', '2 days'],
    [2.5, '2 days', 'more than 2 days'],
  ])('says %d days', (daysAgo, plain, over) => {
    expect(said('{days_since_inbound}', { daysAgo })).toBe(plain);
    expect(said('{days_since_inbound.over}', { daysAgo })).toBe(over);
  });

  it.each([
    [57.2, 'in 57 days'],
    [1, 'in 1 day'],
    [0.5, 'within a day'],
    [-0.5, 'just gone by'],
    [-3, '3 days ago'],
  ])('says of what is %d days ahead', (renewalIn, line) => {
    expect(said('{days_until_renewal.in}', { renewalIn })).toBe(line);
  });

  it('says dates with the year only where it is not plain', () => {
    expect(said('{days_until_renewal.since}', { renewalIn: 40 })).toBe('17 Feb');
    expect(said('{days_until_renewal.since}', { renewalIn: 400 })).toBe('12 Feb 2027');
  });
});
