import { describe, expect, it } from 'vitest';
import { mapSurvey } from './map-survey.ts';
import { gatheredRecord } from './record.ts';
import { surveys } from './testing/activity-fixtures.ts';
import { context } from './testing/fixtures.ts';

const mapped = (raw: unknown) => mapSurvey(gatheredRecord.parse(raw), context);
const eventOf = (raw: unknown) => {
  const result = mapped(raw);
  return result.outcome === 'stored' ? result.events[0] : expect.fail(result.reason);
};

describe('a response to a survey', () => {
  it('is a word of its contact, with its mark and without what they wrote', () => {
    expect(eventOf(surveys.detractor)).toEqual({
      type: 'survey.responded',
      identity: expect.stringContaining('8001'),
      occurredAt: Date.parse('2026-03-02T10:00:00Z'),
      touchpoint: 'survey',
      direction: 'inbound',
      automated: false,
      rank: 0,
      participants: [
        {
          role: 'respondent',
          external: 'hubspot:contact:2001',
          address: 'noor@fjord.example.com',
          name: 'Noor Haddad',
        },
      ],
      attributes: { kind: 'nps', score: 3, scale: 10 },
    });
  });

  it('tells each survey by its own scale, and by HubSpot’s group where the mark is of none that is known', () => {
    expect(eventOf(surveys.easy)?.attributes).toEqual({ kind: 'ces', score: 7, scale: 7 });
    expect(eventOf(surveys.satisfied)?.attributes).toEqual({ kind: 'csat', score: 2, scale: 2 });
    expect(eventOf(surveys.stars)?.attributes).toEqual({ kind: 'csat', score: 2, scale: 2 });
    expect(eventOf(surveys.custom)?.attributes).toEqual({ kind: 'other', score: 1, scale: 2 });
  });

  it('A11: is left out with its reason where it has no score, is about an article, or is too old', () => {
    expect(mapped(surveys.withoutScore)).toEqual({ outcome: 'ignored', reason: 'no_score' });
    expect(mapped(surveys.aboutAnArticle)).toEqual({ outcome: 'ignored', reason: 'about_an_article' });
    expect(mapped(surveys.tooOld)).toEqual({ outcome: 'ignored', reason: 'older_than_window' });
  });
});
