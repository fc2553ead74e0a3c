import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AccountContent, DigestContent, FlagContent } from '@waymark/alerts';
import { truncate, textLimits } from '@waymark/alerts';
import { acceptBlocks } from '../../../sandbox/src/slack/block-limits.ts';
import { accountMessage, headParts } from './account-message.ts';
import { digestMessage } from './digest-message.ts';
import { escapeText, fitLines, link } from './mrkdwn.ts';
import { render } from './render.ts';

/** What Slack, as the sandbox plays it, has against these blocks. */
const refused = (blocks: readonly object[]) => {
  let id = 0;
  const verdict = acceptBlocks(blocks, 'message', () => `made-${(id += 1)}`);
  return 'code' in verdict ? verdict : undefined;
};

const now = Date.UTC(2026, 2, 11, 10);
const seed = Number(process.env.WAYMARK_SEED ?? 20260311);

/** Text as bad as it gets: markup, entities, emoji, control characters, very long. */
const nasty = (max: number) =>
  fc
    .oneof(
      fc.string({ maxLength: 50 }),
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.constantFrom(
        '<!channel> & <@U1> <http://evil.example|click>',
        '&'.repeat(5_000),
        '<'.repeat(5_000),
        '*_~`>'.repeat(900),
        '👩‍👩‍👧‍👦'.repeat(500),
        '\u0000\u2028\n\n',
        '',
        ' ',
        '…',
      ),
    )
    .map((text) => truncate(text, max));

const instant = fc.integer({ min: now - 400 * 86_400_000, max: now });
const flagArbitrary: fc.Arbitrary<FlagContent> = fc.record({
  flagId: fc.uuid(),
  rule: nasty(60),
  kind: fc.constantFrom('risk', 'opportunity'),
  severity: fc.constantFrom('low', 'medium', 'high', 'critical'),
  title: nasty(textLimits.title),
  reason: nasty(textLimits.reason),
  openedAt: instant,
  evidence: fc.array(
    fc.record({
      eventId: fc.uuid(),
      type: fc.constant('email.received' as const),
      at: instant,
      note: nasty(textLimits.note),
      url: fc.option(
        fc.oneof(
          fc.webUrl({ withQueryParameters: true }),
          fc.string(),
          fc.constant(`https://example.com/${'a'.repeat(3_000)}`),
        ),
      ),
    }),
    { maxLength: 3 },
  ),
  moreEvidence: fc.nat(20),
  clears: nasty(textLimits.clears),
  nextStep: nasty(textLimits.nextStep),
  status: fc.constantFrom('open', 'claimed', 'snoozed'),
  by: fc.option(fc.oneof(fc.constant('U0MAYA'), nasty(60))),
  until: fc.option(instant),
  doubted: fc.boolean(),
});
const settledArbitrary = fc.record({
  flagId: fc.uuid(),
  rule: nasty(60),
  title: nasty(textLimits.title),
  how: fc.constantFrom('cleared' as const, 'not_a_risk' as const, 'corrected' as const),
  by: fc.option(nasty(60)),
  at: instant,
  because: fc.option(nasty(textLimits.because)),
});
const accountArbitrary = fc.record({
  accountId: fc.uuid(),
  name: nasty(textLimits.accountName),
  url: fc.webUrl(),
  stage: fc.option(nasty(40)),
  health: fc.option(fc.integer({ min: 0, max: 100 })),
  owner: fc.option(fc.record({ email: nasty(254), name: fc.option(nasty(60)) })),
  renewalAt: fc.option(fc.integer({ min: now, max: now + 400 * 86_400_000 })),
  value: fc.option(fc.nat()),
  currency: fc.option(fc.constant('EUR')),
});

const common = {
  routeNote: fc.option(nasty(300)),
  sampleData: fc.boolean(),
  timezone: fc.constantFrom('UTC', 'Asia/Kolkata'),
};
const messageArbitrary: fc.Arbitrary<AccountContent> = fc
  .record({
    kind: fc.constant('account' as const),
    account: accountArbitrary,
    flags: fc.array(flagArbitrary, { maxLength: 12 }),
    settled: fc.array(settledArbitrary, { maxLength: 6 }),
    ...common,
  })
  .map((content) => ({ ...content, resolved: content.flags.length === 0 }));
const digestArbitrary: fc.Arbitrary<DigestContent> = fc.record({
  kind: fc.constant('digest' as const),
  occasion: fc.constantFrom('first' as const, 'morning' as const),
  owner: fc.option(fc.record({ email: nasty(254), name: fc.option(nasty(60)) })),
  accounts: fc.array(
    fc.record({
      account: accountArbitrary,
      flags: fc.array(flagArbitrary, { maxLength: 5 }),
      settled: fc.array(settledArbitrary, { maxLength: 4 }),
    }),
    { maxLength: 60 },
  ),
  at: instant,
  ...common,
});

describe('G7: whatever the content, Slack takes the message', () => {
  test('messages of an account', () => {
    fc.assert(
      fc.property(messageArbitrary, (content) => {
        const { text, blocks } = accountMessage(content, now);
        expect(refused(blocks)).toBeUndefined();
        expect(text.length).toBeGreaterThan(0);
        expect(text.length).toBeLessThanOrEqual(300);
      }),
      { seed, numRuns: 300 },
    );
  });

  test('digests', () => {
    fc.assert(
      fc.property(digestArbitrary, (content) => {
        const { text, blocks } = digestMessage(content, now);
        expect(refused(blocks)).toBeUndefined();
        expect(text.length).toBeGreaterThan(0);
      }),
      { seed, numRuns: 100 },
    );
  });

  test('replies and notices', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            change: fc.constantFrom('opened' as const, 'cleared' as const),
            title: nasty(100),
            text: fc.option(nasty(300)),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        fc.boolean(),
        (changes, resolved) => {
          expect(refused(render({ kind: 'reply', changes, resolved }, now).blocks)).toBeUndefined();
        },
      ),
      { seed, numRuns: 100 },
    );
  });
});

describe('R16: text of others stays text', () => {
  test('no mention, link or broadcast that was not ours comes out', () => {
    fc.assert(
      fc.property(messageArbitrary, (content) => {
        const { text, blocks } = accountMessage(content, now);
        const fields: string[] = [text];
        JSON.stringify(blocks, (_key: string, value: unknown) => {
          if (
            typeof value === 'object' &&
            value !== null &&
            'type' in value &&
            value.type === 'mrkdwn' &&
            'text' in value
          )
            fields.push(String(value.text));
          return value;
        });
        for (const field of fields) {
          const ours = field.replaceAll(/<(@[UW][A-Z0-9]+|https?:\/\/[^<>|]+\|[^<>]*)>/g, '');
          expect(ours).not.toMatch(/[<>]/);
          expect(ours).not.toMatch(/&(?!amp;|lt;|gt;)/);
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  test('control: without escaping, a subject pages the whole channel', () => {
    const subject = '<!channel> free money';
    expect(escapeText(subject)).toBe('&lt;!channel&gt; free money');
    expect(subject).toMatch(/<!channel>/);
  });

  test('an address that is none, or would end the link early, is no link', () => {
    expect(link('javascript:alert(1)', 'x')).toBe('x');
    expect(link('https://a.example/|<!here>', 'x')).toBe('x');
    expect(link('https://a.example/?a=1&b=2', 'a > b')).toBe('<https://a.example/?a=1&amp;b=2|a &gt; b>');
  });

  test('lines that do not fit are left out, and that is said', () => {
    expect(fitLines(['one', 'two', 'x'.repeat(50)], 20)).toBe('one\ntwo\n…');
  });
});

test('a renewal date without a time of day is that day, west of Greenwich too', () => {
  const account = { name: 'Aster', url: 'https://waymark.example', stage: null, health: null, owner: null };
  const head = (timezone: string, renewalAt: number) =>
    headParts({ ...account, accountId: 'a', renewalAt, value: null, currency: null }, { now, timezone });
  const date = Date.UTC(2026, 5, 30);
  expect(head('America/Los_Angeles', date)).toEqual(['renews 30 Jun']);
  expect(head('Asia/Tokyo', date)).toEqual(['renews 30 Jun']);
  expect(head('America/Los_Angeles', date + 3_600_000)).toEqual(['renews 29 Jun']);
});
