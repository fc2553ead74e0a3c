import nock from 'nock';
import { afterEach, expect } from 'vitest';

// A connector's test that misses its fixture must fail, not ask the vendor. Loopback stays open for local servers.
nock.disableNetConnect();
nock.enableNetConnect(/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/);

afterEach(() => {
  // A call that was expected and not made is a test that proves less than it says (H6).
  const unused = nock.pendingMocks();
  nock.cleanAll();
  expect(unused).toEqual([]);
});
