import { Command, Option } from 'commander';
import { join } from 'node:path';
import { stackNames, type StackName } from '@waymark/sandbox';
import { createToken } from '@waymark/store';
import { openWaymark, readConfiguration, startServer, type Role, roles } from '@waymark/server';
import { createOutput } from '../output.ts';
import { stopPoint } from '../stop-point.ts';
import { untilStopped } from '../commands/start.ts';
import { prepareSample } from './prepare.ts';
import { ProgressBars } from './progress.ts';
import { startSandboxProcess } from './sandbox-process.ts';
import { untilSteady } from './steady.ts';
import { summaryText } from './summary.ts';

const steadyLimitMs = 10 * 60_000;

interface Options {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly stack?: StackName;
}

/** `waymark demo`, which `npm start` runs: the main job on the sandbox, watched by a person or ended at the first steady state. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('Run everything on the sandbox with its sample company')
    .option('--once', 'end at the first steady state')
    .option('--json', 'print one JSON object at the first steady state')
    .addOption(
      new Option('--stack <name>', "whose products the sample company uses; a home's own stays").choices(stackNames),
    )
    .action((options: Options) => runDemo(options));
}

async function runDemo(options: Options): Promise<void> {
  const startedAt = Date.now();
  const output = createOutput(options.json === true);
  const base = readConfiguration(process.env);
  output.note('Waymark on sample data: the sandbox plays the providers on this machine.');
  const sandbox = await startSandboxProcess(join(base.home, 'sandbox'), options.stack);
  const { control: _control, ...providerUrls } = sandbox.urls;
  const stopped = untilStopped();
  const configuration = {
    ...base,
    providerUrls,
    // The sandbox is generous so that a first look does not wait for Google's quota.
    rateScale: process.env.WAYMARK_RATE_SCALE === undefined ? 500 : base.rateScale,
    pollMs: process.env.WAYMARK_POLL_SECONDS === undefined ? 5000 : base.pollMs,
    log: process.env.WAYMARK_LOG === undefined ? ('error' as const) : base.log,
  };
  const bars = new ProgressBars(process.stderr);
  // In the order of their making; what was made is ended, also where what should follow could not be.
  const ends: (() => Promise<void>)[] = [() => sandbox.stop()];
  try {
    const waymark = await openWaymark(configuration, { point: stopPoint(configuration.stopAt) });
    ends.push(() => waymark.close());
    const server = await startServer(waymark, { roles: new Set<Role>(roles) });
    ends.push(() => server.close());
    waymark.onProgress((progress) => bars.take(progress));
    const workspace = await prepareSample(waymark, server, sandbox.urls);
    const steady = await Promise.race([
      untilSteady(waymark, server, workspace, { startedAt, limitMs: steadyLimitMs }),
      stopped.then(() => undefined),
    ]);
    bars.end();
    if (!steady) return;
    const { token } = await waymark.database.global((tx) =>
      createToken(tx, workspace.workspaceId, { expiresAt: Date.now() + 7 * 86_400_000 }),
    );
    const addresses = {
      slack: `${sandbox.urls.slack}/`,
      status: `${server.url}/?token=${token}`,
      api: `${server.url}/api`,
    };
    output.result({ ...steady.report, workspace: steady.report.workspace.slug, timings: { ...steady.timings } }, () =>
      summaryText(steady.report, steady.timings, addresses),
    );
    if (options.once !== true) {
      // Only now, so that what happens is news and not a part of the first look.
      await fetch(`${sandbox.urls.control}/live`, { method: 'POST', body: JSON.stringify({ on: true }) });
      output.note(
        '\nTime goes on in the sandbox: new mail and tickets come in. Ctrl-C stops everything; the next npm start goes on from here.',
      );
      await stopped;
      output.note('Stopping.');
    }
  } finally {
    bars.end();
    for (const end of ends.toReversed()) await end();
  }
}
