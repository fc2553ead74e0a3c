import { parseArgs } from 'node:util';
import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { seeded } from '../faults/kill-plan.ts';
import { flatness } from './flatness.ts';
import { readThrough } from './reading.ts';
import { openSizeRig } from './size-rig.ts';

const USAGE =
  'Usage: node test/size/main.ts [--mails 100000] [--mailboxes 4] [--records 50000] [--kills 6] [--heap 256] [--seed N] [--minutes 60] [--keep]';

/** Reads a large world in bounded memory with kills at random pages, and tells what was lost, doubled, how fast and how large it was. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      mails: { type: 'string', default: '100000' },
      mailboxes: { type: 'string', default: '4' },
      records: { type: 'string', default: '50000' },
      kills: { type: 'string', default: '6' },
      heap: { type: 'string', default: '256' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      minutes: { type: 'string', default: '60' },
      keep: { type: 'boolean', default: false },
    },
  });
  const [mails, mailboxes, records, kills, heapMb, seed, minutes] = [
    values.mails,
    values.mailboxes,
    values.records,
    values.kills,
    values.heap,
    values.seed,
    values.minutes,
  ].map(Number);
  const given = [mails, mailboxes, records, kills, heapMb, seed, minutes];
  if (!given.every((one) => Number.isInteger(one) && (one ?? -1) >= 0)) throw new Error(USAGE);
  const random = seeded(seed ?? 0);
  const pages = Math.ceil(((mails ?? 0) + (records ?? 0)) / 100);
  const points = ['page-read', 'page-stored', 'page-committed'] as const;
  // Each process counts from its own start, so the kills together go through a part of the whole.
  const plan = Array.from({ length: kills ?? 0 }, (_, at) => {
    const nth = 1 + Math.floor((random() * pages) / (2 * Math.max(1, kills ?? 1)));
    return `${points[at % points.length]}:${nth}`;
  });
  const folder = await temporaryHome('size');
  console.log(`seed ${seed}; kills ${plan.join(', ') || 'none'}; heap limit ${heapMb} MB; in ${folder}`);
  const rig = await openSizeRig(folder, { mails: mails ?? 0, mailboxes: mailboxes ?? 1, records: records ?? 0 });
  try {
    const startedAt = performance.now();
    const reading = await readThrough(rig, plan, {
      mailboxes: mailboxes ?? 1,
      limitMs: (minutes ?? 60) * 60_000,
      everyMs: 5000,
      say: (line) => console.log(line),
      ...(heapMb !== undefined && { heapMb }),
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const flat = flatness(reading.last);
    const done = reading.last.at(-1)?.done ?? 0;
    console.log(
      `${done} records in ${seconds.toFixed(0)} s (${(done / seconds).toFixed(0)}/s, starts and kills included); peak ${reading.peakMb.toFixed(0)} MB; first third ${flat.firstMb.toFixed(0)} MB, last third ${flat.lastMb.toFixed(0)} MB; ${reading.mailReads} mails asked for`,
    );
    const missed = reading.hits.filter(({ hit }) => !hit);
    const faults = [
      ...reading.faults,
      ...missed.map(({ stopAt }) => `${stopAt} was not passed`),
      ...(flat.isFlat ? [] : ['memory grew over the reading']),
    ];
    for (const fault of faults) console.log(`  ${fault}`);
    console.log(faults.length === 0 ? 'Nothing lost, nothing doubled.' : `${faults.length} faults.`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  } finally {
    await rig.close();
    if (!values.keep) await removeHome(folder);
  }
}

await main();
