import { journeyDefinition } from '@waymark/journey';
import { describe, expect, it } from 'vitest';
import { compileJourney, reduce } from '../src/index.ts';
import { context, day, History } from './account.ts';

/** Open tickets of an account that has one rule about them, of three and more. */
const flagsOf = (more: object, history: History, until: number) => {
  const journey = compileJourney(
    journeyDefinition.parse({
      id: 'holding',
      version: 1,
      title: 'Holding',
      type: 'cyclical',
      stages: [{ id: 'only', title: 'Only', enter: [{ from: ['none'] }] }],
      rules: [
        {
          id: 'load',
          kind: 'risk',
          severity: 'medium',
          title: 'Load',
          when: { signal: 'open_tickets', op: '>=', value: 3 },
          reason: 'So it is',
          clears: 'Something else.',
          nextStep: 'Look.',
          ...more,
        },
      ],
    }),
  );
  const { flags } = reduce(journey, context, history.facts, day(until));
  return flags.map(({ openedAt, clearedAt }) => [openedAt, clearedAt]);
};
/** Three from the 10th day on, two from the 12th, three again from the 14th, one from the 30th. */
const swinging = () =>
  new History()
    .ticket('ticket.opened', 8, 'a')
    .ticket('ticket.opened', 9, 'b')
    .ticket('ticket.opened', 10, 'c')
    .ticket('ticket.solved', 12, 'c')
    .ticket('ticket.opened', 14, 'd')
    .ticket('ticket.solved', 30, 'd')
    .ticket('ticket.solved', 30, 'b');

describe('how long a flag stands', () => {
  it('is as long as its condition, where nothing else is said', () => {
    expect(flagsOf({}, swinging(), 40)).toEqual([
      [day(10), day(12)],
      [day(14), day(30)],
    ]);
  });

  it('goes on until its clear condition holds, whatever its own does', () => {
    const clear = { signal: 'open_tickets', op: '<', value: 2 };
    expect(flagsOf({ clear }, swinging(), 40)).toEqual([[day(10), day(30)]]);
  });

  it('begins once the condition has held for so long without a break', () => {
    expect(flagsOf({ holdForDays: 3 }, swinging(), 40)).toEqual([[day(17), day(30)]]);
    expect(flagsOf({ holdForDays: 3 }, swinging(), 16.9)).toEqual([]);
  });

  it('begins again after the cool-down alone, and not at all if the condition ends before', () => {
    expect(flagsOf({ cooldownDays: 5 }, swinging(), 40)).toEqual([
      [day(10), day(12)],
      [day(17), day(30)],
    ]);
    expect(flagsOf({ cooldownDays: 20 }, swinging(), 60)).toEqual([[day(10), day(12)]]);
  });
});
