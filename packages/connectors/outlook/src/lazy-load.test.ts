import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('importing the connector does not load Microsoft’s SDK', () => {
  const script = `
    await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify(loaded.filter((file) => file.includes('microsoft-graph-client'))));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  expect(JSON.parse(output)).toEqual([]);
});
