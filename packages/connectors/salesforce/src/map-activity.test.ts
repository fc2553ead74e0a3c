import type { Mapped } from '@waymark/connector-kit';
import { mailIdentity, meetingIdentity } from '@waymark/journey';
import { describe, expect, it } from 'vitest';
import { mapEmail } from './map-email.ts';
import { mapEvent } from './map-event.ts';
import { mapTask } from './map-task.ts';
import { gatheredRecord } from './record.ts';
import { context, emails, events, tasks } from './testing/fixtures.ts';

const eventsOf = (mapped: Mapped) => (mapped.outcome === 'stored' ? mapped.events : expect.fail(mapped.reason));
const meeting = (raw: unknown) => eventsOf(mapEvent(gatheredRecord.parse(raw), context));
const mail = (raw: unknown, own = context.ownDomains) =>
  eventsOf(mapEmail(gatheredRecord.parse(raw), { ...context, ownDomains: own }));

describe('a meeting in the CRM', () => {
  it('B4: is the calendar’s where a tool wrote its iCalUID, and a no-show where the declared field says so', () => {
    const start = Date.parse('2026-03-01T10:00:00Z');
    expect(meeting(events.noShow)).toMatchObject([
      { type: 'meeting.scheduled', identity: meetingIdentity('abc123@google.com', start), direction: 'outbound' },
      { type: 'meeting.no_show', occurredAt: start, rank: 1 },
    ]);
    expect(meeting(events.noShow)[0]?.participants).toMatchObject([
      { role: 'organizer', address: 'mia.berg@vendor.example.com' },
      { role: 'attendee', address: 'noor@fjord.example.com', response: 'declined' },
    ]);
  });

  it('that was put on record after it began counts as held, and ends after its length', () => {
    expect(meeting(events.loggedLater)).toMatchObject([
      { type: 'meeting.held', occurredAt: Date.parse('2026-01-04T10:45:00Z'), attributes: { heldBasis: 'assumed' } },
    ]);
  });

  it('is canceled when that was put down, at the latest when it was to begin', () => {
    expect(meeting(events.canceled)[1]).toMatchObject({
      type: 'meeting.canceled',
      occurredAt: Date.parse('2026-02-27T16:00:00Z'),
    });
  });
});

describe('a mail in the CRM', () => {
  it('B1: is the mailbox’s by its Message-ID, and its direction is told by our own domains', () => {
    const occurredAt = Date.parse('2026-03-01T08:00:00Z');
    expect(mail(emails.loggedFromMailbox)).toMatchObject([
      {
        type: 'email.received',
        rank: 2,
        identity: mailIdentity({
          messageId: 'CAF1@mail.example.com',
          from: 'noor@fjord.example.com',
          occurredAt,
          fallback: '',
        }),
        attributes: { threadId: 'salesforce:thread-9' },
      },
    ]);
    expect(mail(emails.loggedFromMailbox)[0]?.participants.map(({ role, address }) => [role, address])).toEqual([
      ['from', 'noor@fjord.example.com'],
      ['to', 'mia.berg@vendor.example.com'],
      ['to', 'noor@fjord.example.com'],
    ]);
    expect(mail(emails.loggedFromMailbox, [])[0]?.type).toBe('email.sent');
  });

  it('that an add-on logged as a task went from its owner to its contact', () => {
    expect(eventsOf(mapTask(gatheredRecord.parse(tasks.loggedByAddOn), context))).toMatchObject([
      {
        type: 'email.sent',
        occurredAt: Date.parse('2026-03-02T08:00:00Z'),
        participants: [
          { role: 'from', address: 'mia.berg@vendor.example.com' },
          { role: 'to', address: 'noor@fjord.example.com' },
        ],
      },
    ]);
  });
});
