import { Command } from 'commander';
import { findAccounts } from '@waymark/store';
import { day, explainAccount, scoreHistory, type Explained, type Waymark } from '@waymark/server';
import { dateFrom } from '../date.ts';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, table, type Output } from '../output.ts';
import { aroundText } from './explain-around.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly at?: string;
  readonly knownAt?: string;
  readonly flag?: string;
  readonly scores?: boolean;
}

/** `waymark explain <account>`: stage, milestones, flags and health with their proof, and why not, derived from the log again. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('Say why an account stands where it stands and why not elsewhere, and check it against the log')
    .argument('<account>', 'its name, domain or id')
    .option('-w, --workspace <slug>')
    .option('--at <time>', 'as of an earlier time: a date, or RFC 3339')
    .option('--known-at <time>', 'by what was recorded and in force by then: a date, or RFC 3339')
    .option('--flag <id>', 'one flag only, by its id or its rule')
    .option('--scores', 'how health and success went in the last half year, and where their version changed')
    .option('--json')
    .action(async (text: string, options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const knownAt = options.knownAt === undefined ? undefined : timeOf(options.knownAt, '--known-at');
        const asOf = options.at === undefined ? (knownAt ?? waymark.now()) : timeOf(options.at, '--at');
        if (knownAt !== undefined && asOf > knownAt)
          throw new CommandError('--at cannot be later than --known-at: nothing was known of it.');
        if (options.scores) return tellScores(waymark, workspace.workspaceId, text, asOf, output);
        const all = await waymark.database.inWorkspace(workspace.workspaceId, async (tx) => {
          const [account] = await findAccounts(tx, text, 1);
          if (!account) throw new CommandError(`No account is named like ${text}: waymark accounts lists them.`);
          return explainAccount(tx, account.accountId, asOf, {
            whyNot: true,
            ...(options.flag !== undefined && { flagId: options.flag }),
            ...(knownAt !== undefined && { knownAt }),
          });
        });
        const explained = options.flag === undefined ? all : thoseWith(options.flag, all);
        if (explained.some((one) => one.agrees === false)) process.exitCode = 2;
        const known = knownAt === undefined ? null : new Date(knownAt).toISOString();
        output.result(
          explained.map(
            ({
              account,
              answer,
              agrees,
              comparedWith,
              differences,
              purgedSince,
              whyNot,
              scores,
              coverage,
              ofToday,
            }) => ({
              account,
              asOf,
              knownAt: knownAt ?? null,
              agrees,
              comparedWith,
              differences,
              purgedSince,
              answer,
              whyNot,
              scores,
              coverage,
              ofToday,
            }),
          ),
          () =>
            explained
              .map((one) => {
                const journey = all.length > 1 ? `In the journey ${one.answer.journey}:\n` : '';
                const head = `${journey}${known === null ? '' : `By what was known on ${known}:\n`}`;
                const around = options.flag === undefined ? aroundText(one) : '';
                return `${head}${one.text}\n\n${around}${purgedText(one)}${agreementText(one)}`;
              })
              .join('\n\n'),
        );
      });
    });
}

/** The journeys that know a flag by its id or its rule. Throws CommandError where none does. */
function thoseWith(flag: string, explained: readonly Explained[]): readonly Explained[] {
  const named = ({ answer, whyNot }: Explained) => [
    ...answer.flags.flatMap(({ flagId, rule }) => [flagId, rule]),
    ...whyNot.map(({ rule }) => rule),
  ];
  const found = explained.filter((one) => named(one).includes(flag));
  if (found.length > 0 || explained.length === 0) return found;
  const rules = new Set(
    explained.flatMap(({ answer, whyNot }) => [...answer.flags, ...whyNot].map(({ rule }) => rule)),
  );
  throw new CommandError(
    `The account has no flag ${flag}, and no rule is called so. Give the id of a flag or a rule: ${[...rules].toSorted().slice(0, 40).join(', ')}.`,
  );
}

const DAY = 86_400_000;

/** Week by week up to an instant, by the definition that was in force each time. */
async function tellScores(
  waymark: Waymark,
  workspaceId: string,
  text: string,
  to: number,
  output: Output,
): Promise<void> {
  const found = await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const [account] = await findAccounts(tx, text, 1);
    return account && scoreHistory(tx, account.accountId, { from: to - 182 * DAY, to, step: 7 * DAY });
  });
  if (!found) throw new CommandError(`No account is named like ${text}: waymark accounts lists them.`);
  const { name, accountId } = found.account;
  output.result({ account: { accountId, name }, journeys: found.journeys }, () =>
    found.journeys
      .map(({ journey, points, marks }) => {
        const rows = points.map((point) => [
          day(point.at),
          point.health.score ?? '-',
          point.success?.score ?? '-',
          marks
            .filter((mark) => mark.at === point.at)
            .map(
              ({ score, before, after }) =>
                `${score} weighed by version ${after ?? 'none'}, before by ${before ?? 'none'}`,
            )
            .join('; '),
        ]);
        return `${name}, ${journey}:\n${table(['day', 'health', 'success', 'what changed in the weighing'], rows)}`;
      })
      .join('\n\n'),
  );
}

function timeOf(text: string, option: string): number {
  const at = dateFrom(text);
  if (at === null)
    throw new CommandError(`${option} wants a date such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z.`);
  return at;
}

function purgedText({ purgedSince, timezone }: Explained): string {
  const [latest] = purgedSince;
  if (latest === undefined) return '';
  const times = purgedSince.length === 1 ? 'once' : `${purgedSince.length} times`;
  return `What was excluded was purged ${times} since, last on ${day(latest, timezone)}: what rested on it is told no more.\n\n`;
}

function agreementText({ agrees, comparedWith, differences }: Explained): string {
  if (comparedWith === 'nothing_stored_then')
    return 'Nothing was stored of it by then: this is what the log says it would have been.';
  const listed = differences.map((one) => `\n  ${one}`).join('');
  if (comparedWith === 'stored_now')
    return agrees
      ? 'Agrees with the log.'
      : `What is stored differs from the log:${listed}\nWhere events wait, waymark sync folds them; waymark replay --repair writes what the log says.`;
  return agrees ? 'Agrees with what was stored then.' : `Differs from what was stored then:${listed}`;
}
