import { join } from 'node:path';
import { newConnector, NewConnectorError, registryLine } from './new-connector.ts';

const [id] = process.argv.slice(2);
const root = join(import.meta.dirname, '../../../..');

try {
  if (id === undefined) throw new NewConnectorError('Say how it is to be called: npm run new:connector my-desk');
  const files = await newConnector(id, join(root, 'packages/connectors', id));
  process.stdout.write(`packages/connectors/${id} has ${files.length} files. Next:

  1. npx vitest run packages/connectors/${id}      (it passes as it is)
  2. make it your vendor's, file by file, as docs/connectors.md goes
  3. in apps/server/package.json, dependencies:    "@waymark/connector-${id}": "0.1.0"
  4. in apps/server/src/registry.ts, the list:     ${registryLine(id)}
  5. npm install, then npm run check
`);
} catch (error) {
  if (!(error instanceof NewConnectorError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
