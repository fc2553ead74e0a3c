import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignalName, SignalParams } from '@waymark/journey';
import { DAY, History } from '../../test/account.ts';
import { reading } from '../../test/reading.ts';
import type { AccountContext } from '../course/state.ts';
import { zoneOf } from '../time/zone.ts';

const seed = Number(process.env['WAYMARK_SEED'] ?? Date.now() % 2 ** 31);
const chicago = 'America/Chicago';
/** 2026-02-04 as CRMs without a time of day write it: midnight, UTC. */
const fourth = Date.UTC(2026, 1, 4);
/** 09:00 UTC on the 15th of January 2026, as days from the Monday that histories are counted from. */
const fifteenth = 10;

const told = (
  history: History,
  name: SignalName,
  { params = {}, ...context }: Partial<AccountContext> & { readonly params?: SignalParams } = {},
) => {
  const { value, evidence } = reading(history, fifteenth, name, params, { context: { timezone: chicago, ...context } });
  return { value, notes: evidence.map(({ note }) => note) };
};

describe('a date without a time of day', () => {
  it('is a day of the account’s zone, by each way in which a CRM tells it', () => {
    // From 09:00 UTC on the 15th of January to midnight in Chicago, 06:00 UTC.
    const value = 19.8;
    expect(told(new History().renewal(5, '2026-02-04'), 'days_until_renewal')).toEqual({
      value,
      notes: ['Renewal date set to 4 Feb in the CRM'],
    });
    expect(told(new History().renewal(5, String(fourth)), 'days_until_renewal').notes).toEqual([
      'Renewal date set to 4 Feb in the CRM',
    ]);
    expect(told(new History(), 'days_until_renewal', { renewalAt: fourth }).value).toBe(value);
    expect(told(new History(), 'days_until_contract_end', { renewalAt: fourth }).value).toBe(value);
    const renewed = new History().add('account.renewed', 1, { attributes: { until: fourth } });
    expect(told(renewed, 'days_until_contract_end')).toEqual({ value, notes: ['Contract runs until 4 Feb'] });
    const noticed = new History().add('crm.property_changed', 1, {
      attributes: { property: 'notice_date', to: '2026-02-04' },
    });
    expect(told(noticed, 'days_until_date', { params: { property: 'notice_date' } })).toEqual({
      value,
      notes: ['notice_date set to 4 Feb in the CRM'],
    });
  });

  it('east of Greenwich begins before midnight in UTC', () => {
    const history = new History().renewal(5, '2026-02-04');
    expect(told(history, 'days_until_renewal', { timezone: 'Asia/Tokyo' })).toEqual({
      value: 19.2,
      notes: ['Renewal date set to 4 Feb in the CRM'],
    });
  });

  it('one with a time of day is that instant', () => {
    const history = new History().renewal(5, '2026-02-04T02:30:00Z');
    expect(told(history, 'days_until_renewal')).toEqual({
      value: 19.7,
      notes: ['Renewal date set to 3 Feb in the CRM'],
    });
  });

  it(`is the same day in every zone (seed ${seed})`, () => {
    // Where a day was left out, as the 30th of December 2011 in Samoa, no instant is in it.
    const zones = ['America/Chicago', 'America/Havana', 'Pacific/Kiritimati', 'Asia/Kathmandu', 'Africa/Cairo', 'UTC'];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 14_000, max: 25_000 }), (name, day) => {
        const zone = zoneOf(name);
        const at = zone.civil(day * DAY);
        expect(zone.date(at)).toBe(zoneOf('UTC').date(day * DAY));
        expect(zone.date(at - 1)).not.toBe(zone.date(at));
        expect(zone.civil(day * DAY + 1)).toBe(day * DAY + 1);
      }),
      { seed, numRuns: 500 },
    );
  });
});
