import { expect, it } from 'vitest';
import { emptyTracks } from './tracks.ts';
import { takeRecord } from './track-work.ts';

it.each([
  [{ score: 9 }, 90],
  [{ score: 10 }, 100],
  [{ score: 4, kind: 'csat' }, 80],
  [{ score: 85 }, 85],
  [{ score: 85, kind: 'other' }, 85],
  [{ score: 3, scale: 4 }, 75],
])('a survey answer of %j is %d of 100', (attributes, share) => {
  const { record } = emptyTracks();
  takeRecord(record, {
    id: 'a',
    type: 'survey.responded',
    occurredAt: 0,
    recordedAt: 0,
    touchpoint: 'survey',
    direction: 'inbound',
    participants: [],
    automated: false,
    attributes,
  });
  expect(record.survey?.score).toBe(share);
});
