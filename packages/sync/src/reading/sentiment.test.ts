import { describe, expect, it } from 'vitest';
import { toneOf, withTone } from './sentiment.ts';
import { mail } from '../testing/scripted-source.ts';

describe('the tone of a subject', () => {
  it.each([
    ['Very disappointed with the rollout', -1, 'Very disappointed'],
    ['The new export is not good at all', -1, 'not good'],
    ['John Doe is terrible', -1, 'terrible'],
    ['Terrible and, as Jane said, awful', -1, 'Terrible … awful'],
    ['Thank you, amazing work', 1, 'Thank … amazing'],
    ['We are not unhappy', 1, 'not unhappy'],
    ['Please help: the agreement was a disaster', -1, 'disaster'],
  ])('%s', (subject, sign, phrase) => {
    const tone = toneOf(subject);
    expect(tone?.phrase).toBe(phrase);
    expect(Math.sign(tone?.score ?? 0)).toBe(sign);
    expect(Math.abs(tone?.score ?? 0)).toBeLessThanOrEqual(1);
  });

  it.each([
    ['of an answer is that of another', 'Re: Amazing new offer'],
    ['of what is forwarded as well, behind marks of a help desk', '[Ticket 12] Fwd: terrible'],
    ['that nothing tells', 'Invoice 4711'],
    ['of words that name things', 'Support request: security alert, please help'],
    ['in German', 'Frage zu die Rechnung'],
    ['in French', 'La catastrophe avec le projet'],
    ['in Japanese', '請求書 terrible'],
    ['with letters of another language', 'Größe terrible'],
    ['of nothing', ''],
    ['of names that objects have', 'constructor __proto__ toString'],
  ])('%s is unknown', (_, subject) => {
    expect(toneOf(subject)).toBeNull();
  });

  it('is the same with any typography, and ends where a subject is endless', () => {
    expect(toneOf('It isn’t good')).toEqual(
      toneOf("It isn't good")?.score === undefined ? null : { ...toneOf("It isn't good") },
    );
    expect(toneOf(`bad ${'x '.repeat(10_000)}`)?.phrase).toBe('bad');
    expect((toneOf('awful '.repeat(40))?.phrase.length ?? 0) <= 80).toBe(true);
  });

  it('is noted with what a customer wrote alone, and not the subject with it', () => {
    const theirs = { ...mail('m1', 0, 'ann@a.example', 'csm@vendor.example'), direction: 'inbound' as const };
    const [told] = withTone([theirs], 'Very disappointed with Bob');
    expect(told?.attributes).toMatchObject({ sentimentPhrase: 'Very disappointed' });
    expect(JSON.stringify(told)).not.toContain('Bob');
    expect(withTone([{ ...theirs, automated: true }], 'Very disappointed')[0]?.attributes).not.toHaveProperty(
      'sentiment',
    );
    expect(withTone([{ ...theirs, direction: 'outbound' }], 'Very disappointed')[0]?.attributes).not.toHaveProperty(
      'sentiment',
    );
    expect(withTone([theirs], undefined)).toEqual([theirs]);
  });
});
