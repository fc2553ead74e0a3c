import fc from 'fast-check';
import { signalCatalogue, signalParams, type SignalName, type SignalParams } from '@waymark/journey';
import { peerMeasureOf, peerWeekAt, type PeerBaseline } from '../src/coverage/peer-baseline.ts';
import { DAY, START } from './attributes.ts';

/** Parameters that a signal takes, each of them now and then. */
export const paramsFor = (name: SignalName): fc.Arbitrary<SignalParams> =>
  fc.record(shapeFor(name), { requiredKeys: requiredOf(name) }).map((params) => signalParams.parse(params));

const requiredOf = (name: SignalName): string[] => {
  if (name.startsWith('tier_')) return [...signalCatalogue[name].params];
  const description = signalCatalogue[name];
  return 'required' in description ? [...description.required] : [];
};

/** What customers of a tier are held against is worked out for a few parameters. */
const ofPeers: Record<string, fc.Arbitrary<unknown>> = {
  types: fc.constant(['email.received']),
  days: fc.constantFrom(7, 20),
  baselineDays: fc.constant(14),
  leastAccounts: fc.constant(5),
};

const shapeFor = (name: SignalName): Record<string, fc.Arbitrary<unknown>> => {
  const given: Record<string, fc.Arbitrary<unknown>> = {
    touchpoints: fc.subarray(['email', 'meeting', 'ticket'] as const, { minLength: 1 }),
    direction: fc.constantFrom('inbound', 'outbound'),
    days: fc.integer({ min: 1, max: 40 }),
    baselineDays: fc.integer({ min: 7, max: 40 }),
    percentile: fc.constantFrom(0.5, 0.9),
    kind: fc.constantFrom('new', 'renewal', 'expansion'),
    milestone: fc.constant('go_live'),
    stage: fc.constantFrom('s0', 's1', 's2'),
    metric: fc.constant('logins'),
    property: fc.constantFrom('onboarding_status', 'notice_date', 'seats'),
    persona: fc.constantFrom('champion', 'decision maker', 'user'),
    types: fc.subarray(['email.received', 'ticket.replied', 'playbook.started', 'deal.stage_changed'] as const, {
      minLength: 1,
    }),
    words: fc.subarray(['export', 'hel*', 'stops at'], { minLength: 1 }),
    latest: fc.integer({ min: 3, max: 6 }),
    least: fc.constant(2),
    leastTexts: fc.integer({ min: 1, max: 2 }),
    withinDays: fc.integer({ min: 1, max: 14 }),
    measure: fc.constantFrom('level', 'total'),
  };
  const isOfPeers = name.startsWith('tier_');
  const shape: Record<string, fc.Arbitrary<unknown>> = {};
  for (const param of signalCatalogue[name].params) {
    const arbitrary = isOfPeers ? ofPeers[param] : given[param];
    // Else a new parameter would never be tried.
    if (!arbitrary) throw new Error(`no values for the parameter ${param} of ${name}`);
    shape[param] = arbitrary;
  }
  return shape;
};

/** What is usual in a tier, for everything that generated signals ask for. */
export const somePeers: fc.Arbitrary<PeerBaseline[]> = fc
  .array(fc.tuple(fc.integer({ min: -4, max: 18 }), fc.constantFrom(null, 0, 0.5, 1, 3, 8)), {
    minLength: 1,
    maxLength: 6,
  })
  .chain((weeks) =>
    fc.constantFrom(
      peersOf(weeks),
      peersOf(weeks),
      // Of three tiers each its own.
      ['enterprise', 'mid', 'small'].flatMap((tier, place) =>
        peersOf(weeks.map(([week, median], at) => [week, at === place ? 2 : median] as const)).map((one) => ({
          ...one,
          tier,
        })),
      ),
    ),
  );

/** The same steps for everything that generated signals ask for, weeks as they end. */
function peersOf(weeks: readonly (readonly [week: number, median: number | null])[]): PeerBaseline[] {
  const monday = peerWeekAt(START);
  const byWeek = new Map(weeks.map(([week, median]) => [monday + week * 7 * DAY, median]));
  const steps = [...byWeek].sort(([a], [b]) => a - b).map(([from, median]) => ({ from, median, accounts: 7 }));
  const asked = [7, 20].flatMap((days) => {
    const params = { types: ['email.received' as const], days, baselineDays: 14, leastAccounts: 5 };
    return [peerMeasureOf('tier_share', params), peerMeasureOf('tier_trend', params)];
  });
  return asked.map(({ key }) => ({ measure: key, steps }));
}
