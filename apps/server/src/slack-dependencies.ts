import { askedWords, measureWords, parseDefinition, playbookLines } from '@waymark/lifecycle';
import { keptDefinitions, type Tx } from '@waymark/store';
import { decide, type Folded } from '@waymark/sync';
import { createSlackBot, slackInstallUrl, type SlackBot, type SlackBotDependencies } from '@waymark/slack-bot';
import { moveEvidence, recordAnswer } from './decisions.ts';
import { explainAccount } from './explain.ts';
import type { Waymark } from './waymark.ts';

const slackUrl = 'https://slack.com';

/** What the Slack bot is lent by the server. */
export function slackDependencies(
  waymark: Waymark,
  publicUrl: string,
  wake: (workspaceId: string) => void,
): SlackBotDependencies {
  const base = waymark.configuration.providerUrls.slack ?? slackUrl;
  return {
    database: waymark.database,
    sealer: waymark.sealer,
    now: waymark.now,
    slackApiUrl: `${base}/api/`,
    authorizeUrl: `${base}/oauth/v2/authorize`,
    publicUrl,
    links: {
      account: (accountId) => `${publicUrl}/accounts/${accountId}`,
      event: (_accountId, eventId) => `${publicUrl}/events/${eventId}`,
    },
    appendAnswer: async (tx, answer) => {
      const { until, at, ...rest } = answer;
      await recordAnswer(tx, { ...rest, ...(until !== null && { until }) }, at);
    },
    reattribute: async (workspaceId, { flagId, eventIds, accountId, by }) => {
      await waymark.database.inWorkspace(workspaceId, async (tx) => {
        const now = waymark.now();
        if (eventIds.length === 0) await moveEvidence(tx, flagId, accountId, by, now);
        else
          await decide(
            tx,
            eventIds.map((subject) => ({ kind: 'event' as const, subject, accountId })),
            by,
            now,
          );
      });
      wake(workspaceId);
    },
    explain: (workspaceId, accountId, flagId) =>
      waymark.database.inWorkspace(workspaceId, async (tx) => {
        const explained = await explainAccount(tx, accountId, waymark.now());
        if (flagId === undefined) return explained.map((one) => `${one.text}\n\n${verdict(one)}`).join('\n\n');
        // The proof itself is shown as it was stored: what is new is whether the log says so still.
        const own = explained.find((one) => one.answer.flags.some((flag) => flag.flagId === flagId));
        return own ? verdict(own) : 'The log no longer gives this flag; it is being worked out again.';
      }),
    flagWords: async (workspaceId, { proof, playbook }) => {
      const compared = proof.comparisons.map(
        (one) => `${one.label}: ${measureWords(one.value, one.unit)}, asked for ${askedWords(one)}`,
      );
      if (playbook === undefined) return { compared, playbook: [] };
      // By the definition that raised it, which need not be in force any more.
      const kept = await waymark.database.inWorkspace(workspaceId, (tx) => keptDefinitions(tx));
      const by = kept.find(({ digest }) => digest === proof.definitionDigest);
      return { compared, playbook: playbookLines(by && parseDefinition(by.source, by.journey), playbook) };
    },
    wake,
    point: waymark.point,
    log: waymark.log,
    sender: waymark.holder,
    ...(waymark.configuration.rateScale > 1 && {
      timing: { channelIntervalMs: Math.max(1, Math.round(1050 / waymark.configuration.rateScale)) },
    }),
  };
}

const verdict = ({ agrees }: { readonly agrees: boolean | null }): string =>
  agrees ? 'The log gives the same answer.' : 'The log gives another answer now; it is being worked out again.';

/** A one-use link that connects a Slack team to a workspace. */
export function slackInstallLink(waymark: Waymark, workspaceId: string, publicUrl: string): Promise<string> {
  return slackInstallUrl(
    slackDependencies(waymark, publicUrl, () => undefined),
    workspaceId,
  );
}

/** Writes what folds mean for Slack into the outbox, for a command that folds beside the server; the server sends it. */
export function slackPlanner(waymark: Waymark): (tx: Tx, folded: readonly Folded[]) => Promise<void> {
  const bot = commandBot(waymark);
  return (tx, folded) => bot.planAlerts(tx, folded);
}

/** A bot for a command: it writes into the outbox and sends nothing. */
export function commandBot(waymark: Waymark): Pick<SlackBot, 'planAlerts' | 'planChange'> {
  const { publicUrl, host, port } = waymark.configuration;
  return createSlackBot(slackDependencies(waymark, publicUrl ?? `http://${host}:${port}`, () => undefined));
}
