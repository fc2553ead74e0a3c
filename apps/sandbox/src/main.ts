import { parseArgs } from 'node:util';
import { z } from 'zod';
import { stackNames } from './company/stack.ts';
import { isLiving } from './control/home.ts';
import { startSandbox, type SandboxOptions, type SandboxPorts } from './sandbox.ts';

const USAGE = `Usage: main.ts --home DIR [--live] [--caps vendor|generous] [--auto-consent] [--port-base N] [--parent PID] [--seed N] [--anchor ISO] [--stack ${stackNames.join('|')}]`;
const PARENT_POLL_MS = 500;

const settingsSchema = z.object({
  home: z.string().optional(),
  live: z.boolean(),
  caps: z.enum(['vendor', 'generous']),
  'auto-consent': z.boolean(),
  'port-base': z.coerce.number().int().min(1024).max(65_529).optional(),
  stack: z.enum(stackNames).optional(),
  parent: z.coerce.number().int().positive().optional(),
  seed: z.coerce.number().int().optional(),
  anchor: z.iso.datetime({ offset: true }).optional(),
});

function readSettings(args: readonly string[]): z.infer<typeof settingsSchema> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      home: { type: 'string' },
      live: { type: 'boolean', default: false },
      caps: { type: 'string', default: 'vendor' },
      'auto-consent': { type: 'boolean', default: false },
      'port-base': { type: 'string' },
      stack: { type: 'string' },
      parent: { type: 'string' },
      seed: { type: 'string' },
      anchor: { type: 'string' },
    },
  });
  return settingsSchema.parse(values);
}

/** Seven ports in a row; those that came later are behind, so that the first ones stay what they were. */
function portsFrom(base: number): SandboxPorts {
  return {
    google: base,
    hubspot: base + 1,
    slack: base + 2,
    control: base + 3,
    microsoft: base + 4,
    salesforce: base + 5,
    zendesk: base + 6,
  };
}

function optionsOf(settings: z.infer<typeof settingsSchema>): SandboxOptions {
  const { home, live, caps, seed, anchor, stack } = settings;
  const base = settings['port-base'];
  return {
    live,
    caps,
    autoConsent: settings['auto-consent'],
    onError: (error) => process.stderr.write(`sandbox: ${String(error)}\n`),
    ...(home === undefined ? {} : { home }),
    ...(seed === undefined ? {} : { seed }),
    ...(stack === undefined ? {} : { stack }),
    ...(anchor === undefined ? {} : { anchor: Date.parse(anchor) }),
    ...(base === undefined ? {} : { ports: portsFrom(base) }),
  };
}

const exitAtOnce = (code: number): void => process.exit(code);

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  let stop: (code: number) => void = exitAtOnce;
  let stopping = false;
  process.once('SIGTERM', () => stop(0));
  process.once('SIGINT', () => stop(0));
  const { parent } = settings;
  if (parent !== undefined) setInterval(() => isLiving(parent) || stop(0), PARENT_POLL_MS).unref();
  const sandbox = await startSandbox(optionsOf(settings));
  stop = (code) => {
    if (stopping) return;
    stopping = true;
    sandbox.close().then(
      () => process.exit(code),
      (error: unknown) => {
        process.stderr.write(`sandbox: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, urls: sandbox.urls })}\n`);
}

main().catch((error: unknown) => {
  const message =
    error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
  process.stderr.write(`sandbox: ${message}\n${USAGE}\n`);
  process.exit(2);
});
