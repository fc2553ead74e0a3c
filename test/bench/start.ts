import { chmod } from 'node:fs/promises';
import { z } from 'zod';
import { startWaymark } from '../e2e/waymark-process.ts';
import { inHome } from './bench-home.ts';
import { median, size, type BenchRow } from './measure.ts';

const said = z.object({
  timings: z.object({ firstAlert: z.number(), steady: z.number() }),
  alerts: z.object({ posted: z.number() }),
  events: z.object({ total: z.number() }),
});

/**
 * `npm start` on a new home with everything installed: from the start of the process to the first alert in Slack, and to the first steady
 * state, with the sandbox's own start, consent, twelve months of history, folds and write-back in between.
 */
export async function start(): Promise<BenchRow> {
  const runs = size('WAYMARK_BENCH_STARTS', 3);
  const times = { firstAlert: [] as number[], steady: [] as number[] };
  let last: z.infer<typeof said> | undefined;
  for (let run = 0; run < runs; run += 1) {
    last = await inHome('start', async (home) => {
      await chmod(home, 0o711);
      const spawnedAt = performance.now();
      const { child, ended } = startWaymark(['demo', '--once', '--json'], { WAYMARK_HOME: home, WAYMARK_PORT: '0' });
      // Its own clock starts when its modules are loaded, which its first word tells.
      const loaded = new Promise<number>((resolve) => {
        child.stderr?.once('data', () => resolve((performance.now() - spawnedAt) / 1000));
        child.once('exit', () => resolve(0));
      });
      const end = await ended;
      if (end.code !== 0) throw new Error(`The start ended with ${end.code}: ${end.stderr.slice(-2000)}`);
      const report = said.parse(JSON.parse(end.stdout));
      const before = await loaded;
      times.firstAlert.push(before + report.timings.firstAlert);
      times.steady.push(before + report.timings.steady);
      return report;
    });
  }
  const [alert, steady] = [median(times.firstAlert), median(times.steady)];
  return {
    row: 'start',
    setting: { runs, events: last?.events.total ?? 0, alerts: last?.alerts.posted ?? 0 },
    figures: [
      { name: 'to the first alert', value: alert, unit: 's' },
      { name: 'to the first steady state', value: steady, unit: 's', aim: '< 90', met: steady < 90 },
    ],
    runs: times,
  };
}
