import { compileJourney, parseDefinition, type AccountContext, type Fact } from '@waymark/lifecycle';
import type { Account, JudgedRecord } from '@waymark/store';
import { describe, expect, it } from 'vitest';
import { openPeers } from './known-peers.ts';
import { knownRecord, tierNoted, type Noted } from './known-records.ts';

const DAY = 86_400_000;
const start = Date.UTC(2026, 0, 5);
const at = (day: number) => start + day * DAY;
const account: Account = {
  accountId: '5d0f2a10-0000-8000-8000-000000000001',
  name: 'Acme',
  domain: 'acme.example',
  isCustomer: true,
  csmEmail: null,
  csmBasis: null,
  customerSince: at(-300),
  renewalAt: at(500),
  value: 5000,
  currency: null,
  tier: 'gold',
  crmStage: null,
  timezone: null,
  dated: [],
  mergedInto: null,
};
const around = {
  isCustomer: true,
  timezone: 'UTC',
  watchedFrom: at(-300),
  holidays: ['2026-04-06'],
  peers: new Map(),
  to: at(300),
};
const noted = (...records: readonly (readonly [day: number, record: Partial<JudgedRecord>])[]): Noted => ({
  records: records.map(([day, record]) => ({ from: at(day), record: { isCustomer: true, ...record } })),
  people: [],
});
const nothing: Noted = { records: [], people: [] };
const told = (day: number, role: string, to: string, more: object = {}): Fact => ({
  id: `${role}-${day}`,
  type: 'crm.property_changed',
  occurredAt: at(day),
  recordedAt: at(day),
  touchpoint: 'crm',
  direction: 'none',
  participants: [],
  automated: false,
  attributes: { property: role, role, to, ...more },
});
const standing = ({ tier, value, renewalAt }: AccountContext) => ({ tier, value, renewalAt });
const unknown = { tier: undefined, value: undefined, renewalAt: undefined };

describe('the record of an account in a backtest', () => {
  it('is unknown before it was first read, where nothing dates it: that the date lies ahead tells that they stayed', () => {
    const { contexts, ofToday } = knownRecord(account, [], [], nothing, around);
    expect(contexts.map(({ context }) => standing(context))).toEqual([unknown]);
    expect(ofToday).toEqual(['tier', 'value', 'renewalDate']);
    expect(contexts[0]?.context).toMatchObject({ customerSince: at(-300), holidays: ['2026-04-06'], isCustomer: true });
  });

  it('is what it was judged with at each instant since, and nothing of after the end', () => {
    const notes = noted(
      [100, { tier: 'silver', renewalAt: at(130) }],
      [150, { tier: 'silver', renewalAt: at(130), csmEmail: 'bo@us.example' }],
      [200, { tier: 'gold', renewalAt: at(500) }],
      [400, { tier: 'platinum' }],
    );
    const { contexts } = knownRecord(account, [], [], notes, around);
    expect(contexts.map(({ from, context }) => [from, standing(context)])).toEqual([
      [Number.MIN_SAFE_INTEGER, unknown],
      [at(100), { ...unknown, tier: 'silver', renewalAt: at(130) }],
      [at(200), { ...unknown, tier: 'gold', renewalAt: at(500) }],
    ]);
    expect([99, 100, 250].map((day) => tierNoted(notes.records, at(day)))).toEqual([null, 'silver', 'gold']);
  });

  it('is told by dated events alone where there are any', () => {
    const dated = { ...account, dated: ['tier', 'renewalDate'] };
    const facts = [told(20, 'tier', 'silver'), told(30, 'renewalDate', '2027-01-01')];
    const { contexts, ofToday } = knownRecord(dated, [], facts, noted([100, { tier: 'gold', renewalAt: 5 }]), around);
    expect(contexts.map(({ context }) => standing(context))).toEqual([unknown]);
    expect(ofToday).toEqual(['value']);
  });

  it('takes a value that is only assumed to have held all along for known when it was read', () => {
    const facts = [told(-300, 'renewalDate', '2027-05-01', { assumed: true }), told(5, 'tier', 'gold')];
    const { facts: given, ofToday } = knownRecord(account, [], facts, noted([100, {}]), around);
    expect(given.map(({ recordedAt }) => recordedAt)).toEqual([at(100), at(5)]);
    expect(knownRecord(account, [], facts, nothing, around).facts[0]?.recordedAt).toBe(at(300));
    expect(ofToday).toEqual(['value', 'renewalDate']);
  });

  it('has the people of then, and those of the first reading before', () => {
    const person = (address: string, persona?: string) => ({ address, ...(persona && { persona }) });
    const people = [
      { from: at(100), to: at(150), person: person('ann@acme.example', 'champion') },
      { from: at(150), to: null, person: person('ann@acme.example', 'user') },
      { from: at(120), to: null, person: person('bob@acme.example') },
    ];
    const { contexts } = knownRecord(account, [], [], { ...noted([100, {}]), people }, around);
    expect(
      contexts.map(({ from, context }) => [from, context.contacts.map(({ address, persona }) => [address, persona])]),
    ).toEqual([
      [Number.MIN_SAFE_INTEGER, [['ann@acme.example', 'champion']]],
      [
        at(150),
        [
          ['ann@acme.example', 'user'],
          ['bob@acme.example', undefined],
        ],
      ],
    ]);
  });
});

describe('the tier whose usual an account makes', () => {
  const journey = compileJourney(
    parseDefinition(
      `id: tiers
version: 1
title: Tiers
type: cyclical
stages: [{ id: live, title: Live, enter: [{ from: [none] }] }]
rules:
  - id: below_tier
    kind: risk
    severity: low
    title: Below its tier
    when: { signal: tier_share, with: { types: [email.received], days: 28, leastAccounts: 2 }, op: '<', value: 0.4 }
    reason: 'Wrote {tier_share} of what is usual'
    clears: More.
    nextStep: Ask.
outcomes: { churned: [{ type: account.churned }], renewed: [{ type: account.renewed }] }
`,
      'tiers.yaml',
    ),
  );
  const mails = Array.from({ length: 100 }, (_, n): Fact => ({
    ...told(2 * n, '', ''),
    id: `m${n}`,
    type: 'email.received',
    touchpoint: 'email',
    attributes: {},
  }));
  /** From which week on anything is said of each tier, in days. */
  const baselines = (facts: readonly Fact[], recordedTier: (at: number) => string | null) => {
    const peers = openPeers([journey], { from: start, to: at(200) });
    for (let twice = 0; twice < 2; twice += 1)
      peers?.take({ recordedTier, customerSince: null, isCustomer: true, facts });
    return Object.fromEntries(
      [...(peers?.baselines() ?? [])].map(([tier, [one]]) => [
        tier,
        one?.steps.map(({ from, median }) => [(from - start) / DAY, median === null ? null : 'told']),
      ]),
    );
  };

  it('is the one that dated events told of by then, however late', () => {
    const changed = [...mails, told(-1, 'tier', 'Silver'), told(100, 'tier', 'gold')].toSorted(
      (a, b) => a.occurredAt - b.occurredAt,
    );
    expect(Object.keys(baselines(changed, () => 'platinum')).sort()).toEqual(['gold', 'silver']);
    expect(baselines(changed, () => null)['gold']?.[0]).toEqual([105, 'told']);
    const late = changed.map((one) => (one.occurredAt === at(100) ? { ...one, recordedAt: at(150) } : one));
    expect(baselines(late, () => null)['gold']?.[0]).toEqual([154, 'told']);
  });

  it('is the record’s of then where nothing is dated, and none before it was read', () => {
    const found = baselines(mails, (instant) => (instant < at(100) ? null : 'gold'));
    expect(Object.keys(found).sort()).toEqual(['', 'gold']);
    expect(found['gold']?.[0]).toEqual([105, 'told']);
  });
});
