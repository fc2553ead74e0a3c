import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, templateFile } from '../src/index.ts';
import type { AccountContext, AccountJourney } from '../src/index.ts';
import { context, DAY, day, type History, lastFlag as flag, liveCustomer, openRules as open } from './account.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));

const seen = (history: History, days: number, more: Partial<AccountContext> = {}): AccountJourney =>
  reduce(journey, { ...context, ...more }, history.facts, day(days));

describe('meeting_streak', () => {
  const talking = () => liveCustomer().talk(2, 140, 7).meeting('meeting.held', 95);

  it('opens at three in a row, of either kind, and a meeting held ends it', () => {
    const missed = talking()
      .meeting('meeting.canceled', 100)
      .meeting('meeting.no_show', 107)
      .meeting('meeting.canceled', 114);
    expect(flag(seen(missed, 115), 'meeting_streak').reason).toBe(
      '3 meetings in a row canceled or missed; last one held on 10 Apr, 19 days ago',
    );
    expect(open(seen(missed.meeting('meeting.held', 118), 119))).toEqual([]);
  });

  it('asks for a longer streak of who calls off now and then anyway', () => {
    const often = talking();
    for (const at of [64, 78]) often.meeting('meeting.canceled', at - 3).meeting('meeting.held', at);
    for (const at of [100, 107, 114, 121, 128, 135]) often.meeting('meeting.canceled', at);
    expect(open(seen(often, 130))).toEqual([]);
    expect(open(seen(often, 136))).toEqual(['meeting_streak']);
  });

  it('counts none of a quiet season, in which everybody is away', () => {
    const missed = talking();
    for (const at of [100, 107, 114]) missed.meeting('meeting.canceled', at);
    const season = { from: Math.floor(day(105) / DAY) * DAY, to: Math.floor(day(120) / DAY) * DAY, level: 0.4 };
    expect(open(seen(missed, 115, { lulls: [{ ...season, of: 'contact' }] }))).toEqual([]);
    expect(open(seen(missed, 115, { lulls: [{ ...season, of: 'product' }] }))).toEqual(['meeting_streak']);
  });

  it('counts none that was due on the quiet days of the journey, whenever it was called off', () => {
    // Day 358 is 29 December.
    const missed = liveCustomer().talk(2, 380, 7).meeting('meeting.held', 340);
    missed.meeting('meeting.canceled', 347).meeting('meeting.canceled', 352, { startsAt: day(358) });
    expect(open(seen(missed.meeting('meeting.no_show', 371), 372))).toEqual([]);
    expect(open(seen(missed.meeting('meeting.canceled', 378), 379))).toEqual(['meeting_streak']);
  });

  it('holds a streak over quiet days against no meeting that it leaves out itself', () => {
    const missed = liveCustomer().talk(2, 380, 7).meeting('meeting.no_show', 250).meeting('meeting.held', 325);
    // One that was due and called off between the years, and one nobody came to before: three of four are the streak.
    for (const at of [332, 346, 358, 374]) missed.meeting('meeting.canceled', at);
    expect(open(seen(missed, 375))).toEqual(['meeting_streak']);
  });

  it('opens where nobody came to any of the first three, and waits while the calendar is not watched', () => {
    const never = liveCustomer().talk(2, 140, 7);
    for (const at of [100, 107, 114]) never.meeting('meeting.no_show', at);
    expect(open(seen(never, 115))).toEqual(['meeting_streak']);
    const gap = { touchpoints: ['meeting' as const], from: day(113), to: null, reason: 'refused' };
    expect(open(seen(never, 115, { gaps: [gap] }))).toEqual(['data_gap']);
  });

  it('asks for a longer streak of who meets every week, and for none of whom nobody ever met', () => {
    const weekly = liveCustomer().talk(2, 140, 7);
    for (let at = 32; at <= 95; at += 7) weekly.meeting('meeting.held', at);
    for (const at of [102, 109, 116]) weekly.meeting('meeting.canceled', at);
    expect(open(seen(weekly, 117))).toEqual([]);
    expect(open(seen(weekly.meeting('meeting.canceled', 123), 124))).toEqual(['meeting_streak']);
    const never = liveCustomer().talk(2, 140, 7);
    for (const at of [100, 107, 114]) never.meeting('meeting.canceled', at);
    expect(open(seen(never, 115))).toEqual([]);
  });

  it('believes a CRM that says nobody came before a calendar that assumes so', () => {
    const missed = talking();
    for (const at of [100, 107, 114]) {
      missed.meeting('meeting.no_show', at);
      missed.meeting('meeting.held', at + 0.02, { startsAt: day(at), heldBasis: 'assumed' });
    }
    expect(open(seen(missed, 115))).toEqual(['meeting_streak']);
  });

  it('counts a series that is called off as one', () => {
    const ended = talking();
    for (const start of [100, 107, 114, 121])
      ended.meeting('meeting.canceled', 97, { seriesId: 's', startsAt: day(start) });
    expect(open(seen(ended, 98))).toEqual([]);
  });
});
