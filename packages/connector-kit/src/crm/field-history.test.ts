import { describe, expect, it } from 'vitest';
import { changesOf, closeDateMoves, distinctValues, valueAt, type FieldValue } from './field-history.ts';

const past = (...values: readonly string[]): FieldValue[] =>
  values.map((value, index) => ({ value, at: index * 1000 }));

describe('the history of a CRM field', () => {
  it('counts a value that is set anew as one, from when it was first set', () => {
    expect(distinctValues(past('lead', 'lead', 'customer'))).toEqual([
      { value: 'lead', at: 0 },
      { value: 'customer', at: 2000 },
    ]);
  });

  it('H2: takes a clear and a set for one change, and a clear at the end for a change', () => {
    const moves = (values: readonly FieldValue[]) => changesOf(values).map(({ from, value }) => [from, value]);
    expect(moves(past('customer', '', 'lead'))).toEqual([
      [undefined, 'customer'],
      ['customer', 'lead'],
    ]);
    expect(moves(past('customer', '', 'customer'))).toEqual([[undefined, 'customer']]);
    expect(moves(past('customer', ''))).toEqual([
      [undefined, 'customer'],
      ['customer', ''],
    ]);
    expect(moves(past(''))).toEqual([]);
  });

  it('knows what held at an instant, and nothing before the first', () => {
    expect(valueAt(past('a', 'b'), 999)).toBe('a');
    expect(valueAt(past('a', 'b'), 1000)).toBe('b');
    expect(valueAt(past('a', 'b'), -1)).toBeUndefined();
  });

  it('leaves out a close date that the CRM moved by closing the deal, and one that is no date', () => {
    const dates = past('100', 'soon', '200', '300').map((each, index) => ({ ...each, at: index * 100_000 }));
    const parse = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);
    expect(closeDateMoves(dates, [], parse)).toEqual([
      { at: 200_000, from: 100, to: 200 },
      { at: 300_000, from: 200, to: 300 },
    ]);
    expect(closeDateMoves(dates, [290_000], parse)).toEqual([{ at: 200_000, from: 100, to: 200 }]);
  });
});
