import { describe, expect, it } from 'vitest';
import { classify } from './classify.ts';

/** What Entra's token endpoint answers when it will not renew a grant. */
const refusal = (number: number) => ({
  error: 'invalid_grant',
  error_codes: [number],
  error_description: `AADSTS${number}: The provided grant is no longer good. Trace ID: 00000000.`,
});

describe('what Entra refuses', () => {
  // https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
  it.each([
    [50_173, 'the password was changed'],
    [70_043, 'the sign-in frequency'],
    [700_082, 'it was not used for 90 days'],
    [65_001, 'the consent was withdrawn'],
  ])('E5: AADSTS%i is a dead grant, with its reason in words and what to do', (number, reason) => {
    const fault = classify(refusal(number));
    expect(fault.kind).toBe('auth-revoked');
    expect(fault.message).toContain(reason);
    expect(fault.message).toContain('Connect the account again');
  });

  it('E5: a reason that is not known is a dead grant too; another refusal of the endpoint is none', () => {
    expect(classify(refusal(999_999)).kind).toBe('auth-revoked');
    expect(classify({ error: 'temporarily_unavailable', error_codes: [90_033] }).kind).toBe('transient');
  });
});
