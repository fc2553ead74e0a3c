import { Command } from 'commander';
import { whatIf, type WhatIf, type WhatIfAccount } from '@waymark/server';
import { readDefinitionText } from '../definition-text.ts';
import { chooseWorkspace, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';

/** `waymark whatif <definition>`: what would differ from now if a definition were in force; stores nothing. */
export function whatIfCommand(): Command {
  return new Command('whatif')
    .description('List accounts, stages, flags and CRM fields that would differ with a definition; changes nothing')
    .argument('<definition>', 'a journey definition file, or the name of a shipped template')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (file: string, options: { readonly workspace?: string; readonly json?: boolean }) => {
      const output = createOutput(options.json === true);
      const definition = await readDefinitionText(file);
      await withWaymark(async (waymark) => {
        const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
        const result = await whatIf(waymark, workspaceId, definition);
        output.result(result, () => whatIfText(result));
      });
    });
}

function whatIfText({ definition, inForce, accounts, differing, fields, totals }: WhatIf): string {
  const name = `${definition.id} version ${definition.version} (${definition.digest.slice(0, 12)})`;
  const than = inForce
    ? `version ${inForce.version} (${inForce.digest.slice(0, 12)}), in force`
    : 'no such journey, now';
  if (differing.length === 0 && fields.length === 0)
    return `${name} against ${than}: nothing would differ for ${accounts} accounts.`;
  return [
    `${name} against ${than}: ${differing.length} of ${accounts} accounts would differ.`,
    `${totals.stages} stages, ${totals.flagsOpened} flags opened, ${totals.flagsWithdrawn} withdrawn, ${totals.health} health scores, ${totals.fields} CRM fields. Nothing was changed.`,
    ...(totals.byRule.length === 0
      ? []
      : [
          '',
          table(
            ['rule', 'opened', 'withdrawn'],
            totals.byRule.map((one) => [one.rule, one.opened, one.withdrawn]),
          ),
        ]),
    ...(differing.length === 0
      ? []
      : [
          '',
          table(['account', 'csm', 'stage', 'flags', 'health'], differing.map(accountRow)),
          '+ would be opened, - withdrawn, ~ told otherwise.',
        ]),
    ...(fields.length === 0
      ? []
      : [
          '',
          table(
            ['account', 'record', 'property', 'holds', 'would hold'],
            fields.map((one) => [
              one.name,
              one.externalId,
              one.property,
              one.before === null ? '(unknown)' : one.before === '' ? '(blank)' : one.before,
              one.after ?? '(not decided)',
            ]),
          ),
        ]),
  ].join('\n');
}

function accountRow(one: WhatIfAccount): readonly string[] {
  const flags = [
    ...one.opened.map((flag) => `+${flag.rule}`),
    ...one.withdrawn.map((flag) => `-${flag.rule}`),
    ...one.changed.map(({ after }) => `~${after.rule}`),
  ];
  return [
    one.name,
    one.csm ?? '',
    one.stage ? `${one.stage.before ?? 'none'} to ${one.stage.after ?? 'none'}` : '',
    flags.join(' '),
    one.health ? `${one.health.before ?? '-'} to ${one.health.after ?? '-'}` : '',
  ];
}
