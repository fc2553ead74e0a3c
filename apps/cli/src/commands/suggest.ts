import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { definitionInForce, runSuggest } from '@waymark/server';
import type { Suggestion } from '@waymark/lifecycle';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table } from '../output.ts';
import { readDefinitionOrActive, readDefinitionText } from '../definition-text.ts';

interface Options {
  readonly workspace?: string;
  readonly noise: string;
  readonly horizon: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** `waymark suggest [definition]`: other thresholds, tuned on the early history and measured on the later one, for a person to review. */
export function suggestCommand(): Command {
  return new Command('suggest')
    .description('Tune the thresholds of a definition on the history, within a budget of alerts; puts nothing in force')
    .argument('[definition]', 'a journey definition file, a template or active; the one in force without it')
    .option('-w, --workspace <slug>')
    .option('--noise <alerts>', 'the most alerts a CSM may get in a week', '2')
    .option('--horizon <days>', 'within how many days after an alert a churn counts as foretold', '120')
    .option('--out <file>', 'where to write the suggested definition')
    .option('--json')
    .action(async (name: string | undefined, options: Options) => {
      const output = createOutput(options.json === true);
      const [noise, horizonDays] = [Number(options.noise), Number(options.horizon)];
      if (!(noise > 0)) throw new CommandError('--noise wants a number of alerts above 0.');
      if (!(horizonDays > 0 && horizonDays <= 3650)) throw new CommandError('--horizon wants a number of days.');
      const given = name === undefined ? undefined : await readDefinitionOrActive(name, options.workspace);
      await withWaymark(async (waymark) => {
        const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
        const active = given ? undefined : await definitionInForce(waymark, workspaceId);
        const definition =
          given ??
          (active
            ? { source: active.source, file: `${active.journey} in force` }
            : await readDefinitionText('nine-stages'));
        const found = await runSuggest(waymark, workspaceId, {
          definition,
          noise,
          horizonDays,
          onAccount: (done, of) => {
            if (done % 50 === 0) output.note(`Walked ${done} of ${of} accounts.`);
          },
        });
        if (options.out !== undefined && found.definition !== null) await writeFile(options.out, found.definition);
        output.result(found, () => suggestText(found, options.out));
      });
    });
}

function suggestText(found: Suggestion, out: string | undefined): string {
  if (found.thresholds.length === 0) return found.sentence;
  const written =
    found.definition === null
      ? 'No definition is written.'
      : out === undefined
        ? 'Give --out <file> to write the definition.'
        : `Written to ${out}. Nothing is in force yet.`;
  return [
    table(
      ['threshold', 'segment', 'now', 'suggested'],
      found.thresholds.map((one) => [one.threshold, one.segment ?? 'all others', one.before, one.after]),
    ),
    '',
    found.sentence,
    ...(found.later ? [found.later.sentence] : []),
    written,
  ].join('\n');
}
