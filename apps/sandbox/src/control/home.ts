import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { liveStateSchema } from '../company/live-state.ts';
import { stackNames } from '../company/stack.ts';
import { writeAtomically } from '../front/journal.ts';

/** An older home lacks the services that came later: they start from the sample. */
const urls = z.looseObject({ google: z.string(), hubspot: z.string(), slack: z.string(), control: z.string() });
const ports = z.strictObject({
  google: z.int(),
  hubspot: z.int(),
  slack: z.int(),
  control: z.int(),
  microsoft: z.int().optional(),
  salesforce: z.int().optional(),
  zendesk: z.int().optional(),
});

const keptSchema = z.strictObject({
  pid: z.int(),
  seed: z.int(),
  stack: z.enum(stackNames).default('google-hubspot'),
  /** Epoch milliseconds at which the sample ends. */
  anchor: z.number(),
  urls,
  ports,
  /** Where live mode is, once it ran. */
  live: liveStateSchema.optional(),
});

/** What `<home>/sandbox.json` holds. */
export type KeptSandbox = z.infer<typeof keptSchema>;

/** Raised when another sandbox already runs on this home. */
export class SandboxRunningError extends Error {
  readonly code = 'sandbox_running';

  constructor(home: string, pid: number) {
    super(`A sandbox already runs on ${home} as process ${pid}; stop it or give another --home.`);
  }
}

/** Raised when the kept file cannot be understood. */
export class HomeUnreadableError extends Error {
  readonly code = 'home_unreadable';

  constructor(file: string, cause: unknown) {
    super(`${file} is not readable as a sandbox's home; remove the folder to start from the sample again.`, { cause });
  }
}

const fileOf = (home: string): string => join(home, 'sandbox.json');

/** What an earlier run left in its home, or undefined. Throws HomeUnreadableError. */
export async function readHome(home: string): Promise<KeptSandbox | undefined> {
  let text: string;
  try {
    text = await readFile(fileOf(home), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new HomeUnreadableError(fileOf(home), error);
  }
  try {
    return keptSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new HomeUnreadableError(fileOf(home), error);
  }
}

/** Writes the home's file so that a crash leaves the old one or the new one. */
export async function writeHome(home: string, kept: KeptSandbox): Promise<void> {
  await mkdir(home, { recursive: true });
  await writeAtomically(fileOf(home), `${JSON.stringify(kept, null, 2)}\n`);
}

/**
 * Refuses a home on which another sandbox runs: its process lives and answers at its address, or listens there and is too busy to
 * answer. A process id alone may have been given to somebody else.
 */
export async function refuseRunning(home: string, kept: KeptSandbox): Promise<void> {
  if (kept.pid === process.pid || !isLiving(kept.pid)) return;
  try {
    const answer = await fetch(`${kept.urls.control}/status`, { signal: AbortSignal.timeout(800) });
    const status = z.looseObject({ pid: z.int() }).safeParse(await answer.json());
    if (!status.success || status.data.pid !== kept.pid) return;
  } catch (error) {
    // Nobody listens there, so nobody runs.
    if (!(error instanceof DOMException && error.name === 'TimeoutError')) return;
  }
  throw new SandboxRunningError(home, kept.pid);
}

/** Whether there is a process of this number, whosever it is. */
export function isLiving(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, but somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
