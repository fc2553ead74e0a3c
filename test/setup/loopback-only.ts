import nock from 'nock';
import { afterEach } from 'vitest';

// A connector's test that misses its fixture must fail, not ask the vendor. Loopback stays open for local servers.
nock.disableNetConnect();
nock.enableNetConnect(/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/);

afterEach(() => {
  nock.cleanAll();
});
