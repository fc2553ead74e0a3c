import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, templateFile, type CoverageGap } from '../src/index.ts';
import { context, day, lastFlag, liveCustomer } from './account.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));

describe('a fall of words while meetings are not seen', () => {
  // Mails end on day 320; the last meeting is held on day 322, and the calendar tells nothing from day 323 on.
  const story = liveCustomer().talk(2, 320, 2);
  for (let at = 8; at < 323; at += 14) story.meeting('meeting.held', at);
  story.meeting('meeting.held', 322);
  const silent: CoverageGap = { from: day(323), to: null, touchpoints: ['meeting'], reason: 'nothing came' };

  it('rests on mails alone: no meeting is shown of a calendar that is silent', () => {
    const answer = reduce(journey, { ...context, gaps: [silent] }, story.facts, day(358));
    const { evidence } = lastFlag(answer, 'engagement_falling').proof;
    expect(evidence.length).toBeGreaterThan(0);
    expect(evidence.filter(({ type }) => type.startsWith('meeting.'))).toEqual([]);
  });
});
