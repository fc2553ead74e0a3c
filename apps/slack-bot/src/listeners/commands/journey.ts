import { worstFirst } from '@waymark/alerts';
import { accounts, findAccounts, flags as readFlags, standings, type Account, type Tx } from '@waymark/store';
import { messageContent } from '@waymark/alerts';
import type { KnownBlock } from '@slack/types';
import { nameOf } from '../../answers.ts';
import type { SlackBotDependencies, SlackTiming } from '../../dependencies.ts';
import { accountFacts, accountFactsOf, stageTitle } from '../../plan/account-facts.ts';
import { calendarFor, workspaceFacts, type WorkspaceFacts } from '../../plan/workspace-facts.ts';
import { accountMessage, type Rendered } from '../../views/account-message.ts';
import { context as contextBlock, header, section } from '../../views/elements.ts';
import { journeyOverview } from '../../views/journey-overview.ts';
import { escapeText, fitLines } from '../../views/mrkdwn.ts';
import { workspaceOf, type ListenerContext } from '../listener-context.ts';

/** `/journey`, `/journey <account>`, `/journey why <account>`. The answer is for the one who asked alone. */
export function registerJourney({ app, deps, timing }: ListenerContext): void {
  app.command('/journey', async ({ ack, command, context, respond }) => {
    await ack();
    const workspaceId = workspaceOf(context);
    const answer = await answerTo(deps, timing, workspaceId, command.text.trim().slice(0, 200), command.user_id);
    await respond({ response_type: 'ephemeral', ...answer });
  });
}

async function answerTo(
  deps: SlackBotDependencies,
  timing: SlackTiming,
  workspaceId: string,
  text: string,
  slackUserId: string,
): Promise<Rendered> {
  const why = /^why(?:\s+|$)/i.exec(text);
  const name = why ? text.slice(why[0].length).trim() : text;
  if (name.toLowerCase() === 'help' || (why && name === '')) return help();
  const planned = await deps.database.inWorkspace(workspaceId, async (tx) => {
    const facts = await workspaceFacts(tx, { now: deps.now(), pausedRetryMs: timing.pausedRetryMs });
    if (!facts) return help();
    if (name === '') return overview(tx, deps, facts, slackUserId);
    const found = await findAccounts(tx, name, 6);
    const [first, second] = found;
    if (!first)
      return plainAnswer([`There is no account like “${escapeText(name)}”. Try a part of its name or its domain.`]);
    if (second && !isExact(first, name)) return choices(found);
    return why ? first.accountId : oneAccount(tx, deps, facts, first);
  });
  if (typeof planned !== 'string') return planned;
  // Explaining folds the account's whole log, in a transaction of its own.
  return explanation(await deps.explain(workspaceId, planned));
}

const isExact = (account: Account, name: string) =>
  account.name.toLowerCase() === name.toLowerCase() || account.domain?.toLowerCase() === name.toLowerCase();

async function overview(
  tx: Tx,
  deps: SlackBotDependencies,
  facts: WorkspaceFacts,
  slackUserId: string,
): Promise<Rendered> {
  const asker = await nameOf(tx, slackUserId);
  const byId = new Map((await accounts(tx)).map((one) => [one.accountId, one]));
  const [journey] = facts.journeys;
  const counts = new Map<string, number>();
  for (const one of await standings(tx, journey)) {
    if (one.stage !== null && byId.has(one.accountId)) counts.set(one.stage, (counts.get(one.stage) ?? 0) + 1);
  }
  const flagged = new Set(
    (await readFlags(tx, { openOnly: true })).filter((flag) => flag.kind !== 'data_gap').map((flag) => flag.accountId),
  );
  const listed = [];
  const abouts = await accountFactsOf(
    tx,
    deps,
    facts,
    [...flagged].filter((accountId) => byId.has(accountId)),
  );
  for (const accountId of flagged) {
    const about = abouts.get(accountId);
    if (!about) continue;
    const flags = about.open.filter(
      (flag) => flag.kind !== 'data_gap' && about.handling.get(flag.flagId)?.answer !== 'not_a_risk',
    );
    if (flags.length === 0) continue;
    listed.push({
      name: about.account.name,
      url: about.head.url,
      stage: about.head.stage,
      mine: about.account.csmEmail?.toLowerCase() === asker,
      flags: flags.toSorted(worstFirst).map(about.say),
    });
  }
  const order = listed.toSorted((a, b) => (a.flags[0] && b.flags[0] ? worstFirst(a.flags[0], b.flags[0]) : 0));
  return journeyOverview(
    {
      stages: [...counts]
        .map(([stage, number]) => ({ title: stageTitle(stage), accounts: number }))
        .toSorted((a, b) => b.accounts - a.accounts),
      accounts: order,
      sampleData: facts.settings.sampleData,
    },
    { now: deps.now(), timezone: calendarFor(facts, asker).timezone },
  );
}

async function oneAccount(
  tx: Tx,
  deps: SlackBotDependencies,
  facts: WorkspaceFacts,
  account: Account,
): Promise<Rendered> {
  const about = await accountFacts(tx, deps, facts, account.accountId);
  if (!about) return help();
  const flags = about.open.filter(
    (flag) => flag.kind !== 'data_gap' && about.handling.get(flag.flagId)?.answer !== 'not_a_risk',
  );
  const content = messageContent({
    account: about.head,
    flags: flags.map(about.say),
    settled: [],
    routeNote: null,
    sampleData: facts.settings.sampleData,
    timezone: facts.settings.timezone,
  });
  const rendered = accountMessage(content, deps.now());
  if (flags.length > 0) return rendered;
  const blocks: KnownBlock[] = [...rendered.blocks.slice(1, 2), section(['No flag is open.'])];
  const title = header(`:large_green_circle: ${content.account.name}: nothing open`);
  return { text: `${escapeText(content.account.name)}: no flag is open`, blocks: [title, ...blocks] };
}

function choices(found: readonly Account[]): Rendered {
  return plainAnswer([
    'Which one do you mean?',
    ...found.map((one) => `•  ${escapeText(one.name)}${one.domain === null ? '' : `  (${escapeText(one.domain)})`}`),
  ]);
}

function explanation(text: string): Rendered {
  const lines = text.split('\n').map(escapeText);
  const blocks: KnownBlock[] = [];
  for (let at = 0; at < lines.length && blocks.length < 4; at += 25) blocks.push(section(lines.slice(at, at + 25)));
  if (blocks.length * 25 < lines.length) blocks.push(contextBlock(['_the rest is on the account’s page_']));
  return { text: fitLines(lines, 300), blocks };
}

function help(): Rendered {
  return plainAnswer([
    '`/journey`  where accounts stand, and which need a look',
    '`/journey <account>`  one account: its stage and its open flags',
    '`/journey why <account>`  the proof, derived again from the log',
  ]);
}

function plainAnswer(lines: readonly string[]): Rendered {
  return { text: fitLines(lines, 2900), blocks: [section(lines)] };
}
