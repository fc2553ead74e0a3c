import { beforeEach, expect, test } from 'vitest';
import { ChannelBook, type ReadChannels } from './channel-book.ts';

let now: number;
let book: ChannelBook;
let asked: (string | undefined)[];
let pages: Record<string, string>[];
let refuse: boolean;
const read: ReadChannels = (cursor) => {
  asked.push(cursor);
  if (refuse) return Promise.reject(new Error('ratelimited'));
  const at = Number(cursor ?? 0);
  const next = at + 1 < pages.length ? String(at + 1) : undefined;
  return Promise.resolve({ ids: new Map(Object.entries(pages[at] ?? {})), next });
};
const find = (name: string, team = 'one') => book.find(team, name, read);

beforeEach(() => {
  now = 1_000_000;
  book = new ChannelBook(() => now);
  asked = [];
  pages = [{ a: 'C1', b: 'C2' }, { c: 'C3' }, { d: 'C4' }];
  refuse = false;
});

test('a burst of new destinations costs one listing, and no more pages of it than are needed', async () => {
  expect(await Promise.all(['a', 'b', 'c', 'a', 'c'].map((name) => find(name)))).toEqual([
    'C1',
    'C2',
    'C3',
    'C1',
    'C3',
  ]);
  expect(asked).toEqual([undefined, '1']);
  expect(await find('d')).toBe('C4');
  expect(await find('nowhere')).toBeUndefined();
  expect(asked).toEqual([undefined, '1', '2']);
});

test('a page that Slack refuses fails those who wait for it, and the next search goes on there', async () => {
  await find('a');
  refuse = true;
  const ended = await Promise.allSettled([find('c'), find('d')]);
  expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(asked).toEqual([undefined, '1']);
  refuse = false;
  expect(await find('d')).toBe('C4');
  expect(asked).toEqual([undefined, '1', '1', '2']);
});

test('a channel made meanwhile is found a moment later, and a listing is not believed for long', async () => {
  expect(await find('new')).toBeUndefined();
  pages[0] = { new: 'C9' };
  expect(await find('new')).toBeUndefined();
  now += 5_000;
  expect(await find('new')).toBe('C9');
  now += 60_000;
  pages[0] = { new: 'C10' };
  expect(await find('new')).toBe('C10');
});

test('I6: what one team lists answers for no other', async () => {
  expect(await find('a')).toBe('C1');
  pages = [{}];
  expect(await find('a', 'two')).toBeUndefined();
});
