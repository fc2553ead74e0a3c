import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readConfiguration, type Configuration } from '@waymark/server';

const kept = z.object({ urls: z.record(z.string(), z.string()) });

/**
 * The configuration of a command. A home that holds the sandbox is sample data: what it connects to is the sandbox, also when it is not
 * running, so that nothing of it is ever sent to a real provider.
 */
export function commandConfiguration(env: Readonly<Record<string, string | undefined>>): Configuration {
  const configuration = readConfiguration(env);
  const sandbox = sandboxOf(configuration.home);
  if (!sandbox) return configuration;
  const own = Object.entries(configuration.providerUrls).filter(([, url]) => url !== undefined);
  return { ...configuration, providerUrls: { ...sandbox, ...Object.fromEntries(own) } };
}

function sandboxOf(home: string): Readonly<Record<string, string>> | undefined {
  let text: string;
  try {
    text = readFileSync(join(home, 'sandbox', 'sandbox.json'), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = kept.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data.urls : undefined;
}
