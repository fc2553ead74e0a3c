import { expect, test } from 'vitest';
import { classifyGoogle } from './google-fault.ts';

const served = Date.UTC(2026, 9, 1, 9);

function refused(
  status: number,
  reason: string,
  path = '/gmail/v1/users/me/messages',
  headers: Readonly<Record<string, string>> = {},
  message = 'Refused',
) {
  return {
    message,
    status,
    config: { url: `https://www.googleapis.com${path}` },
    response: {
      status,
      data: { error: { code: status, message, errors: [{ reason }] } },
      headers: new Headers({ date: new Date(served).toUTCString(), ...headers }),
    },
  };
}

const events = '/calendar/v3/calendars/ana%40vendor.example/events';

test.each([
  ['A1', refused(404, 'notFound', '/gmail/v1/users/me/history'), 'cursor-expired'],
  ['A4', refused(410, 'fullSyncRequired', events), 'cursor-expired'],
  ['A4', refused(410, 'updatedMinTooLongAgo', events), 'cursor-expired'],
  ['A6', refused(400, 'invalidParameter', events, {}, 'Invalid sync token value.'), 'cursor-expired'],
  ['A12', refused(404, 'notFound', '/gmail/v1/users/me/messages/18f0'), 'record-gone'],
  ['A12', refused(410, 'deleted', `${events}/abc`), 'record-gone'],
  ['a calendar that is no longer shared', refused(404, 'notFound', events), 'rejected'],
  ['F1', refused(403, 'rateLimitExceeded'), 'rate-limited'],
  ['F1', refused(403, 'quotaExceeded'), 'rate-limited'],
  ['F1', refused(429, 'tooManyConcurrent'), 'rate-limited'],
  ['E6', refused(403, 'insufficientPermissions'), 'scope-missing'],
  ['a forbidden calendar', refused(403, 'forbidden'), 'rejected'],
  ['a bad request', refused(400, 'badRequest'), 'rejected'],
  ['a server that fails', refused(500, 'backendError'), 'transient'],
  ['a timeout', refused(408, 'timeout'), 'transient'],
] as const)('%s', (_name, error, kind) => {
  expect(classifyGoogle(error).kind).toBe(kind);
});

const wait = (value: string) => {
  const fault = classifyGoogle(refused(429, 'rateLimitExceeded', undefined, { 'retry-after': value }));
  return 'retryAfterMs' in fault ? fault.retryAfterMs : undefined;
};

test('Retry-After is honored in seconds and as a date, and never beyond an hour', () => {
  expect(wait('7')).toBe(7_000);
  expect(wait(new Date(served + 30_000).toUTCString())).toBe(30_000);
  expect(wait('99999999')).toBe(3_600_000);
  expect(wait('soon')).toBeUndefined();
});

test('D10: a daily quota is over until midnight in California', () => {
  expect(classifyGoogle(refused(403, 'dailyLimitExceeded'))).toMatchObject({
    kind: 'quota-exhausted',
    resumeAt: Date.UTC(2026, 9, 2, 7),
  });
});

test('E2: only invalid_grant is a dead grant; a 401 is a bad token', () => {
  expect(classifyGoogle(refused(401, 'authError')).kind).toBe('token-expired');
  expect(classifyGoogle({ message: 'invalid_grant', status: 400 }).kind).toBe('auth-revoked');
  expect(
    classifyGoogle({
      message: 'invalid_client',
      status: 401,
      response: { status: 401, data: { error: 'invalid_client' } },
    }).kind,
  ).toBe('token-expired');
});

test('I7: a message never holds a token', () => {
  const { message } = classifyGoogle(new Error('refused Bearer abc.def and ya29.secret-token-1'));
  expect(message).not.toMatch(/abc\.def|secret/);
});
