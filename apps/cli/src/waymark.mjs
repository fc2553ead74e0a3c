#!/usr/bin/env node
// The guard comes before any TypeScript: an older Node would fail on it with a message that helps nobody.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Waymark needs Node 24, this is ${process.version}. It comes with npm ci: run it through npm, as in "npm run waymark -- status",\n` +
      'or put node_modules/.bin first in PATH. If npm ci ran with --ignore-scripts, run "npm rebuild node".\n',
  );
  process.exit(1);
}
const { main } = await import('./main.ts');
await main(process.argv);
