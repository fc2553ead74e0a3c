import { expect, it } from 'vitest';
import { timeAxis } from './time-axis.ts';
import { day, moment } from './wording.ts';

it('writes every month in three letters, as reasons and messages do', () => {
  const at = (month: number) => Date.UTC(2026, month, 3, 22, 5);
  expect(Array.from({ length: 12 }, (_, month) => day(at(month)).split(' ')[1])).toEqual(
    'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' '),
  );
  expect(moment(at(8), 'Asia/Tokyo')).toBe('4 Sep 2026, 07:05');
  expect(moment(Date.UTC(2026, 0, 1, 0, 0))).toBe('1 Jan 2026, 00:00');
  expect(timeAxis(at(6), at(9), 0, 1000).months.map(({ name }) => name)).toEqual(['Aug 26', 'Sep', 'Oct']);
});
