import { describe, expect, it } from 'vitest';
import { ANN, History } from '../../test/account.ts';
import { reading } from '../../test/reading.ts';

const mail = (history: History, at: number, subject: string, more = {}): History =>
  history.from(at, ANN, `t${at}`, { attributes: { threadId: `t${at}`, subject }, ...more });
const count = (history: History, at: number, words: string[]) => reading(history, at, 'subject_words', { words }).value;

describe('words of subjects', () => {
  it('are whole words or beginnings, in any case and language, and say which of them was found', () => {
    const history = mail(mail(new History(), 1, 'Cancellation of our contract'), 2, 'KÜNDIGUNG, bitte bestätigen');
    expect(count(history, 3, ['cancel'])).toBe(0);
    expect(count(history, 3, ['cancel*'])).toBe(1);
    expect(count(history, 3, ['kündig*', 'cancel*'])).toBe(2);
    expect(count(history, 3, ['our contract'])).toBe(1);
    expect(count(history, 3, ['ur contract'])).toBe(0);
    expect(count(history, 31.5, ['cancel*', 'kündigung'])).toBe(1);
    expect(reading(history, 3, 'subject_words', { words: ['kündig*'] }).evidence).toMatchObject([
      { at: expect.any(Number), note: 'The subject has “kündig*”' },
    ]);
  });

  it('count once for each subject, and never for what machines or we wrote', () => {
    const history = mail(mail(mail(new History(), 1, 'Refund'), 2, 'Re: Refund'), 3, 'AW: [Ticket 7] refund');
    expect(count(history, 4, ['refund'])).toBe(1);
    expect(count(mail(new History(), 1, 'Refund', { automated: true }), 4, ['refund'])).toBe(0);
    const ours = new History().to(1, ANN, 't', { attributes: { threadId: 't', subject: 'Your refund' } });
    expect(count(ours, 4, ['refund'])).toBe(0);
  });

  it('know nothing where subjects are not kept, and find nothing for a word without a letter', () => {
    expect(count(new History().from(1), 2, ['refund'])).toBe(0);
    expect(count(mail(new History(), 1, 'Refund'), 2, ['*!', '--'])).toBe(0);
  });
});

describe('how what they wrote sounds', () => {
  const told = (history: History, at: number, sentiment: unknown, more = {}): History =>
    history.from(at, ANN, `t${at}`, {
      attributes: {
        threadId: `t${at}`,
        sentiment,
        ...(typeof sentiment === 'number' && { sentimentPhrase: 'not good' }),
      },
      ...more,
    });
  const read = (history: History, at: number, params = {}) => reading(history, at, 'sentiment', params);

  it('is the mean of the texts with a tone, by name of the words, and unknown of few', () => {
    const history = told(told(told(new History().from(1), 2, -0.5), 3, -0.25), 4, 0.3);
    expect(read(history, 5).value).toBe(-0.15);
    expect(read(history, 5, { leastTexts: 4 }).value).toBeNull();
    expect(read(history, 5).evidence).toMatchObject([
      { note: '“not good” sounds good (0.3)' },
      { note: '“not good” sounds bad (-0.25)' },
      { note: '“not good” sounds bad (-0.5)' },
    ]);
    // Thirty days after the first of them there are two.
    expect(read(history, 31.999).value).toBe(-0.15);
    expect(read(history, 32).value).toBeNull();
  });

  it('is nothing of what machines or we wrote, or of what is no such number', () => {
    const history = told(told(told(new History(), 1, 7), 2, 'bad'), 3, -0.5, { automated: true });
    history.to(4, ANN, 't4', { attributes: { threadId: 't4', sentiment: -0.5 } });
    expect(read(history, 5, { leastTexts: 1 }).value).toBeNull();
  });

  it('is held against before by the difference of both means', () => {
    const history = new History();
    for (const at of [10, 20, 30]) told(history, at, 0.5);
    for (const at of [70, 80, 90]) told(history, at, -0.3);
    expect(reading(history, 91, 'sentiment_trend', {}).value).toBe(-0.8);
    expect(reading(history, 61, 'sentiment_trend', {}).value).toBeNull();
  });
});
