import { describe, expect, it } from 'vitest';
import { NoSuchPeriod, periodOf } from './period.ts';

const at = (day: string): number => Date.parse(day);
const history = { from: at('2025-03-01'), to: at('2026-06-01') };

describe('the part of a history that is asked for', () => {
  it('is all of it where nothing is asked for, and what there is of more', () => {
    expect(periodOf(history, {})).toEqual(history);
    expect(periodOf(history, { from: at('2020-01-01'), to: at('2030-01-01') })).toEqual(history);
    expect(periodOf(history, { from: at('2025-06-01') })).toEqual({ from: at('2025-06-01'), to: history.to });
  });

  it('says what is wrong with one that is turned round or lies outside', () => {
    const asked = (from: string | undefined, to: string | undefined) => () =>
      periodOf(history, { ...(from && { from: at(from) }), ...(to && { to: at(to) }) });
    expect(asked('2026-02-01', '2026-01-01')).toThrow(/--from 2026-02-01 is not before --to 2026-01-01/);
    expect(asked('2026-02-01', '2026-02-01')).toThrow(NoSuchPeriod);
    expect(asked(undefined, '2024-01-01')).toThrow(
      /goes from 2025-03-01 to 2026-06-01: give a --to after its beginning/,
    );
    expect(asked('2027-01-01', undefined)).toThrow(/goes from 2025-03-01 to 2026-06-01: give a --from before its end/);
    expect(asked('2023-01-01', '2024-01-01')).toThrow(/give a --to after its beginning/);
  });
});
