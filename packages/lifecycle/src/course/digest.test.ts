import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson, contentDigest } from './digest.ts';

const seed = Number(process.env['WAYMARK_SEED'] ?? Date.now() % 2 ** 31);

it(`writes what the library writes, and refuses what it refuses (seed ${seed})`, () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      '10',
      '9',
      '__proto__',
      'toJSON',
      '\ud83d',
      '\ude00\ud83d',
      '\\ud83d',
      'é\u0301',
      '\u2028"\\\n',
      '',
    ),
  );
  const leaf = fc.oneof(
    text,
    fc.boolean(),
    fc.constantFrom(null, undefined, -0, 1e21, 1e-7, Number.NaN, Number.POSITIVE_INFINITY, new Date(7), Object(5)),
    fc.double(),
    fc.integer(),
  );
  const { value: some } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 5 }),
      fc.array(fc.tuple(text, tie('value')), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
    ),
  }));
  let written = 0;
  fc.assert(
    fc.property(some, (value) => {
      const attempt = (write: () => string | undefined) => {
        try {
          return write() ?? 'null';
        } catch (error) {
          return `refused: ${String(error)}`;
        }
      };
      const wanted = attempt(() => canonicalize(value));
      if (!wanted.startsWith('refused')) written += 1;
      expect(attempt(() => canonicalJson(value))).toBe(wanted);
    }),
    { seed, numRuns: 4000 },
  );
  expect(written).toBeGreaterThan(500);
});

it('is the SHA-256 that others come to', () => {
  // printf '{"a":[1,"x"],"b":null}' | sha256sum
  expect(contentDigest({ b: null, a: [1, 'x'] })).toBe(
    '854ef06dc57f5dfed10206344ab2d02e0b6c84b0e19436703a5afd0f1f9f2687',
  );
});
