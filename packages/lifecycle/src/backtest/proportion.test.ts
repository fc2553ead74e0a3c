import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantile, wilson } from './proportion.ts';

describe("Wilson's interval", () => {
  it('agrees with published values', () => {
    // R. G. Newcombe, Statistics in Medicine 17 (1998), 857–872, table I, method 3.
    expect(wilson(81, 263)).toEqual({ value: 0.308, low: 0.2553, high: 0.3662 });
    expect(wilson(15, 148)).toEqual({ value: 0.1014, low: 0.0624, high: 0.1605 });
    expect(wilson(0, 20)).toEqual({ value: 0, low: 0, high: 0.1611 });
    expect(wilson(1, 29)).toEqual({ value: 0.0345, low: 0.0061, high: 0.1718 });
  });

  it('says nothing of nothing, and always holds the share', () => {
    expect(wilson(0, 0)).toEqual({ value: null, low: null, high: null });
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), (hits, rest) => {
        fc.pre(hits + rest > 0);
        const { value, low, high } = wilson(hits, hits + rest);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect((low ?? 1) <= (value ?? 0) && (value ?? 1) <= (high ?? 0)).toBe(true);
      }),
    );
  });
});

describe('a quantile', () => {
  it('lies between its neighbours, and is null of none', () => {
    expect(quantile([], 0.5)).toBeNull();
    expect(quantile([7], 0.25)).toBe(7);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
  });
});
