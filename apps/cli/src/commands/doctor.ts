import { styleText } from 'node:util';
import { Command } from 'commander';
import { runDoctor } from '@waymark/server';
import { chooseWorkspace, withWaymark } from '../open.ts';
import { createOutput } from '../output.ts';

/** `waymark doctor`: each thing that is broken, with its fix. Ends with 1 where there is an error. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Name each thing that is broken, with its fix')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (options: { readonly workspace?: string; readonly json?: boolean }) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const findings = await runDoctor(waymark, workspace.workspaceId);
        if (findings.some((one) => one.severity === 'error')) process.exitCode = 1;
        const color = { error: 'red', warning: 'yellow', info: 'gray' } as const;
        output.result(findings, () =>
          findings.length === 0
            ? 'Nothing is wrong.'
            : findings
                .map(
                  (one) =>
                    `${styleText(color[one.severity], one.severity)} ${one.code}: ${one.message}\n  Fix: ${one.fix}`,
                )
                .join('\n'),
        );
      });
    });
}
