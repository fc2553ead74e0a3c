import { describe, expect, test } from 'vitest';
import { destinationKey, routeFor } from './route.ts';

type Input = Parameters<typeof routeFor>[0];
const base: Input = {
  account: { csmEmail: 'Maya@vendor.example', csmBasis: 'csm', tier: 'enterprise' },
  flag: { rule: 'gone_quiet', severity: 'high' },
  settings: { alertRoutes: [{ tier: 'Enterprise', channel: 'C1' }], defaultChannel: 'C9' },
  member: { email: 'maya@vendor.example', name: 'Maya', slackUserId: 'U1', active: true },
  installer: 'U0',
  undeliverable: new Set(),
};
const keys = (more: Partial<Input>) => routeFor({ ...base, ...more }).candidates.map(destinationKey);

describe('where an alert goes', () => {
  test.each<[string, Partial<Input>, string[]]>([
    [
      'the owner first, then the routed channel, the default channel, the admin',
      {},
      ['member:maya@vendor.example', 'channel:C1', 'channel:C9', 'user:U0'],
    ],
    [
      'no owner: the routed channel',
      { account: { ...base.account, csmEmail: null } },
      ['channel:C1', 'channel:C9', 'user:U0'],
    ],
    [
      'no route that fits: the default channel',
      { account: { csmEmail: null, csmBasis: null, tier: 'small' } },
      ['channel:C9', 'user:U0'],
    ],
    [
      'a route on rule and severity must hold in all',
      {
        account: { ...base.account, csmEmail: null },
        settings: { alertRoutes: [{ rule: 'gone_quiet', severity: 'low', channel: 'C2' }], defaultChannel: null },
      },
      ['user:U0'],
    ],
    [
      'a member who left is passed over',
      { member: { email: 'maya@vendor.example', name: 'Maya', slackUserId: 'U1', active: false } },
      ['channel:C1', 'channel:C9', 'user:U0'],
    ],
    [
      'an owner who is no known member is looked up by address',
      { member: undefined },
      ['member:maya@vendor.example', 'channel:C1', 'channel:C9', 'user:U0'],
    ],
    [
      'G4: what failed for good is passed over',
      { undeliverable: new Set(['member:maya@vendor.example', 'channel:C1']) },
      ['channel:C9', 'user:U0'],
    ],
    [
      'never nowhere: if all failed, all are tried',
      {
        settings: { alertRoutes: [], defaultChannel: null },
        installer: null,
        undeliverable: new Set(['member:maya@vendor.example']),
      },
      ['member:maya@vendor.example'],
    ],
  ])('%s', (_what, more, expected) => {
    expect(keys(more)).toEqual(expected);
  });

  test('G9: the message says why it is not with a CSM', () => {
    expect(routeFor({ ...base, account: { ...base.account, csmEmail: null } }).note).toBe(
      'No CSM is named for this account.',
    );
    expect(routeFor({ ...base, account: { ...base.account, csmBasis: 'owner' } }).note).toBe(
      'No CSM is named; Maya owns the record.',
    );
    expect(routeFor(base).note).toBeNull();
  });
});
