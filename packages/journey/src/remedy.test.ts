import { expect, it } from 'vitest';
import { z } from 'zod';
import { remedyOf } from './remedy.ts';

const schema = z.strictObject({
  name: z.string().min(2).max(4),
  often: z.int().min(1).max(9),
  when: z.iso.datetime(),
  id: z.uuid(),
  way: z.enum(['in', 'out']),
  domain: z.string().regex(/\./, 'a domain such as example.com'),
  days: z.union([z.literal('always'), z.array(z.int())]),
});
const good = {
  name: 'ann',
  often: 3,
  when: '2026-03-01T12:00:00Z',
  id: '018f2c5e-7d3a-8b11-9c21-0b0d5f4e1a77',
  way: 'in',
  domain: 'a.b',
  days: 'always',
};

it.each([
  [{ name: 5 }, 'give a text'],
  [{ name: undefined }, 'give a text'],
  [{ name: 'a' }, 'give at least 2 letters'],
  [{ name: 'abcde' }, 'give at most 4 letters'],
  [{ often: 0 }, 'give at least 1'],
  [{ often: 1.5 }, 'give a whole number'],
  [{ when: 'soon' }, 'give a time such as 2026-03-01T12:00:00Z'],
  [{ id: '7' }, 'give an id such as 018f2c5e-7d3a-8b11-9c21-0b0d5f4e1a77'],
  [{ way: 'up' }, 'give one of in, out'],
  [{ domain: 'ab' }, 'give a domain such as example.com'],
  [{ days: 3 }, 'give always, or a list'],
  [{ extra: 1 }, 'leave out extra'],
])('says what to give in the place of %j', (wrong, remedy) => {
  const read = schema.safeParse({ ...good, ...wrong });
  expect(read.error?.issues.map(remedyOf)).toEqual([remedy]);
});
