import type { Finding } from '@waymark/connector-kit';
import { slackScopes } from '@waymark/slack-bot';
import { databaseTime } from '@waymark/store';
import { askable } from './asking.ts';
import { nameOf, some, type Check } from './patient.ts';

const callMs = 5_000;
/** Signed requests are refused beyond five minutes (https://docs.slack.dev/authentication/verifying-requests-from-slack). */
const worrying = 60;

/**
 * The clocks of the providers, by the `Date` of any answer of theirs (RFC 9110, 6.6.1): where this machine's differs, signatures fail
 * and cursors by time miss what is new. What the database's clock tells as well is told there.
 */
export const checkProviderClocks: Check = async (patient) => {
  const { waymark } = patient;
  const origins = new Map<string, string>();
  for (const one of askable(patient)) {
    const connector = await waymark.sync.connector(one.connector);
    const [base] = Object.values(waymark.sync.baseUrls(connector, one));
    if (base !== undefined) origins.set(new URL(base).origin, nameOf(one));
  }
  const there = await waymark.database.inWorkspace(patient.workspace.workspaceId, (tx) => databaseTime(tx));
  const ofDatabase = (waymark.now() - there) / 1000;
  const skews = await Promise.all(
    [...origins].map(async ([origin, name]) => {
      const before = waymark.now();
      const answer = await fetch(origin, {
        method: 'HEAD',
        redirect: 'manual',
        signal: AbortSignal.timeout(callMs),
      }).catch(() => undefined);
      const stamp = Date.parse(answer?.headers.get('date') ?? '');
      return { name, seconds: ((before + waymark.now()) / 2 - stamp) / 1000 };
    }),
  );
  const off = skews.filter(
    ({ seconds }) =>
      Number.isFinite(seconds) && Math.abs(seconds) > worrying && Math.abs(seconds - ofDatabase) > worrying,
  );
  const [first] = off;
  if (!first) return [];
  const seconds = Math.round(first.seconds);
  return [
    {
      severity: 'error',
      code: 'clock_skew_provider',
      message: `The clock of this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} that of ${some(off.map((one) => one.name))}.`,
      fix: 'Synchronize it with NTP (timedatectl set-ntp true), and the database’s machine as well.',
    },
  ];
};

/** Whether the address from outside leads here: webhooks and consents come to it. */
export const checkPublicAddress: Check = async ({ waymark }) => {
  const { publicUrl } = waymark.configuration;
  if (publicUrl === undefined) return [];
  const problem = await fetch(`${publicUrl}/healthz`, { signal: AbortSignal.timeout(callMs) }).then(
    (answer) => (answer.ok ? undefined : `it answers ${answer.status}`),
    (error: unknown) =>
      error instanceof Error && error.name === 'TimeoutError' ? 'it does not answer' : 'it cannot be reached',
  );
  if (problem === undefined) return [];
  return [
    {
      // Many a network cannot reach its own address from inside.
      severity: 'warning',
      code: 'public_url_unreachable',
      message: `The address from outside, ${publicUrl}, does not lead to a running Waymark: ${problem}. Webhooks and consents are lost.`,
      fix: 'Start a server with the role http, and let the proxy or tunnel of WAYMARK_PUBLIC_URL lead to it. A network that cannot call itself from inside is no fault: try from outside.',
    },
  ];
};

/** What the Slack app may do beside what the bot needs. */
export const checkSlackScopes: Check = (patient) =>
  patient.installations
    .filter((one) => one.connector === 'slack' && one.status === 'active')
    .flatMap((one): Finding[] => {
      const lacking = slackScopes.filter((scope) => !one.grantedScopes.includes(scope));
      if (lacking.length === 0) return [];
      return [
        {
          severity: 'error',
          code: 'slack_scope_missing',
          message: `${nameOf(one)}: the app was not granted ${lacking.join(', ')}.`,
          fix: `Add the scopes to the app (OAuth & Permissions, Bot Token Scopes), then install it again: waymark install slack --workspace ${patient.workspace.slug}.`,
        },
      ];
    });
