import { describe, expect, it } from 'vitest';
import { fromCloudEvent } from '@waymark/journey';
import { countUnread, fieldsReadAs, unreadFields } from './unread-field.ts';

type Line = readonly [type: string, data: object];
const told = (...lines: readonly Line[]) => unreadFields(counted(lines));
const counted = (lines: readonly Line[]) => {
  const counts = new Map<string, number>();
  for (const [type, data] of lines) {
    const read = fromCloudEvent({
      specversion: '1.0',
      id: '1',
      source: 'test',
      type,
      time: '2026-03-01T09:30:00Z',
      subject: 'acme.example',
      data,
    });
    if (!read.ok) throw new Error(JSON.stringify(read.issues));
    countUnread(read.event, counts);
  }
  return Object.fromEntries(counts);
};
const mail = { from: 'zoe@acme.example', to: ['ana@us.example'] };

describe('what lines say that nothing reads', () => {
  it('is nothing where they keep to the vocabulary', () => {
    expect(
      told(
        ['email.received', { ...mail, subject: 'Hello', messageId: '<1@acme.example>', threadId: '1' }],
        ['meeting.scheduled', { attendees: ['zoe@acme.example'], startsAt: '2026-03-02T09:00:00Z', seriesId: 's' }],
        ['ticket.opened', { ticket: 'T-1', requester: 'zoe@acme.example', priority: 'high', status: 'open' }],
        ['deal.created', { deal: 'D-1', kind: 'Renewal', closeAt: '2026-05-01T00:00:00Z', amount: 7 }],
        ['deal.stage_changed', { id: 'D-1', from: 'Demo', to: 'Offer' }],
        ['deal.won', { id: 'D-1', is_renewal: true }],
        ['crm.property_changed', { property: 'plan', from: 'a', to: 'b' }],
        ['usage.recorded', { metric: 'logins', value: 7, limit: 10 }],
        ['survey.responded', { score: 9, respondent: 'zoe@acme.example' }],
        ['account.renewed', { until: '2027-03-01T00:00:00Z' }],
        ['account.churned', {}],
      ),
    ).toEqual([]);
  });

  it('names what is missing first, then what may be meant, then the rest, with how many lines', () => {
    const deal = ['deal.created', { kind: 'new', deal_owner: 'ana' }] as const;
    expect(
      told(deal, deal, ['meeting.scheduled', { attendees: ['zoe@acme.example'], start: 'x', starts_at: 'y' }]),
    ).toEqual([
      { type: 'deal.created', field: 'dealId', lines: 2, note: expect.stringMatching(/^missing: /) },
      { type: 'meeting.scheduled', field: 'startsAt', lines: 1, note: 'missing: nobody knows when it will be' },
      { type: 'meeting.scheduled', field: 'start', lines: 1, note: 'is startsAt meant?' },
      { type: 'meeting.scheduled', field: 'starts_at', lines: 1, note: 'is startsAt meant?' },
      { type: 'deal.created', field: 'deal_owner', lines: 2, note: null },
    ]);
  });

  it('is the kind of a survey whose score may be of five as well as of ten', () => {
    expect(told(['survey.responded', { score: 4 }])).toEqual([
      { type: 'survey.responded', field: 'kind', lines: 1, note: expect.stringContaining('0 to 10') },
    ]);
    expect(
      told(['survey.responded', { score: 4, kind: 'csat' }], ['survey.responded', { score: 4, scale: 5 }]),
    ).toEqual([]);
  });

  it('is not what is read by another name, which is told by itself', () => {
    const deal: Line = ['deal.created', { deal_id: 'D', kind: 'new', close_date: '2026-05-01' }];
    expect(told(deal)).toEqual([]);
    expect(fieldsReadAs(counted([deal, deal, ['ticket.opened', { id: 'T-1' }]]))).toEqual([
      { type: 'deal.created', field: 'close_date', as: 'closeAt', lines: 2 },
      { type: 'ticket.opened', field: 'id', as: 'ticketId', lines: 1 },
    ]);
  });

  it('is counted in bounded memory, whatever names a file makes up', () => {
    const lines = Array.from({ length: 3000 }, (_, index) => ['account.churned', { [`field ${index}`]: 1 }] as const);
    expect(told(...lines).length).toBeLessThanOrEqual(30);
  });
});
