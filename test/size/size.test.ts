import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThrough, type Reading } from './reading.ts';
import { openSizeRig, type SizeRig } from './size-rig.ts';

const size = { mails: 2000, mailboxes: 2, records: 200 };
const pages = 6;
const points = ['page-read', 'page-stored', 'page-committed'] as const;

// A slice of what `npm run size` does with fifty times as much: real processes, SIGKILL at one page after the other.
describe('a first reading that is killed at every second of its first pages', () => {
  let folder: string;
  let rig: SizeRig;
  let reading: Reading;
  const kills = Array.from({ length: pages }, (_, at) => `${points[at % points.length]}:${2 * at + 2}`);

  beforeAll(async () => {
    folder = await temporaryHome('size');
    rig = await openSizeRig(folder, size);
    reading = await readThrough(rig, kills, { mailboxes: size.mailboxes, limitMs: 300_000, heapMb: 128 });
  }, 600_000);
  afterAll(async () => {
    await rig.close();
    await removeHome(folder);
  });

  it('I14: dies at each planned page', () => {
    expect(reading.hits.filter(({ hit }) => !hit)).toEqual([]);
  });

  it('I1, I2: holds every mail and record that the providers list, once, with the answers that its log gives', () => {
    expect(reading.faults).toEqual([]);
  });

  it('I2: goes on from the page that was stored last, rather than from the beginning', () => {
    // Each death costs two pages of each mailbox at most, the one in hand and the one read ahead, twice over for the listings and the
    // shared mails.
    const most = size.mails * 1.05 + kills.length * size.mailboxes * 2 * 100 + 200;
    expect(reading.mailReads).toBeLessThan(most);
  });
});
