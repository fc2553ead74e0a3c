import { expect, it } from 'vitest';
import { unknownFault } from './fault.ts';

it('says that a provider cannot be reached where the network says so, and never what was sent', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const sent = new TypeError('fetch failed with token hush', { cause: refused });
  expect(unknownFault(sent, 'HubSpot')).toEqual({
    kind: 'transient',
    message: 'HubSpot cannot be reached (ECONNREFUSED)',
  });
  expect(unknownFault(refused, 'HubSpot').message).toBe('HubSpot cannot be reached (ECONNREFUSED)');
  expect(unknownFault(new TypeError('hush'), 'HubSpot').message).toBe('TypeError on a call to HubSpot');
  expect(unknownFault('hush', 'HubSpot').message).toBe('An unknown fault on a call to HubSpot');
});
