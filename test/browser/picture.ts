import { parseArgs } from 'node:util';
import { launchBrowser } from './browser.ts';

const usage = 'Usage: node test/browser/picture.ts <address> <file.png> [--width N] [--height N]';

/** Takes a picture of a page of a running `npm start`, for the README. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { width: { type: 'string', default: '1280' }, height: { type: 'string', default: '900' } },
  });
  const [address, path] = positionals;
  if (address === undefined || path === undefined) throw new Error(usage);
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: Number(values.width), height: Number(values.height) } });
    await page.goto(address);
    await page.screenshot({ path });
  } finally {
    await browser.close();
  }
}

await main();
