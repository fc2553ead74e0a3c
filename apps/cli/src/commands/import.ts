import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { slackPlanner } from '@waymark/server';
import { importFile, linesOf } from '@waymark/sync';
import { foldAll } from '../fold-all.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
}

/** `waymark import <file.ndjson>`: CloudEvents 1.0, one a line, into the log; then folds what changed. */
export function importCommand(): Command {
  return new Command('import')
    .description('Import CloudEvents 1.0 from a file, one JSON object a line')
    .argument('<file>', 'the file, or - for standard input')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (file: string, options: Options) => {
      const output = createOutput(options.json === true);
      if (file !== '-' && !(await stat(file).catch(() => undefined))?.isFile())
        throw new CommandError(`There is no file ${file}.`);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const chunks = file === '-' ? process.stdin : createReadStream(file);
        const result = await importFile(
          {
            database: waymark.database,
            sealer: waymark.sealer,
            now: waymark.now,
            afterFold: slackPlanner(waymark),
          },
          workspace.workspaceId,
          linesOf(chunks),
          {
            onProgress: (counts) => process.stderr.isTTY && process.stderr.write(`\r${counts.lines} lines`),
          },
        );
        if (process.stderr.isTTY) process.stderr.write('\n');
        await foldAll(waymark, workspace.workspaceId);
        if (result.rejected > 0) process.exitCode = 3;
        output.result(result, () =>
          [
            `${result.lines} lines: ${result.stored} stored, ${result.merged} merged, ${result.rejected} rejected; ${result.accounts.created} accounts made.`,
            ...result.rejections.slice(0, 20).map((one) => `  line ${one.line}: ${one.reason}: ${one.detail}`),
          ].join('\n'),
        );
      });
    });
}
