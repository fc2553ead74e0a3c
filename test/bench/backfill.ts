import { setTimeout as sleep } from 'node:timers/promises';
import { gmail } from '@waymark/connector-gmail';
import { createSealer, createWorkspace, openDatabase } from '@waymark/store';
import { connectMailbox, startGoogle } from '../import/mailbox.ts';
import { inHome } from './bench-home.ts';
import { size, type BenchRow } from './measure.ts';

const minute = 60_000;
/** The part of a provider's cap that we allow ourselves. */
const share = 0.85;

/**
 * Backfill of a mailbox under the vendor's own cap (6,000 units a minute and user), as the sandbox counts it: how much of our budget is
 * used over whole minutes from the first call on, and the highest use in any rolling minute.
 */
export async function backfill(): Promise<BenchRow> {
  const minutes = size('WAYMARK_BENCH_MINUTES', 3);
  const bucket = gmail.manifest.buckets['mailbox'];
  if (!bucket) throw new Error('The gmail connector names its bucket otherwise now: change this row.');
  const budget = bucket.units * share;
  return inHome('backfill', async (home) => {
    // The sandbox counts by the clock on the wall.
    const clock = {
      get now() {
        return Date.now();
      },
    };
    const google = await startGoogle({ caps: 'vendor', clock });
    const database = await openDatabase({ home });
    try {
      const user = 'ana@vendor.example';
      const mails = Math.ceil((budget / (bucket.unitsPerCall ?? 1)) * (minutes + 1));
      for (let at = 0; at < mails; at += 1) {
        const sentAt = clock.now - (at + 1) * 3_600_000;
        google.handle.addMail(user, {
          messageId: `m${at}@client.example`,
          from: { address: `zoe@client${at % 40}.example` },
          to: [{ address: user }],
          subject: `Mail ${at}`,
          body: 'Hello',
          at: sentAt,
        });
      }
      const sealer = createSealer({ database, masterKey: Buffer.alloc(32, 7) });
      const settings = { ownDomains: ['vendor.example'], historyDays: 365 };
      const { workspaceId } = await createWorkspace(
        database,
        sealer,
        { slug: 'bench', name: 'Bench', settings },
        clock.now,
      );
      const limits = { share, scale: () => 1 };
      const mailbox = await connectMailbox({ google, database, sealer, workspaceId, user, limits });
      const stop = new AbortController();
      const use = () => google.handle.peaks().find(({ key }) => key.startsWith('gmail:user:'));
      const run = mailbox.run(stop.signal).catch(() => undefined);
      while (!use()) await sleep(2);
      await sleep(minutes * minute - 50);
      const seen = use();
      stop.abort(new Error('measured'));
      await run;
      if (!seen) throw new Error('The sandbox saw no call.');
      const used = seen.cost / (budget * minutes);
      return {
        row: 'backfill',
        setting: { connector: 'gmail', cap: `${seen.limit} units/min`, budget: `${budget} units/min`, minutes },
        figures: [
          { name: 'of our budget', value: used, unit: 'ratio', aim: '>= 0.95', met: used >= 0.95 },
          {
            name: 'highest rolling minute',
            value: seen.peak,
            unit: 'units',
            aim: `<= ${seen.limit}`,
            met: seen.peak <= seen.limit,
          },
          { name: 'calls', value: seen.arrivals, unit: '' },
          { name: 'calls refused', value: seen.refused, unit: '', aim: '0', met: seen.refused === 0 },
        ],
      };
    } finally {
      await google.close();
      await database.close();
    }
  });
}
