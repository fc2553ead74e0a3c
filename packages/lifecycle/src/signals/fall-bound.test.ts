import { journeyDefinition } from '@waymark/journey';
import { expect, it } from 'vitest';
import { context, day, History } from '../../test/account.ts';
import { compileJourney, fold, reduce } from '../index.ts';
import { momentOf } from '../engine/engine.ts';
import { seededDraw } from '../backtest/seeded-draw.ts';
import { signalBinder } from './signals.ts';
import { DAY } from '../time/zone.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.WAYMARK_RUNS ?? 2);
console.log(`falls in bounds: seed ${seed}, ${runs} runs; replay with WAYMARK_SEED=${seed}`);

const journeyWith = (threshold: number) =>
  compileJourney(
    journeyDefinition.parse({
      id: 'falls',
      version: 1,
      title: 'Falls',
      type: 'linear',
      stages: [{ id: 'one', title: 'One', enter: [{ from: ['none'] }] }],
      milestones: [],
      rules: [
        {
          id: 'falling',
          kind: 'risk',
          severity: 'low',
          title: 'Falling',
          appliesTo: { customers: false },
          when: { signal: 'engagement_drop', op: '>=', value: threshold },
          reason: 'It falls.',
          clears: 'It rises.',
          nextStep: 'Look.',
        },
      ],
    }),
  );

/** A rhythm that changes now and then: words, meetings, use, at times none of one, at times amounts under zero. */
function rhythm(draw: () => number, days: number): History {
  const history = new History();
  let words = 0;
  let meetings = 0;
  let missed = 0;
  let use = 0;
  const pick = (of: readonly number[]): number => of[Math.floor(draw() * of.length)] ?? 0;
  const odd = draw() < 0.2;
  const useEvery = pick([1, 7, 5]);
  for (let at = 0; at < days; at += 1) {
    if (at % 60 === 0) {
      words = pick([0, 0.02, 0.2, 0.6]);
      meetings = pick([0, 0.1, 0.3]);
      missed = pick([0, 0, 0.1, 0.9]);
      use = pick([0, 0, 3, 30]);
    }
    if (draw() < words) history.from(at + draw() * 0.9);
    if (draw() < meetings) history.meeting(draw() < missed ? 'meeting.canceled' : 'meeting.held', at + draw() * 0.9);
    if (use > 0 && at % useEvery === 0)
      history.add('usage.recorded', at + draw() * 0.9, {
        attributes: { metric: 'logins', value: Math.round(use * (0.5 + draw())) - (odd && draw() < 0.1 ? 40 : 0) },
      });
  }
  return history;
}

/** Counts the days on which the flag is open, and holds each to what is read of the signal on that day alone. */
function openDays({ facts }: History, threshold: number, length: number): number {
  const journey = journeyWith(threshold);
  const signal = signalBinder(journey.definition)('engagement_drop');
  const { flags } = reduce(journey, context, facts, day(length));
  let open = 0;
  for (let at = Math.ceil(day(0) / DAY / 2) * 2 * DAY; at < day(length); at += 2 * DAY) {
    const known = facts.filter((fact) => fact.occurredAt <= at);
    const value = signal.read(momentOf(journey, context, fold(journey, context, known, at)));
    const isOpen = flags.some((flag) => flag.openedAt <= at && (flag.clearedAt ?? Infinity) > at);
    if (isOpen) open += 1;
    expect({ at: new Date(at).toISOString(), isOpen }).toEqual({
      at: new Date(at).toISOString(),
      isOpen: typeof value === 'number' && value >= threshold,
    });
  }
  return open;
}

it(
  'opens and clears a fall when it is read as one, though it is looked at only when it may be',
  { timeout: 20_000 + runs * 20_000 },
  () => {
    const draw = seededDraw(seed);
    let open = 0;
    for (let run = 0; run < runs; run += 1) open += openDays(rhythm(draw, 500), [1, 1.5, 2, 3][run % 4] ?? 1, 500);
    expect(open).toBeGreaterThan(0);
  },
);

it('opens where meetings that fall through make a fall of what alone would be too little for one', () => {
  for (const [every, from] of [
    [2, 341],
    [10, 340],
  ] as const) {
    const history = new History();
    for (let at = 0; at < 340; at += 10) history.meeting('meeting.held', at + 0.4);
    for (let lot = 0; lot < 6; lot += 1) history.meeting('meeting.canceled', from + lot * every + 0.4);
    expect(openDays(history, 3, 420)).toBeGreaterThan(5);
  }
});

it('says of use that it stays known only where it does, whatever comes', { timeout: 20_000 + runs * 5_000 }, () => {
  const draw = seededDraw(seed);
  const journey = journeyWith(3);
  const signal = signalBinder(journey.definition)('usage_level');
  let told = 0;
  for (let run = 0; run < 2 * runs; run += 1) {
    const { facts } = rhythm(draw, 400);
    const at = (when: number) =>
      momentOf(
        journey,
        context,
        fold(
          journey,
          context,
          facts.filter((fact) => fact.occurredAt <= when),
          when,
        ),
      );
    for (let when = day(110 + run); when < day(400); when += 40 * DAY) {
      const now = at(when);
      if (!signal.isKnown?.(now)) continue;
      told += 1;
      for (let then = when; then < now.flip; then += 4 * DAY) expect(signal.read(at(then))).not.toBeNull();
    }
  }
  expect(told).toBeGreaterThan(0);
});
