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
