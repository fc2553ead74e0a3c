import { expect, it } from 'vitest';
import { mostUrgentFirst, type WorklistAccount } from './worklist.ts';

const day = 86_400_000;
const account = (
  accountId: string,
  severity: 'low' | 'high' | 'critical',
  renewalAt: number | null,
  more: { kind?: 'risk' | 'opportunity'; openedAt?: number } = {},
): WorklistAccount => ({
  account: {
    accountId,
    name: accountId,
    url: '',
    stage: null,
    health: null,
    owner: null,
    renewalAt,
    value: null,
    currency: null,
  },
  flags: [
    {
      flagId: accountId,
      rule: 'r',
      kind: more.kind ?? 'risk',
      severity,
      title: '',
      reason: '',
      openedAt: more.openedAt ?? 0,
      evidence: [],
      moreEvidence: 0,
      clears: '',
      nextStep: '',
      status: 'open',
      by: null,
      until: null,
      doubted: false,
    },
  ],
});

it('the worst goes first, of equals the nearest renewal, then what has waited longest; an account without a renewal last', () => {
  const list = [
    account('opportunity', 'critical', day, { kind: 'opportunity' }),
    account('low', 'low', day),
    account('no renewal', 'high', null),
    account('no renewal, older', 'high', null, { openedAt: -1 }),
    account('late', 'high', 90 * day),
    account('soon', 'high', 10 * day),
    account('worst', 'critical', null),
  ];
  const order = list.toSorted(mostUrgentFirst).map((one) => one.account.accountId);
  expect(order).toEqual(['worst', 'soon', 'late', 'no renewal, older', 'no renewal', 'low', 'opportunity']);
  expect(
    list
      .toReversed()
      .toSorted(mostUrgentFirst)
      .map((one) => one.account.accountId),
  ).toEqual(order);
});
