import fc from 'fast-check';
import { eventTypes, journeyDefinition, signalCatalogue, signalNames, touchpoint } from '@waymark/journey';
import type { ComparisonOp, Condition, EventType, JourneyDefinition, Operand } from '@waymark/journey';
import { checkDefinition } from '../src/definition/definition-check.ts';
import type { AccountContext, Fact } from '../src/course/state.ts';
import { attributesOf, DAY, HOUR, meetingAttributes, START } from './attributes.ts';
import { paramsFor, somePeers } from './signal-params.ts';

const people = ['ann@acme.example', 'bob@acme.example', 'cy@acme.example'];
const ours = ['casey@vendor.example', 'sam@vendor.example'];

const touchpointOf = (type: EventType): Fact['touchpoint'] => {
  const noun = type.split('.')[0] ?? '';
  const found = touchpoint.options.find((one) => one === noun);
  return found ?? (noun === 'usage' ? 'product' : noun === 'flag' || noun === 'playbook' ? 'waymark' : 'crm');
};

/** More of what an account is made of, and now and then anything. */
const someType = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<EventType>(
      'email.received',
      'email.sent',
      'meeting.held',
      'ticket.opened',
      'ticket.solved',
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom<EventType>(...eventTypes) },
);

/** What belongs together: histories of one theme reach what a few facts of every kind never do. */
const themes: readonly (readonly EventType[])[] = [
  ['email.received', 'email.sent'],
  ['email.received', 'chat.received', 'ticket.opened', 'email.sent'],
  ['email.sent', 'chat.sent', 'deal.won', 'crm.owner_changed'],
  ['deal.created', 'deal.stage_changed', 'deal.close_date_changed', 'ticket.opened', 'ticket.escalated'],
  ['meeting.held', 'meeting.scheduled', 'meeting.canceled', 'meeting.no_show'],
  ['usage.recorded'],
  ['ticket.opened', 'ticket.solved', 'ticket.reopened', 'ticket.replied'],
  ['usage.recorded', 'crm.property_changed', 'survey.responded', 'account.renewed'],
  ['email.received', 'contact.added', 'contact.left', 'crm.stage_changed', 'account.churned'],
];

const factOf = (types: fc.Arbitrary<EventType>, days: number): fc.Arbitrary<Omit<Fact, 'id'>> =>
  fc
    .record({
      type: types,
      // Whole hours on purpose as well: ties, and facts at the very instant of a turn.
      hours: fc.oneof(fc.integer({ min: 0, max: days * 24 }), fc.double({ min: 0, max: days * 24, noNaN: true })),
      who: fc.constantFrom(...people),
      us: fc.constantFrom(...ours),
      answered: fc.boolean(),
      rare: fc.integer({ min: 0, max: 9 }),
    })
    .chain(({ type, hours, who, us, answered, rare }) => {
      const occurredAt = START + Math.round(hours * HOUR);
      const isOurs = type === 'email.sent' || type === 'chat.sent' || (type === 'ticket.replied' && answered);
      const attributes = type.startsWith('meeting.')
        ? meetingAttributes(occurredAt)
        : (attributesOf[type] ?? fc.constant({}));
      return attributes.map((given) => ({
        type,
        occurredAt,
        recordedAt: occurredAt,
        touchpoint: touchpointOf(type),
        direction: isOurs ? ('outbound' as const) : ('inbound' as const),
        participants: [
          {
            role: isOurs ? ('to' as const) : type.startsWith('contact') ? ('contact' as const) : ('from' as const),
            address: who,
          },
          ...(isOurs ? [{ role: 'from' as const, address: us }] : []),
        ],
        automated: rare === 0,
        attributes: given,
      }));
    });

/** A history of one account, in no order, each fact once: some short and of every kind, some long and of one theme or two. */
export const someFacts: fc.Arbitrary<Fact[]> = fc
  .oneof(
    fc.array(factOf(someType, 120), { minLength: 1, maxLength: 60 }),
    fc
      .tuple(fc.subarray([...themes], { minLength: 1, maxLength: 2 }), fc.constantFrom(15, 60, 120))
      .chain(([chosen, days]) =>
        fc.array(factOf(fc.constantFrom(...chosen.flat()), days), { minLength: 25, maxLength: 70, size: 'max' }),
      ),
  )
  .map((facts) => facts.map((fact, index) => ({ ...fact, id: `f${(index * 7919) % 1009}-${index}` })));

/** What surrounds the account, with outages and dates ahead. */
export const someContext: fc.Arbitrary<AccountContext> = fc
  .record({
    isCustomer: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
    isAssumed: fc.boolean(),
    since: fc.option(fc.integer({ min: -100, max: 60 }), { nil: undefined }),
    renewal: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
    tier: fc.constantFrom('enterprise', 'mid', 'small', undefined),
    // Beside the usual ones those whose days begin twice or not at midnight, or whose clocks change by other than an hour.
    timezone: fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Pacific/Auckland',
      'Africa/Casablanca',
      'America/Scoresbysund',
      'America/Havana',
      'Australia/Lord_Howe',
      'Antarctica/Troll',
    ),
    gaps: fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        fc.constantFrom('email' as const, 'email' as const, 'ticket' as const),
      ),
      { maxLength: 2 },
    ),
    lulls: fc.option(
      fc.array(
        fc.record({
          from: fc.integer({ min: 0, max: 100 }),
          days: fc.integer({ min: 1, max: 15 }),
          level: fc.constantFrom(0.05, 0.4, 0.85),
          of: fc.constantFrom('contact' as const, 'product' as const),
        }),
        { minLength: 1, maxLength: 2 },
      ),
      { nil: undefined },
    ),
    peers: fc.option(somePeers, { nil: undefined }),
    watched: fc.option(fc.integer({ min: -60, max: 30 }), { nil: undefined }),
    champion: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
  })
  .map(({ isCustomer, isAssumed, since, renewal, tier, timezone, gaps, lulls, peers, watched, champion }) => ({
    accountId: '5d0f2a10-0000-8000-8000-000000000001',
    isCustomer,
    ...(isAssumed && { isAssumed }),
    ...(since === undefined ? {} : { customerSince: START + since * DAY }),
    ...(renewal === undefined ? {} : { renewalAt: START + renewal * DAY }),
    ...(tier === undefined ? {} : { tier }),
    timezone,
    contacts: [
      {
        address: 'ann@acme.example',
        persona: 'champion',
        ...(champion === undefined ? {} : { leftAt: START + champion * DAY }),
      },
      { address: 'bob@acme.example', persona: 'decision_maker' },
    ],
    gaps: gaps.map(([from, days, open, seen]) => ({
      from: START + from * DAY,
      to: open ? null : START + (from + days) * DAY,
      touchpoints: [seen],
      reason: 'the mailbox was cut off',
    })),
    ...(lulls === undefined ? {} : { lulls: lulls.map((one) => lullOf(one)) }),
    ...(peers === undefined ? {} : { peers }),
    ...(watched === undefined ? {} : { watchedFrom: START + watched * DAY }),
  }));

const midnight = Math.floor(START / DAY) * DAY;

/** Whole days, as a workspace's lulls are. */
const lullOf = ({ from, days, ...rest }: { from: number; days: number; level: number; of: 'contact' | 'product' }) => ({
  from: midnight + from * DAY,
  to: midnight + (from + days) * DAY,
  ...rest,
});

const someComparison: fc.Arbitrary<Condition> = fc
  .constantFrom(...signalNames)
  .chain((signal): fc.Arbitrary<Condition> => {
    const { unit } = signalCatalogue[signal];
    if (unit === 'none') {
      const value = fc.constantFrom('customer', 'live', 's0', 's1', 'offer');
      const op = fc.constantFrom('==' as const, '!=' as const);
      return fc.record({ signal: fc.constant(signal), with: paramsFor(signal), op, value });
    }
    const timed = unit === 'days' || unit === 'business_days';
    const number =
      unit === 'ratio'
        ? fc.constantFrom(0.5, 1, 1.5)
        : unit === 'score'
          ? fc.constantFrom(-20, 0, 1, 3, 50)
          : timed
            ? fc.constantFrom(-3, 0, 1, 2.5, 5, 10, 30)
            : fc.integer({ min: 0, max: 4 });
    const value: fc.Arbitrary<Operand> = timed
      ? fc.oneof(
          number,
          fc.constant<Operand>({ max: [3, { signal: 'usual_inbound_gap', times: 2 }] }),
          fc.constant<Operand>({ min: [20, { signal: 'usual_inbound_gap', plus: 1.5 }] }),
          fc.constant<Operand>({ threshold: 'limit' }),
        )
      : number;
    // What grows with time is hardly ever the very number: to ask for that is rare, but has an instant to foresee.
    const op: fc.Arbitrary<ComparisonOp> = timed
      ? fc.constantFrom<ComparisonOp>('>=', '>', '<=', '<', '>=', '>', '<=', '<', '==', '!=')
      : fc.constantFrom<ComparisonOp>('>=', '>', '<=', '<', '==', '!=');
    const compared: fc.Arbitrary<Condition> = fc.record({
      signal: fc.constant(signal),
      with: paramsFor(signal),
      op,
      value,
    });
    const known: fc.Arbitrary<Condition> = fc.record({ known: fc.constant(signal), with: paramsFor(signal) });
    const unknown: fc.Arbitrary<Condition> = fc.record({ unknown: fc.constant(signal), with: paramsFor(signal) });
    const watched: fc.Arbitrary<Condition> = fc.constantFrom(5, 20).map((days) => ({ watched: ['email'], days }));
    return fc.oneof(
      { weight: 8, arbitrary: compared },
      { weight: 1, arbitrary: known },
      { weight: 1, arbitrary: unknown },
      { weight: 1, arbitrary: watched },
    );
  });

const groupOf = (part: fc.Arbitrary<Condition>): fc.Arbitrary<Condition> =>
  fc.oneof(
    { weight: 2, arbitrary: part },
    { weight: 2, arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((all) => ({ all })) },
    { weight: 2, arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((any) => ({ any })) },
    { weight: 1, arbitrary: part.map((not) => ({ not })) },
  );

/** Most of them flat, as people write them; some with groups within groups. */
const someCondition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 3, arbitrary: groupOf(someComparison) },
  { weight: 1, arbitrary: groupOf(groupOf(someComparison)) },
);

const someShown = fc
  .constantFrom(...signalNames)
  .chain((signal) => fc.record({ signal: fc.constant(signal), with: paramsFor(signal) }));

const matcher = fc.constantFrom<{ type: EventType }>(
  { type: 'email.received' },
  { type: 'deal.won' },
  { type: 'crm.stage_changed' },
);

/** A definition whose stages lead forward, or back by an event: one that circles by itself has no exact history. */
export const someDefinition: fc.Arbitrary<JourneyDefinition> = fc
  .record({
    conditions: fc.array(someCondition, { minLength: 3, maxLength: 3 }),
    back: matcher,
    rules: fc.array(
      fc.record({
        kind: fc.constantFrom('risk' as const, 'opportunity' as const),
        when: someCondition,
        clear: fc.option(someCondition, { nil: undefined }),
        holdForDays: fc.constantFrom(0, 0, 1.5, 7),
        cooldownDays: fc.constantFrom(0, 0, 10),
        absence: fc.constantFrom(null, ['email' as const], ['ticket' as const, 'email' as const]),
        suppressed: fc.constantFrom([], ['r0'], ['any_risk']),
        appliesTo: fc.record(
          {
            customers: fc.boolean(),
            stages: fc.subarray(['s0', 's1', 's2'], { minLength: 1 }),
            exceptStages: fc.subarray(['s0', 's2'], { minLength: 1 }),
            segments: fc.constantFrom(['enterprise'], ['busy']),
          },
          { requiredKeys: ['customers'] },
        ),
        evidence: fc.option(fc.array(someShown, { maxLength: 3 }), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    /** Who is in it changes with time; null: an account's record alone decides. */
    busy: fc.option(someCondition, { nil: null }),
    due: fc.constantFrom('customerSince' as const, { stage: 's0' }),
    stuckAfterDays: fc.constantFrom(undefined, 0, 5),
    /** A way out by an event, that moves are told to be unusual or forbidden, whose part is told by a title, and how success is weighed. */
    exit: fc.option(matcher, { nil: null }),
    moves: fc.subarray([
      { from: 's0', to: 's2', as: 'forbidden' as const },
      { from: '*', to: 's1', as: 'unusual' as const },
      { from: 's2', to: '*', as: 'forbidden' as const },
    ]),
    hasPersonas: fc.boolean(),
    success: fc.option(
      fc.record(
        {
          milestones: fc.constant({ weight: 2 }),
          parts: someCondition.map((when) => [
            { id: 'part', label: 'Part', weight: 3, bands: [{ when, score: 80, why: 'it is so' }] },
          ]),
        },
        { requiredKeys: ['milestones'] },
      ),
      { nil: null },
    ),
    // Easter, beside the change of the clocks, or days within the quiet ones.
    holidays: fc.subarray(['2026-03-29', '2026-04-03', '2026-04-06', '2026-05-10', '2026-05-11', '2027-01-01']),
    // Around a change of the clocks, over the end of a month, or none.
    quietDays: fc.constantFrom(
      [],
      [{ from: '03-27', to: '03-30' }],
      [{ from: '02-20', to: '02-28' }],
      [
        { from: '05-01', to: '05-10' },
        { from: '12-24', to: '01-01' },
      ],
    ),
  })
  .map(
    ({ conditions, back, rules, busy, due, stuckAfterDays, exit, moves, hasPersonas, success, quietDays, holidays }) =>
      journeyDefinition.parse({
        id: 'generated',
        version: 1,
        title: 'Generated',
        type: 'cyclical',
        quietDays,
        holidays,
        segments: [
          { id: 'enterprise', title: 'Enterprise', tiers: ['enterprise'] },
          { id: 'busy', title: 'Busy', ...(busy ? { when: busy } : { tiers: ['mid'] }) },
          { id: 'large', title: 'Large', valueAtLeast: 1000 },
        ],
        outcomes: { prospects: [{ type: 'crm.stage_changed', where: { to: ['lead', 'opportunity'] } }] },
        thresholds: { limit: { value: 4, segments: { enterprise: 2, busy: 7, large: 1 } } },
        stages: conditions.map((when, index) => ({
          id: `s${index}`,
          title: `Stage ${index}`,
          enter: index === 0 ? [{ from: ['none'] }, { from: ['s2'], on: back }] : [{ from: [`s${index - 1}`], when }],
          ...(exit && index === 1 ? { exit: [{ to: 's0', on: exit }] } : {}),
        })),
        moves,
        ...(hasPersonas ? { personas: [{ id: 'champion', titles: ['head of *'], domains: ['acme.example'] }] } : {}),
        ...(success ? { success: { version: 1, ...success } } : {}),
        milestones: [
          {
            id: 'go_live',
            title: 'Go-live',
            side: 'us',
            stages: ['s0', 's1'],
            due: { days: 10, after: due, ...(stuckAfterDays === undefined ? {} : { stuckAfterDays }) },
            proof: [{ type: 'crm.property_changed', where: { to: 'live' } }],
          },
        ],
        rules: rules.map(
          ({ kind, when, clear, holdForDays, cooldownDays, absence, suppressed, appliesTo, evidence }, index) => ({
            id: `r${index}`,
            kind,
            severity: 'medium',
            title: `Rule ${index}`,
            appliesTo,
            when,
            ...(clear ? { clear } : {}),
            holdForDays,
            cooldownDays,
            ...(evidence ? { evidence } : {}),
            ...(absence ? { absence: { touchpoints: absence, days: 7 } } : {}),
            ...(index > 0 ? { suppressedBy: suppressed } : {}),
            reason: 'Silent for {days_since_inbound}[; {open_tickets:ticket|tickets}]',
            cleared: 'heard on {days_since_inbound.since}',
            clears: 'Something else.',
            nextStep: 'Look.',
          }),
        ),
        health: {
          version: 1,
          parts: [
            {
              id: 'contact',
              label: 'Contact',
              weight: 1,
              bands: [
                { when: { signal: 'days_since_inbound', op: '<', value: 7 }, score: 100, why: 'in touch' },
                {
                  when: { signal: 'messages', with: { days: 20 }, op: '>=', value: 1 },
                  score: 40,
                  why: 'now and then',
                },
              ],
            },
            {
              id: 'support',
              label: 'Support',
              weight: 2,
              bands: [
                { when: { signal: 'open_tickets', with: { days: 15 }, op: '>=', value: 1 }, score: 30, why: 'open' },
                { when: { signal: 'open_tickets', with: { days: 15 }, op: '<', value: 1 }, score: 100, why: 'none' },
              ],
            },
          ],
        },
      }),
  )
  .filter((definition) => checkDefinition(definition).length === 0);
