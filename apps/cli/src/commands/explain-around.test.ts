import { expect, it } from 'vitest';
import type { Explained } from '@waymark/server';
import { aroundText } from './explain-around.ts';

const told: Pick<Explained, 'matching' | 'coverage' | 'timezone'> = {
  timezone: 'Europe/Berlin',
  matching: [{ reason: 'domain', subject: 'acme.example', events: 3, lost: [] }],
  coverage: {
    sight: { known: 4, seen: 3, unseen: [], csm: { address: 'maya@vendor.example', mailbox: 'watched' } },
    watchedFrom: Date.UTC(2026, 0, 4, 23, 30),
    gaps: [],
  },
};

it('what is of today is called so where an earlier time was asked for, and only there', () => {
  expect(aroundText({ ...told, ofToday: [] })).toBe(
    'Why its events are its own:\n  3 by domain acme.example\n\n' +
      'Coverage: mail of 3 of 4 known contacts is seen; the mailbox of maya@vendor.example is read; watched since 5 Jan 2026.\n\n',
  );
  expect(aroundText({ ...told, ofToday: ['matching', 'sight'] })).toBe(
    'Why its events are its own today (the reasons of then are not kept):\n  3 by domain acme.example\n\n' +
      'Coverage: watched since 5 Jan 2026. Today mail of 3 of 4 known contacts is seen; the mailbox of maya@vendor.example is read.\n\n',
  );
});
