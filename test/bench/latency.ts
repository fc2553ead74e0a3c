import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { contentUuid } from '@waymark/journey';
import { openWaymark, readConfiguration, startServer } from '@waymark/server';
import { readSettings, upsertMember, writeSettings } from '@waymark/store';
import { prepareSample } from '../../apps/cli/src/demo/prepare.ts';
import { untilSteady } from '../../apps/cli/src/demo/steady.ts';
import { inHome } from './bench-home.ts';
import { traceOf } from './latency-trace.ts';
import { percentile, size, type BenchRow } from './measure.ts';
import type { Ask, Tell } from './outside.ts';

/**
 * From a change in the CRM to the alert in Slack: a signed webhook, the durable hint, the read it asks for, match, fold, plan and post, at
 * 100 changes a second over 200 channels with the sandbox's caps lifted. The clock is the outside world's.
 */
export async function latency(): Promise<BenchRow> {
  const accounts = size('WAYMARK_BENCH_ALERTS', 1000);
  // A hundred a second over a hundred channels is what a channel takes, one a second: half as much leaves its pace out of the figure.
  const channels = size('WAYMARK_BENCH_CHANNELS', 200);
  const perSecond = size('WAYMARK_BENCH_RATE', 100);
  const outside = fork(fileURLToPath(new URL('./outside.ts', import.meta.url)), [String(accounts), String(channels)]);
  const ask = (message: Ask) => outside.send(message);
  try {
    const ready = await told(outside, 'ready');
    return await inHome('latency', async (home) => {
      const configuration = readConfiguration({
        WAYMARK_HOME: home,
        WAYMARK_PORT: '0',
        WAYMARK_GOOGLE_URL: ready.urls.google,
        WAYMARK_HUBSPOT_URL: ready.urls.hubspot,
        WAYMARK_SLACK_URL: ready.urls.slack,
        WAYMARK_RATE_SCALE: '500',
        WAYMARK_POLL_SECONDS: '3600',
        WAYMARK_LOG: 'error',
      });
      const waymark = await openWaymark(configuration);
      const server = await startServer(waymark, { roles: new Set(['http', 'workers', 'bot']) });
      try {
        const workspace = await prepareSample(waymark, server, ready.urls, { people: 0, historyDays: 90 });
        const { workspaceId } = workspace;
        await waymark.database.inWorkspace(workspaceId, async (tx) => {
          const csms = Array.from({ length: channels }, (_, at) => `csm-${at}@bench.example`);
          const alertRoutes = csms.map((csmEmail, at) => ({ csmEmail, channel: `#bench-${at}` }));
          await writeSettings(tx, { ...(await readSettings(tx)), alertRoutes }, waymark.now());
          // Nobody's direct message: their alerts go to the channels.
          for (const email of csms) {
            const memberId = contentUuid('member', workspaceId, email);
            await upsertMember(tx, { memberId, email, name: null, crmOwnerId: null, active: false }, waymark.now());
          }
        });
        await untilSteady(waymark, server, workspace, { startedAt: waymark.now(), limitMs: 600_000 });
        ask({ ask: 'go', perSecond, patienceMs: 60_000 });
        const done = await told(outside, 'done');
        const seen = done.changes.flatMap(({ madeAt, seenAt }) => (seenAt === null ? [] : [seenAt - madeAt]));
        const [p50, p99] = [percentile(seen, 0.5), percentile(seen, 0.99)];
        return {
          row: 'latency',
          setting: { alerts: accounts, channels, 'a second': perSecond, webhooks: JSON.stringify(done.answers) },
          figures: [
            { name: 'p50', value: p50, unit: 'ms' },
            { name: 'p99', value: p99, unit: 'ms', aim: '< 50', met: p99 < 50 },
            { name: 'alerts seen', value: seen.length, unit: '', aim: `${accounts}`, met: seen.length === accounts },
            { name: 'time for all', value: done.spanMs / 1000, unit: 's' },
            ...(await traceOf(waymark.database, workspaceId, done.changes)),
          ],
        };
      } finally {
        await server.close();
        await waymark.close();
      }
    });
  } finally {
    if (outside.connected) ask({ ask: 'end' });
    if (outside.exitCode === null) await once(outside, 'exit');
  }
}

/** Waits for a word of the outside world; throws where it ends without it. */
async function told<T extends Tell['tell']>(child: ChildProcess, what: T): Promise<Extract<Tell, { tell: T }>> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('The outside world ended too early; see its output above.'));
    const heard = (message: Tell) => {
      if (!isTell(message, what)) return;
      child.off('message', heard);
      child.off('exit', ended);
      resolve(message);
    };
    child.on('message', heard);
    child.once('exit', ended);
  });
}

function isTell<T extends Tell['tell']>(message: Tell, what: T): message is Extract<Tell, { tell: T }> {
  return message.tell === what;
}
