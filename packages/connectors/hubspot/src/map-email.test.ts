import { mailIdentity, meetingIdentity } from '@waymark/journey';
import { describe, expect, it } from 'vitest';
import { mapEmail } from './map-email.ts';
import { mapMeeting } from './map-meeting.ts';
import { gatheredRecord } from './record.ts';
import { emails, meetings } from './testing/activity-fixtures.ts';
import { context } from './testing/fixtures.ts';

const at = (text: string): number => Date.parse(text);

function eventsOf(mapped: ReturnType<typeof mapEmail>) {
  return mapped.outcome === 'stored' ? mapped.events : expect.fail(mapped.reason);
}

describe('a logged mail', () => {
  it('B1: is the mailbox’s mail, ranks behind it, and takes its direction from who wrote', () => {
    const events = eventsOf(mapEmail(gatheredRecord.parse(emails.loggedFromMailbox), context));
    expect(events).toEqual([
      {
        type: 'email.received',
        identity: mailIdentity({
          messageId: 'CAF1@mail.example.com',
          from: 'noor@fjord.example.com',
          occurredAt: 0,
          fallback: '',
        }),
        occurredAt: at('2026-03-01T08:00:00Z'),
        touchpoint: 'email',
        direction: 'inbound',
        automated: false,
        rank: 2,
        subject: 'record:1001',
        participants: [
          { role: 'from', address: 'noor@fjord.example.com', name: 'Noor Haddad' },
          { role: 'to', address: 'mia.berg@vendor.example.com', name: 'Mia' },
        ],
        attributes: { threadId: 'hubspot:thread-9' },
      },
    ]);
  });

  it('C4: of a sequence is automated, and has an identity of its own where it has no Message-ID', () => {
    const [event] = eventsOf(mapEmail(gatheredRecord.parse(emails.bySequence), context));
    expect(event).toMatchObject({ type: 'email.sent', automated: true });
    expect(event?.identity).toContain('hubspot:501:6002');
    expect(event?.participants.map((each) => each.address)).toEqual([
      'mia.berg@vendor.example.com',
      'noor@fjord.example.com',
      'sam@kestrel.example.com',
    ]);
  });

  it('C4: an answer of the customer was written by a person, whichever tool put it on record', () => {
    const [event] = eventsOf(mapEmail(gatheredRecord.parse(emails.answerByTool), context));
    expect(event).toMatchObject({ type: 'email.received', automated: false });
  });

  it('C4: an out-of-office note, an answer to an invitation and a bounce are of machines', () => {
    const of = (raw: unknown) => eventsOf(mapEmail(gatheredRecord.parse(raw), context))[0];
    expect(of(emails.outOfOffice)).toMatchObject({ automated: true, attributes: { automatedBy: 'auto_reply' } });
    expect(of(emails.calendarAnswer)).toMatchObject({ automated: true, attributes: { calendarReply: true } });
    expect(of(emails.bounce)).toMatchObject({ automated: true, attributes: { bounce: true } });
    expect(of(emails.outOfOffice)?.attributes).not.toHaveProperty('subject');
  });

  it('among our own people is internal, whatever HubSpot says of its direction', () => {
    expect(eventsOf(mapEmail(gatheredRecord.parse(emails.amongUs), context))).toMatchObject([
      { type: 'email.internal', direction: 'internal' },
    ]);
  });

  it('is believed about its direction where no own domain is known', () => {
    const unknown = { ...context, ownDomains: [] };
    expect(eventsOf(mapEmail(gatheredRecord.parse(emails.loggedFromMailbox), unknown))[0]?.type).toBe('email.sent');
  });

  it('that reached nobody, or names no sender, is ignored with its reason', () => {
    expect(mapEmail(gatheredRecord.parse(emails.scheduled), context)).toEqual({
      outcome: 'ignored',
      reason: 'not_delivered',
    });
    expect(mapEmail(gatheredRecord.parse(emails.withoutSender), context)).toEqual({
      outcome: 'ignored',
      reason: 'no_sender',
    });
  });
});

describe('a logged meeting', () => {
  it('B4: with an iCalUID is the calendar’s meeting, and says that nobody came', () => {
    const events = eventsOf(mapMeeting(gatheredRecord.parse(meetings.noShow), context));
    const identity = meetingIdentity('abc123@google.com', at('2026-03-01T10:00:00Z'));
    expect(events.map(({ type, occurredAt }) => [type, occurredAt])).toEqual([
      ['meeting.scheduled', at('2026-01-05T09:00:00Z')],
      ['meeting.no_show', at('2026-03-01T10:00:00Z')],
    ]);
    expect(events[0]).toMatchObject({
      identity,
      rank: 1,
      participants: [
        { role: 'organizer', address: 'mia.berg@vendor.example.com' },
        { role: 'attendee', address: 'noor@fjord.example.com' },
        { role: 'attendee', external: 'hubspot:contact:2003' },
      ],
    });
  });

  it('put on record afterwards was held and never scheduled', () => {
    expect(eventsOf(mapMeeting(gatheredRecord.parse(meetings.loggedLater), context))).toMatchObject([
      { type: 'meeting.held', attributes: { heldBasis: 'assumed' } },
    ]);
  });

  it('was canceled when someone said so', () => {
    const events = eventsOf(mapMeeting(gatheredRecord.parse(meetings.canceled), context));
    expect(events.at(-1)).toMatchObject({ type: 'meeting.canceled', occurredAt: at('2026-02-27T16:00:00Z') });
  });

  it('B4: each occurrence of a series is the calendar’s own, by its uid and start', () => {
    const [first, second] = [meetings.noShow, meetings.ofSeries].map((raw) =>
      eventsOf(mapMeeting(gatheredRecord.parse(raw), context)).at(-1),
    );
    expect(second?.identity).toBe(meetingIdentity('abc123@google.com', at('2026-03-08T10:00:00Z')));
    expect(second?.identity).not.toBe(first?.identity);
  });

  it('of our own people alone is left out, though they stand in the CRM as contacts', () => {
    expect(mapMeeting(gatheredRecord.parse(meetings.colleagues), context)).toEqual({
      outcome: 'ignored',
      reason: 'internal',
    });
    expect(mapMeeting(gatheredRecord.parse(meetings.internal), context)).toEqual({
      outcome: 'ignored',
      reason: 'no_customer',
    });
  });

  it('ends as the account’s own outcome is declared, and stays open where it is not', () => {
    const raw = gatheredRecord.parse(meetings.ownOutcome);
    const settings = { ...context.settings, meetings: { outcomes: { held_by_phone: 'held' } } };
    expect(eventsOf(mapMeeting(raw, context)).map(({ type }) => type)).toEqual(['meeting.scheduled']);
    expect(eventsOf(mapMeeting(raw, { ...context, settings })).at(-1)).toMatchObject({
      type: 'meeting.held',
      attributes: { heldBasis: 'recorded' },
    });
  });

  it('A11: from before the window is counted and left out', () => {
    expect(mapMeeting(gatheredRecord.parse(meetings.tooOld), context)).toEqual({
      outcome: 'ignored',
      reason: 'older_than_window',
    });
  });
});
