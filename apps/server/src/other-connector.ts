import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyConnector } from '@waymark/connector-kit';

/** A package named in `WAYMARK_CONNECTORS` that cannot be used. */
export class OtherConnectorError extends Error {
  readonly code = 'OTHER_CONNECTOR';

  constructor(name: string, why: string) {
    super(`The connector ${name} of WAYMARK_CONNECTORS cannot be used: ${why}.`);
    this.name = 'OtherConnectorError';
  }
}

/** What may be a connector: nothing is known of its parts. */
type Offered = { readonly [Key in keyof AnyConnector]?: unknown };

const packageName = /^(?:@[a-z0-9][\w.-]*\/)?waymark-connector-([a-z][a-z0-9-]{0,49})$/;

/** The id that a package's name gives, and what loads it: from the folder where the server runs, or from beside the server. */
export function otherConnector(name: string): { readonly id: string; readonly load: () => Promise<AnyConnector> } {
  const id = packageName.exec(name)?.[1];
  if (id === undefined)
    throw new OtherConnectorError(name, 'give packages named waymark-connector-<id>, separated by commas');
  return { id, load: () => loadOther(name, id) };
}

async function loadOther(name: string, id: string): Promise<AnyConnector> {
  const module: unknown = await import(pathToFileURL(resolved(name)).href);
  const offered = typeof module === 'object' && module !== null ? Object.values(module) : [];
  const found = offered.find(isConnector);
  if (!found) throw new OtherConnectorError(name, 'it exports no connector (see docs/connectors.md)');
  if (found.manifest.id !== id)
    throw new OtherConnectorError(name, `its manifest says ${found.manifest.id}, its name says ${id}`);
  return found;
}

function resolved(name: string): string {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.filename]) {
    try {
      return createRequire(from).resolve(name);
    } catch {
      // Looked for in the next place.
    }
  }
  throw new OtherConnectorError(name, 'it is not installed');
}

/** Whether a value has all that the runner calls; what it does with it is the contract's to say. */
function isConnector(value: unknown): value is AnyConnector {
  if (typeof value !== 'object' || value === null) return false;
  const { manifest, settings, connect, identify, streams, classify }: Offered = value;
  const has = (of: unknown, ...keys: string[]) =>
    typeof of === 'object' && of !== null && keys.every((key) => key in of);
  return (
    has(manifest, 'id', 'name', 'auth', 'baseUrls', 'baseScopes', 'buckets', 'consoleSteps', 'crm') &&
    has(settings, 'safeParse') &&
    [connect, identify, classify].every((one) => typeof one === 'function') &&
    Array.isArray(streams) &&
    streams.length > 0 &&
    streams.every((stream: unknown) => has(stream, 'name', 'object', 'scopes', 'cursor', 'raw', 'order', 'pull', 'map'))
  );
}
