import { expect, test } from 'vitest';
import { readAhead } from './read-ahead.ts';

function source(steps: readonly (number | Error)[]) {
  const told: string[] = [];
  async function* pages() {
    try {
      for (const step of steps) {
        await Promise.resolve();
        told.push(`read ${step instanceof Error ? step.message : step}`);
        if (step instanceof Error) throw step;
        yield step;
      }
    } finally {
      told.push('closed');
    }
  }
  return { told, pages: readAhead(pages()) };
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

test('reads the next while one is stored, and never two ahead', async () => {
  const { told, pages } = source([1, 2, 3]);
  for await (const page of pages) {
    await settle();
    told.push(`stored ${page}`);
  }
  expect(told).toEqual(['read 1', 'read 2', 'stored 1', 'read 3', 'stored 2', 'closed', 'stored 3']);
});

test('A4: a fault comes after the pages that were read before it, all of which can be stored', async () => {
  const { told, pages } = source([1, new Error('refused'), 3]);
  const store = async () => {
    for await (const page of pages) {
      await settle();
      told.push(`stored ${page}`);
    }
  };
  await expect(store()).rejects.toThrow('refused');
  expect(told).toEqual(['read 1', 'read refused', 'closed', 'stored 1']);
});

test('a caller that stops ends the reading, whatever the step under way comes to', async () => {
  for (const second of [2, new Error('refused')]) {
    const { told, pages } = source([1, second, 3]);
    for await (const page of pages) {
      told.push(`stored ${page}`);
      break;
    }
    // Which of the two comes first is nobody's promise.
    expect(told.toSorted()).toEqual(['closed', 'read 1', expect.stringMatching('read'), 'stored 1']);
  }
});
