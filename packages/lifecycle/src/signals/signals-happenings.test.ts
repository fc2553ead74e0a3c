import { describe, expect, it } from 'vitest';
import type { SignalName, SignalParams } from '@waymark/journey';
import { day, History } from '../../test/account.ts';
import { reading } from '../../test/reading.ts';

const value = (history: History, at: number, name: SignalName, params?: SignalParams) =>
  reading(history, at, name, params).value;

describe('events by type', () => {
  it('count in whole days, whatever they are about, but for what machines write', () => {
    const history = new History()
      .add('playbook.started', 1)
      .add('playbook.step_done', 2)
      .add('playbook.step_done', 3)
      .from(3)
      .from(4, 'ann@acme.example', 't', { automated: true });
    const types: SignalParams['types'] = ['playbook.started', 'playbook.step_done', 'playbook.started'];
    expect(value(history, 5, 'event_count', { types, days: 5 })).toBe(3);
    expect(value(history, 7, 'event_count', { types, days: 5 })).toBe(1);
    expect(value(history, 5, 'event_count', { types: ['email.received'] })).toBe(1);
    expect(reading(history, 5, 'event_count', { types }).evidence).toMatchObject([
      { note: 'The latest of 3 within 30 days' },
    ]);
  });

  it('have a usual rate once there are enough', () => {
    const history = new History();
    for (let at = 0; at < 60; at += 10) history.add('deal.created', at);
    const trend = (at: number) =>
      value(history, at, 'event_trend', { types: ['deal.created'], days: 10, baselineDays: 60 });
    expect(trend(45)).toBeNull();
    expect(trend(61)).toBe(0);
    history.add('deal.created', 61).add('deal.created', 62);
    expect(trend(63)).toBe(2);
  });
});

describe('meetings', () => {
  it('that nobody came to are told apart from those called off', () => {
    const history = new History()
      .meeting('meeting.canceled', 1, { seriesId: 's', startsAt: day(3) })
      .meeting('meeting.canceled', 1.01, { seriesId: 's', startsAt: day(10) })
      .meeting('meeting.no_show', 8)
      .meeting('meeting.no_show', 20);
    expect(value(history, 21, 'meetings_no_show')).toBe(2);
    expect(value(history, 21, 'meetings_no_show', { days: 5 })).toBe(1);
    expect(value(history, 21, 'meetings_canceled')).toBe(1);
    expect(value(history, 21, 'meetings_called_off')).toBe(3);
    expect(value(history, 40, 'meetings_canceled', { days: 30 })).toBe(0);
  });

  it('have a usual gap, the median over the window before the last', () => {
    const history = new History();
    for (const at of [0, 14, 28]) history.meeting('meeting.held', at);
    expect(value(history, 40, 'usual_meeting_gap')).toBeNull();
    history.meeting('meeting.held', 44);
    expect(value(history, 100, 'usual_meeting_gap')).toBe(14);
    expect(value(history, 100, 'usual_meeting_gap', { percentile: 0.9 })).toBe(16);
    expect(value(history, 100, 'usual_meeting_gap', { days: 20 })).toBeNull();
  });
});
