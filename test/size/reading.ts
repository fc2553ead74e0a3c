import type { ServerProcess } from '../faults/server-process.ts';
import { truthOf } from './bulk.ts';
import type { SizeRig, Start } from './size-rig.ts';
import { judgeSize } from './verdict.ts';
import { openLookout, watch, type Sample } from './watch.ts';

/** How a reading with kills ended. */
export interface Reading {
  /** Whether each planned kill hit. */
  readonly hits: readonly { readonly stopAt: string; readonly hit: boolean; readonly done: number }[];
  /** What the last process was like, which nobody killed. */
  readonly last: readonly Sample[];
  readonly peakMb: number;
  readonly faults: readonly string[];
  /** Messages that the provider was asked for, over all processes. */
  readonly mailReads: number;
}

/** Reads the whole world with a process that is killed at each of the instants, then lets one end, and judges what is there. */
export async function readThrough(
  rig: SizeRig,
  kills: readonly string[],
  options: {
    readonly mailboxes: number;
    readonly limitMs: number;
    readonly heapMb?: number;
    readonly everyMs?: number;
    readonly say?: (line: string) => void;
  },
): Promise<Reading> {
  const { say = () => undefined, limitMs, everyMs = 500 } = options;
  const how: Start = options.heapMb === undefined ? {} : { heapMb: options.heapMb };
  const hits: { stopAt: string; hit: boolean; done: number }[] = [];
  let peakMb = 0;
  let server: ServerProcess | undefined;
  const tell = (sample: Sample) => {
    peakMb = Math.max(peakMb, sample.rssMb);
    say(lineOf(sample));
  };
  try {
    for (const stopAt of kills) {
      server = await rig.start({ ...how, stopAt });
      const died = await untilDead(rig, server, { everyMs, limitMs, tell });
      hits.push({ stopAt, ...died });
      say(`${stopAt}: ${died.hit ? 'killed' : 'not passed'} after ${died.done} records`);
      if (!died.hit) await server.kill();
    }
    server = await rig.start(how);
    await server.ready();
    const lookout = await openLookout(rig.home);
    try {
      const last = await watch(lookout, server, { everyMs, limitMs, say: tell });
      if (!server.isAlive()) throw new Error(`Waymark ended by itself: ${server.output().slice(-3000)}`);
      const faults = await lookout.inside((tx) => judgeSize(tx, truthOf(rig.sandbox, options.mailboxes)));
      await server.stop();
      return { hits, last, peakMb, faults: [...faults, ...doublePosts(rig)], mailReads: mailReads(rig) };
    } finally {
      await lookout.close();
    }
  } finally {
    if (server?.isAlive()) await server.kill();
  }
}

async function untilDead(
  rig: SizeRig,
  server: ServerProcess,
  options: { readonly everyMs: number; readonly limitMs: number; readonly tell: (sample: Sample) => void },
): Promise<{ readonly hit: boolean; readonly done: number }> {
  // It may die before it is ready: the first sweep does not wait for anybody.
  await Promise.race([server.ready().catch(() => undefined), server.ended]);
  const lookout = await openLookout(rig.home);
  try {
    const samples = await watch(lookout, server, { ...options, say: options.tell });
    const done = samples.at(-1)?.done ?? 0;
    if (server.isAlive()) return { hit: false, done };
    const ending = await server.ended;
    if (ending.signal !== 'SIGKILL')
      throw new Error(`Waymark ended by itself (${ending.code}): ${server.output().slice(-3000)}`);
    return { hit: true, done };
  } finally {
    await lookout.close();
  }
}

/** Alerts that stand in Slack more than once. */
export function doublePosts({ sandbox }: SizeRig): readonly string[] {
  const slack = sandbox.slack.handle;
  const posts = new Map<unknown, number>();
  for (const { channel, ts } of slack.posted()) {
    const alert = slack.workspace.message(channel, ts)?.metadata?.event_payload['alert_id'];
    posts.set(alert, (posts.get(alert) ?? 0) + 1);
  }
  return [...posts].flatMap(([alert, times]) =>
    times > 1 ? [`alert ${String(alert)} was posted ${times} times`] : [],
  );
}

/** Units that Gmail counted, as messages: listing and history are a small part of it. */
export function mailReads({ sandbox }: SizeRig): number {
  const users = sandbox.google.handle.peaks().filter(({ key }) => key.startsWith('gmail:user:'));
  return Math.round(users.reduce((sum, { cost }) => sum + cost, 0) / 20);
}

const lineOf = ({ atMs, done, expected, rssMb, open }: Sample): string =>
  `${(atMs / 1000).toFixed(0).padStart(5)} s  ${String(done).padStart(7)} read${expected > 0 ? ` of at least ${expected}` : ''}  ${rssMb.toFixed(0).padStart(4)} MB  ${open} to do`;
