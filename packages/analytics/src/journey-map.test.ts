import { journeyDefinition, type JourneyDefinition } from '@waymark/journey';
import { describe, expect, it } from 'vitest';
import { durationOf } from './duration.ts';
import { designedMoves } from './designed-moves.ts';
import { journeyMap, type StagePath, type StageStay } from './journey-map.ts';
import { mapSvg } from './map-svg.ts';

const DAY = 86_400_000;
const now = Date.UTC(2026, 5, 1);

const definition: JourneyDefinition = journeyDefinition.parse({
  id: 'lifecycle',
  version: 3,
  title: 'Life & <times>',
  type: 'cyclical',
  stages: [
    { id: 'onboarding', title: 'Onboarding', expectedDays: 60, enter: [{ from: ['none'], on: { type: 'deal.won' } }] },
    {
      id: 'engagement',
      title: 'Engagement',
      enter: [{ from: ['onboarding', 'winback'], on: { type: 'meeting.held' } }],
    },
    { id: 'winback', title: 'Win-back', enter: [{ from: ['churn'], on: { type: 'deal.won' } }] },
    { id: 'churn', title: 'Churn', enter: [{ on: { type: 'account.churned' } }] },
  ],
  moves: [{ from: 'winback', to: 'churn', as: 'forbidden' }],
});

/** A path of stages by the day each began, counted back from now. */
function path(accountId: string, ...steps: readonly [string, number, Partial<StageStay>?][]): StagePath {
  return {
    accountId,
    stays: steps.map(([stage, daysAgo, more], index) => ({
      stage,
      enteredAt: now - daysAgo * DAY,
      exitedAt: steps[index + 1] ? now - (steps[index + 1]?.[1] ?? 0) * DAY : null,
      ...more,
    })),
  };
}

const paths = [
  path('a', ['onboarding', 100], ['engagement', 60]),
  path('b', ['onboarding', 90], ['engagement', 30], ['churn', 10]),
  path('c', ['onboarding', 300], ['engagement', 200], ['churn', 150], ['engagement', 50, { move: 'unusual' }]),
  path('d', ['onboarding', 80]),
];

describe('the journey map', () => {
  const map = journeyMap(definition, paths, now);
  const stage = (id: string) => map.stages.find((one) => one.stage === id);
  const move = (from: string, to: string) => map.moves.find((one) => one.from === from && one.to === to);

  it('counts accounts now, ever, entries and exits of each stage', () => {
    expect(map.accounts).toBe(4);
    expect(stage('onboarding')).toMatchObject({
      accountsNow: 1,
      accountsEver: 4,
      entered: 4,
      exited: 3,
      startedHere: 4,
    });
    expect(stage('engagement')).toMatchObject({ accountsNow: 2, accountsEver: 3, entered: 4, exited: 2 });
    expect(stage('winback')).toMatchObject({ accountsNow: 0, accountsEver: 0, entered: 0 });
  });

  it('tells time in stage as completed, current, latest and cumulative, each with its n', () => {
    expect(stage('onboarding')?.completed).toEqual({ n: 3, medianDays: 60 });
    expect(stage('onboarding')?.current).toEqual({ n: 1, medianDays: 80 });
    expect(stage('onboarding')?.overdue).toBe(1);
    // c was there twice: 50 and 50 days.
    expect(stage('engagement')?.latest).toEqual({ n: 3, medianDays: 50 });
    expect(stage('engagement')?.cumulative).toEqual({ n: 3, medianDays: 60 });
    expect(stage('engagement')?.overdue).toBeNull();
  });

  it('sets lived moves beside designed ones', () => {
    expect(move('onboarding', 'engagement')).toMatchObject({
      moves: 3,
      accounts: 3,
      designed: 'named',
      before: { n: 3, medianDays: 60 },
    });
    expect(move('engagement', 'churn')).toMatchObject({ moves: 2, designed: 'open', accountIds: ['b', 'c'] });
    expect(move('churn', 'engagement')).toMatchObject({ moves: 1, designed: 'no', judged: 'unusual', backward: true });
    expect(move('churn', 'winback')).toMatchObject({ moves: 0, designed: 'named' });
    expect(map.offPath).toBe(1);
    expect(map.unused).toBe(2);
  });

  it('leaves out stages that the definition no longer has', () => {
    const old = journeyMap(definition, [path('x', ['trial', 90], ['onboarding', 60])], now);
    expect(old.accounts).toBe(1);
    expect(old.moves.every((one) => one.moves === 0)).toBe(true);
  });

  it('does not count a forbidden move as designed', () => {
    expect(designedMoves(definition).some((one) => one.from === 'winback' && one.to === 'churn')).toBe(false);
    expect(designedMoves(definition).some((one) => one.from === 'onboarding' && one.to === 'churn')).toBe(true);
  });
});

describe('the picture of the map', () => {
  it('names what it shows, shows n, and escapes', async () => {
    const svg = await mapSvg(journeyMap(definition, paths, now), {
      stageHref: (stage) => `/accounts?stage=${stage}&x="`,
    });
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="map-title map-desc"/);
    expect(svg).toContain('Life &amp; &lt;times&gt;: the journey of 4 accounts');
    expect(svg).not.toContain('<times>');
    expect(svg).toContain('Onboarding to Engagement: 3 moves');
    expect(svg).toContain('stay 60 d (n 3)');
    expect(svg).toContain('href="/accounts?stage=churn&amp;x=&quot;"');
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg.match(/class="move unused"/g)).toHaveLength(2);
  });

  it('draws a map without any account', async () => {
    const svg = await mapSvg(journeyMap(definition, [], now));
    expect(svg).toContain('Moves. none yet.');
    expect(svg).not.toContain('NaN');
  });
});

describe('durations', () => {
  it('takes the middle, or the mean of the two in the middle', () => {
    expect(durationOf([])).toEqual({ n: 0, medianDays: null });
    expect(durationOf([3 * DAY])).toEqual({ n: 1, medianDays: 3 });
    expect(durationOf([10 * DAY, DAY, 2 * DAY, 3 * DAY])).toEqual({ n: 4, medianDays: 2.5 });
  });
});
