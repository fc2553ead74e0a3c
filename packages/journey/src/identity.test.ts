import { describe, expect, it } from 'vitest';
import { mailIdentity } from './identity.ts';

const at = Date.UTC(2026, 8, 1, 9);
const mail = (more: Partial<Parameters<typeof mailIdentity>[0]> = {}) =>
  mailIdentity({ messageId: '<m1@acme.example>', from: 'zoe@acme.example', occurredAt: at, fallback: 'x', ...more });

describe('the identity of a mail', () => {
  it('B1: is the same for every copy, whatever brackets, case of the domain or hour of arrival it carries', () => {
    const copies = [
      mail(),
      mail({ messageId: ' m1@ACME.example ' }),
      mail({ from: 'Zoe@Acme.example' }),
      mail({ occurredAt: at + 3_600_000, fallback: 'another copy' }),
    ];
    expect(new Set(copies).size).toBe(1);
  });

  it('B5: one Message-ID of two senders is two mails, as lists and gateways use an id again', () => {
    expect(mail({ from: 'list@lists.example' })).not.toBe(mail());
  });

  it('B5: without a Message-ID sender, minute and subject tell mails apart', () => {
    const bare = { messageId: undefined, fallback: 'renewal' };
    expect(mail({ ...bare, occurredAt: at + 59_000 })).toBe(mail(bare));
    const others = [{ from: 'tom@acme.example' }, { occurredAt: at + 60_000 }, { fallback: 'another' }];
    for (const other of others) expect(mail({ ...bare, ...other })).not.toBe(mail(bare));
  });
});
