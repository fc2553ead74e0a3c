import { describe, expect, it } from 'vitest';
import { ANN, BOB, day, History } from '../../test/account.ts';
import type { SignalName, SignalParams } from '@waymark/journey';
import { fold, momentOf } from '../engine/engine.ts';
import { compileJourney, type AccountContext } from '../index.ts';
import { rememberingFor } from '../rules/journey.ts';
import { signalBinder } from './signals.ts';
import { plain } from '../../test/plain.ts';

const context: AccountContext = {
  accountId: '5d0f2a10-0000-8000-8000-000000000001',
  isCustomer: true,
  contacts: [{ address: ANN }, { address: BOB }],
  gaps: [],
};

function read(history: History, at: number, name: SignalName, params: SignalParams = {}) {
  const journey = rememberingFor(compileJourney(plain), [name]);
  const moment = momentOf(journey, context, fold(journey, context, history.facts, day(at)));
  return signalBinder(plain)(name, params).read(moment);
}

describe('signals of give and take', () => {
  it('the balance is the share of their messages in the window, unknown where these are few', () => {
    const history = new History().from(1).to(2).to(3).to(4);
    expect(read(history, 5, 'message_balance')).toBeNull();
    history.from(5).to(6).to(7).to(8);
    expect(read(history, 9, 'message_balance')).toBe(0.25);
    expect(read(history, 34, 'message_balance', { days: 30 })).toBeNull();
  });

  it('meetings called off count by the day on which that was known, a series in one go once, held ones in between or not', () => {
    const history = new History()
      .meeting('meeting.canceled', 1, { seriesId: 's', startsAt: day(3) })
      .meeting('meeting.canceled', 1.01, { seriesId: 's', startsAt: day(10) })
      .meeting('meeting.held', 5)
      .meeting('meeting.no_show', 8);
    expect(read(history, 9, 'meetings_called_off')).toBe(2);
    expect(read(history, 33, 'meetings_called_off', { days: 30 })).toBe(1);
  });

  it('tickets count as often as they are reopened', () => {
    const attributes = { ticketId: 'k1' };
    const history = new History()
      .add('ticket.opened', 1, { attributes })
      .add('ticket.solved', 2, { attributes })
      .add('ticket.reopened', 3, { attributes })
      .add('ticket.solved', 4, { attributes })
      .add('ticket.reopened', 5, { attributes });
    expect(read(history, 6, 'tickets_reopened')).toBe(2);
    expect(read(history, 12, 'tickets_reopened', { days: 7 })).toBe(0);
  });

  it('who wrote on four days and then fell silent is told, one who wrote but once is not', () => {
    const history = new History().from(1).from(2).from(3).from(4).from(5, BOB);
    expect(read(history, 40, 'quiet_stakeholders')).toBe(0);
    expect(read(history, 49, 'quiet_stakeholders')).toBe(1);
    history.from(50);
    expect(read(history, 51, 'quiet_stakeholders')).toBe(0);
  });
});
