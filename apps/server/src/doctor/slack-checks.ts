import type { Finding } from '@waymark/connector-kit';
import { readTokens, slackDestinations } from '@waymark/store';
import { z } from 'zod';
import { nameOf, type Check, type Patient } from './patient.ts';

const callMs = 10_000;
const settingsForm = z.looseObject({ teamId: z.string(), alertsFrom: z.number().nullable().optional() });
const answerForm = z.looseObject({
  ok: z.boolean(),
  error: z.string().optional(),
  channel: z
    .looseObject({
      is_archived: z.boolean().optional(),
      is_member: z.boolean().optional(),
      name: z.string().optional(),
    })
    .optional(),
});

/** The Slack install and where alerts go that have no owner. */
export const checkSlackInstall: Check = async (patient) => {
  const slack = patient.installations.filter((one) => one.connector === 'slack');
  const findings: Finding[] = [];
  if (slack.length === 0) {
    findings.push({
      severity: 'error',
      code: 'slack_missing',
      message: 'Slack is not installed, so nobody is told of anything.',
      fix: `Run waymark install slack --workspace ${patient.workspace.slug}.`,
    });
  }
  if (patient.settings.defaultChannel === null) {
    findings.push({
      severity: 'warning',
      code: 'default_channel_missing',
      message:
        'No default channel is set: an alert that has no CSM and fits no route goes to whoever installed the app.',
      fix: 'Name one: waymark workspace settings \'{"defaultChannel":"#customer-success"}\'.',
    });
  }
  for (const one of slack) {
    const parsed = settingsForm.safeParse(one.settings);
    if (!parsed.success) continue;
    const paused = await patient.waymark.database.inWorkspace(patient.workspace.workspaceId, (tx) =>
      slackDestinations(tx, parsed.data.teamId),
    );
    for (const destination of paused) {
      if (destination.pausedReason === null) continue;
      findings.push({
        severity: 'warning',
        code: 'destination_paused',
        message: `${nameOf(one)}: alerts to ${destination.destination} go elsewhere: ${destination.pausedReason}`,
        fix: 'Unarchive the channel or invite the bot to it, or route the alerts to another; for a person, map the right Slack user.',
      });
    }
  }
  return findings;
};

/** Whether the bot's token lives and each channel that alerts are routed to is there and open to it. */
export const checkSlackChannels: Check = async (patient) => {
  const [one] = patient.installations.filter((each) => each.connector === 'slack' && each.status === 'active');
  if (!one) return [];
  const token = await tokenOf(patient, one.installationId);
  if (token === undefined) return [];
  // https://docs.slack.dev/reference/methods/auth.test
  const alive = await call(patient, token, 'auth.test', {});
  if (!alive.ok) {
    return [
      {
        severity: 'error',
        code: 'token_revoked',
        message: `${nameOf(one)}: Slack refuses the bot’s token (${alive.error ?? 'unknown'}).`,
        fix: `Install the app again: waymark install slack --workspace ${patient.workspace.slug}.`,
      },
    ];
  }
  const { defaultChannel, alertRoutes } = patient.settings;
  const wanted = [
    ...new Set([...(defaultChannel === null ? [] : [defaultChannel]), ...alertRoutes.map((route) => route.channel)]),
  ];
  const findings: Finding[] = [];
  // A channel named by #name is looked up when an alert goes there; only ids can be asked for here.
  for (const channel of wanted.filter((name) => /^[CG][A-Z0-9]{6,}$/.test(name))) {
    // https://docs.slack.dev/reference/methods/conversations.info
    const answer = await call(patient, token, 'conversations.info', { channel });
    const problem = !answer.ok
      ? `Slack says ${answer.error ?? 'no'}`
      : answer.channel?.is_archived
        ? 'it is archived'
        : answer.channel?.is_member === false
          ? 'the bot is not in it'
          : undefined;
    if (problem === undefined) continue;
    findings.push({
      severity: channel === defaultChannel ? 'error' : 'warning',
      code: 'channel_unusable',
      message: `${channel === defaultChannel ? 'The default channel' : 'A routed channel'} ${answer.channel?.name ?? channel} cannot be used: ${problem}.`,
      fix: 'Invite the bot to the channel (/invite), unarchive it, or name another in the workspace’s settings.',
    });
  }
  return findings;
};

async function tokenOf(patient: Patient, installationId: string): Promise<string | undefined> {
  const { database, sealer } = patient.waymark;
  const { workspaceId } = patient.workspace;
  const tokens = await database.inWorkspace(workspaceId, (tx) => readTokens(tx, installationId, false));
  if (!tokens?.accessToken) return undefined;
  // A rotating token that has run out is renewed by the bot with its next alert.
  if (tokens.accessExpiresAt !== null && tokens.accessExpiresAt < patient.now) return undefined;
  return sealer.open(workspaceId, installationId, 'access_token', tokens.accessToken);
}

async function call(
  patient: Patient,
  token: string,
  method: string,
  parameters: Readonly<Record<string, string>>,
): Promise<z.infer<typeof answerForm>> {
  const base = patient.waymark.configuration.providerUrls.slack ?? 'https://slack.com';
  const response = await fetch(`${base}/api/${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(parameters),
    signal: AbortSignal.timeout(callMs),
  });
  if (!response.ok) throw new Error(`Slack answered ${method} with ${response.status}.`);
  return answerForm.parse(await response.json());
}
