import { readFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import * as lifecycle from '@waymark/lifecycle';
import { answersAt } from '../../packages/sync/src/replay/answers.ts';
import { portableAnswer } from '../../packages/sync/src/replay/digest.ts';
import { foldAccounts } from '../bench/fold-history.ts';
import { randomOf } from '../bench/history.ts';

vi.mock('@waymark/lifecycle', { spy: true });

const day = 86_400_000;
const until = Date.UTC(2026, 5, 1);
const { compileJourney, fold, parseDefinition, reduce, templateFile, view } = lifecycle;
const journey = compileJourney(
  parseDefinition(await readFile(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'),
);

it('gives in one pass what each instant by itself would give', () => {
  const seed = 5;
  const random = randomOf(seed);
  for (const { context, facts } of foldAccounts({ accounts: 6, facts: 120, days: 400, until })) {
    const last = facts.at(-1)?.occurredAt ?? until;
    const instants = [
      ...Array.from({ length: 6 }, () => Math.floor(until - 450 * day + random() * 550 * day)),
      last,
      last - 1,
      last + 1,
    ];
    const answerAt = answersAt({ journey, context, facts }, instants);
    for (const asOf of instants) {
      const [one, alone] = [answerAt(asOf), reduce(journey, context, facts, asOf)];
      expect(one, `seed ${seed}, ${context.accountId} at ${asOf}`).toMatchObject({ asOf, digest: alone.digest });
      expect(portableAnswer('it', one)).toBe(portableAnswer('it', alone));
    }
  }
});

it('folds an account once, however many instants are asked for, and looks at it again only when it changed', () => {
  for (const { context, facts } of foldAccounts({ accounts: 1, facts: 60, days: 200, until })) {
    const last = facts.at(-1)?.occurredAt ?? until;
    const { nextChangeAt } = reduce(journey, context, facts, last);
    if (nextChangeAt === null) throw new RangeError('It never changes again.');
    vi.clearAllMocks();
    answersAt({ journey, context, facts }, [nextChangeAt - 1, last, nextChangeAt + 40 * day, last - 100 * day]);
    expect([vi.mocked(fold).mock.calls.length, vi.mocked(view).mock.calls.length]).toEqual([1, 3]);
  }
});

it('answers no instant that was not asked for', () => {
  const [one] = foldAccounts({ accounts: 1, facts: 5, days: 20, until });
  if (!one) throw new RangeError('An account was asked for.');
  expect(() => answersAt({ journey, ...one }, [until])(until - 1)).toThrow(RangeError);
});
