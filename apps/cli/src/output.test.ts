import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { table } from './output.ts';

it('lays columns out as wide as they need, and says what is so where there are no rows', () => {
  const plain = (rows: readonly (readonly (string | number)[])[], ifNone?: string) =>
    stripVTControlCharacters(table(['rule', 'alerts'], rows, ifNone));
  expect(plain([['quiet', 7]], 'None.')).toBe('rule   alerts\nquiet       7');
  expect(plain([], 'None.')).toBe('None.');
  expect(plain([])).toBe('rule  alerts');
});
