import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Command } from 'commander';
import { slackPlanner } from '@waymark/server';
import {
  csvColumns,
  csvLines,
  importFile,
  linesOf,
  parseCsvMapping,
  plainBytes,
  type CsvCounts,
  type ImportResult,
} from '@waymark/sync';
import { foldAll } from '../fold-all.ts';
import { ImportProgress } from '../import-progress.ts';
import { importSource } from '../import-source.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly mapping?: string;
  readonly dryRun?: boolean;
}

/**
 * `waymark import <file>`: CloudEvents 1.0, one a line, or a table (CSV) by a mapping, into the log; then folds what changed. With
 * `--dry-run` it only tells what would come of it.
 */
export function importCommand(): Command {
  return new Command('import')
    .description('Import events from a file: CloudEvents 1.0, one JSON object a line, or a CSV table by a mapping')
    .argument('<file>', 'the file (packed by gzip or not) or named pipe, or - for standard input')
    .option('-m, --mapping <file>', 'how the rows of a CSV table become events (YAML, see docs/import.md)')
    .option('--dry-run', 'store nothing; tell what would be stored, merged, rejected and made')
    .option('-w, --workspace <slug>')
    .option('--json')
    .action(async (file: string, options: Options) => {
      const output = createOutput(options.json === true);
      const source = await importSource(file);
      const mapping = await mappingFor(file, options.mapping);
      await withWaymark(async (waymark) => {
        const { workspaceId } = await chooseWorkspace(waymark, options.workspace);
        const progress = new ImportProgress(process.stderr, waymark.now, source.size);
        const importId = await source.importId(mapping);
        const chunks = plainBytes(progress.counted(source.chunks()));
        let table: CsvCounts | undefined;
        const result = await importFile(
          {
            database: waymark.database,
            sealer: waymark.sealer,
            now: waymark.now,
            afterFold: slackPlanner(waymark),
          },
          workspaceId,
          mapping ? csvLines(chunks, mapping, (counts) => (table = counts)) : linesOf(chunks),
          {
            dryRun: options.dryRun === true,
            ...(importId !== undefined && { importId }),
            onProgress: (counts) => progress.lines(counts),
            onFolded: (accounts) => progress.folded(accounts),
          },
        );
        if (!options.dryRun) await foldAll(waymark, workspaceId, (accounts) => progress.folded(accounts));
        progress.end();
        if (result.rejected > 0) process.exitCode = 3;
        output.result({ ...result, ...(table && { table }), dryRun: options.dryRun === true }, () =>
          told(result, table, options.dryRun === true),
        );
      });
    });
}

const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() === true;

/** The mapping of a table; undefined for events as they are. Throws CommandError, MappingInvalid. */
async function mappingFor(file: string, path: string | undefined) {
  if (path !== undefined) {
    if (!(await isFile(path))) throw new CommandError(`There is no mapping ${path}.`);
    return parseCsvMapping(await readFile(path, 'utf8'), path);
  }
  if (!/\.(?:csv|tsv)(?:\.gz)?$/i.test(file)) return undefined;
  const columns = await csvColumns(plainBytes(createReadStream(file))).catch(() => []);
  throw new CommandError(
    `A table needs a mapping: write one as in docs/import.md and give it as --mapping. ` +
      `The columns of ${file} are: ${columns.join(', ').slice(0, 1000)}.`,
  );
}

/** What the lines call otherwise than the vocabulary does: nobody should have to guess what became of it. */
function readOtherwise({ readAs }: ImportResult): string[] {
  if (readAs.length === 0) return [];
  return [
    'Read by another name:',
    ...readAs.slice(0, 12).map(({ type, field, as, lines }) => `  ${type} ${field} as ${as}: ${lines}`),
    ...(readAs.length > 12 ? [`  and ${readAs.length - 12} more; --json lists them.`] : []),
  ];
}

/** What the lines say that nothing reads: weak answers should surprise nobody. */
function unread({ unread: fields }: ImportResult): string[] {
  if (fields.length === 0) return [];
  return [
    'Kept, but not read (docs/import.md lists what is):',
    ...fields
      .slice(0, 12)
      .map(({ type, field, lines, note }) => `  ${type} ${field}: ${lines}${note === null ? '' : `, ${note}`}`),
    ...(fields.length > 12 ? [`  and ${fields.length - 12} more; --json lists them.`] : []),
  ];
}

function told(result: ImportResult, table: CsvCounts | undefined, dry: boolean): string {
  const { lines, stored, merged, rejected, accounts, types, resumedAt } = result;
  const made = accounts.made.slice(0, 20).join(', ');
  return [
    ...(dry ? ['A dry run: nothing was stored.'] : []),
    ...(resumedAt > 0
      ? [`Went on after line ${resumedAt}, where a run before was cut off; the counts are of both.`]
      : []),
    ...(table ? [`${table.rows} rows, ${table.skipped} left out by the mapping.`] : []),
    `${lines} ${table ? 'events' : 'lines'}: ${stored} stored, ${merged} merged, ${rejected} rejected; ${accounts.created} accounts made.`,
    ...Object.entries(types).map(([type, count]) => `  ${type}: ${count}`),
    ...(dry && made !== '' ? [`  accounts: ${made}${accounts.created > 20 ? ', …' : ''}`] : []),
    ...readOtherwise(result),
    ...unread(result),
    ...result.rejections.slice(0, 20).map((one) => `  line ${one.line}: ${one.reason}: ${one.detail}`),
    ...(rejected > 20 ? [`  and ${rejected - 20} more; --json lists the first thousand.`] : []),
    ...(rejected > 0 && !dry ? ['What was rejected is kept: waymark export --rejected gives it back.'] : []),
  ].join('\n');
}
