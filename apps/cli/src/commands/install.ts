import { password as askPassword, text as askText, isCancel } from '@clack/prompts';
import { Command } from 'commander';
import { installations, providerApp, saveProviderApp } from '@waymark/store';
import { createInstallLink, loadConnector, redirectUri, scopesOf, connectorIds, type Waymark } from '@waymark/server';
import { slackInstallLink, slackManifest, slackRedirectUri, slackScopes } from '@waymark/server';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, type Output } from '../output.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly signingSecret?: string;
  readonly settings?: string;
  readonly writeback?: boolean;
  readonly wait?: boolean;
}

/** `waymark install <connector>`: the app's credentials, the console steps, a one-use link, and a check that the account is read. */
export function installCommand(): Command {
  return new Command('install')
    .description(`Connect an account: ${connectorIds.join(', ')} or slack`)
    .argument('<connector>')
    .option('-w, --workspace <slug>')
    .option('--client-id <id>', "the app's client id; asked for without it")
    .option('--client-secret <secret>', "the app's client secret; better given when asked, or as WAYMARK_CLIENT_SECRET")
    .option('--signing-secret <secret>', 'Slack: what Slack signs its requests with')
    .option('--settings <json>', "the connector's settings; for a CRM its declaration of customers and properties")
    .option('--writeback', 'ask for the scopes that write the stage back')
    .option('--no-wait', 'print the link and end')
    .option('--json')
    .action(async (connector: string, options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const publicUrl = outsideAddress(waymark);
        const result =
          connector === 'slack'
            ? await installSlack(waymark, workspace.workspaceId, publicUrl, options, output)
            : await installConnector(waymark, workspace.workspaceId, connector, publicUrl, options, output);
        if (options.wait !== false && !output.json)
          await waitForInstallation(waymark, workspace.workspaceId, connector, output);
        output.result(result, () => '');
      });
    });
}

/** The address that stands in the provider's console. */
function outsideAddress(waymark: Waymark): string {
  const { publicUrl, host, port } = waymark.configuration;
  if (publicUrl !== undefined) return publicUrl;
  if (port === 0) throw new CommandError('Set WAYMARK_PORT or WAYMARK_PUBLIC_URL: the redirect address must be known.');
  return `http://${host}:${port}`;
}

async function installConnector(
  waymark: Waymark,
  workspaceId: string,
  id: string,
  publicUrl: string,
  options: Options,
  output: Output,
) {
  const connector = await loadConnector(id);
  const { manifest } = connector;
  const given = options.settings === undefined ? {} : parseSettings(options.settings);
  const checked = connector.settings.safeParse(given);
  if (!checked.success)
    throw new CommandError(
      `The settings are not right: ${checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
    );
  const settings = { ...checked.data, ...(options.writeback && { writeback: true }) };
  const redirect = redirectUri(publicUrl, manifest.auth.provider);
  const scopes = scopesOf(connector, settings);
  output.note(`\n${manifest.name}: what to do at ${manifest.auth.provider}`);
  for (const [index, step] of manifest.consoleSteps.entries())
    output.note(`  ${index + 1}. ${step.replaceAll('{redirectUri}', redirect)}`);
  output.note(`  Redirect URI (exactly): ${redirect}`);
  output.note(`  Scopes, no others are needed: ${scopes.join(' ')}`);
  await keepCredentials(waymark, workspaceId, manifest.auth.provider, options);
  const link = await createInstallLink(waymark, { workspaceId, connector: id, settings, publicUrl });
  output.note(`\nOpen this link once, within an hour, signed in as the account to connect:\n  ${link}\n`);
  return { connector: id, redirectUri: redirect, scopes, link };
}

async function installSlack(
  waymark: Waymark,
  workspaceId: string,
  publicUrl: string,
  options: Options,
  output: Output,
) {
  const outside = waymark.configuration.publicUrl;
  const manifest = slackManifest(outside ?? null);
  output.note('\nSlack: open https://api.slack.com/apps, Create New App, From a manifest, and paste:\n');
  output.note(JSON.stringify(manifest, null, 2));
  output.note(`\n  Redirect URI (exactly): ${slackRedirectUri(publicUrl)}`);
  if (outside === undefined) {
    output.note('  WAYMARK_PUBLIC_URL is not set, so the app comes by Socket Mode: make an app-level token with');
    output.note('  connections:write in Basic Information and set it as WAYMARK_SLACK_APP_TOKEN.');
  }
  output.note('  Then copy Client ID, Client Secret and Signing Secret from Basic Information.');
  await keepCredentials(waymark, workspaceId, 'slack', options);
  const link = await slackInstallLink(waymark, workspaceId, publicUrl);
  output.note(`\nOpen this link once, within an hour, as a member who may install apps:\n  ${link}\n`);
  return { connector: 'slack', redirectUri: slackRedirectUri(publicUrl), scopes: slackScopes, manifest, link };
}

/** Seals the app's credentials: those given, else those there are, else asked for. */
async function keepCredentials(
  waymark: Waymark,
  workspaceId: string,
  provider: string,
  options: Options,
): Promise<void> {
  const known = await waymark.database.inWorkspace(workspaceId, (tx) => providerApp(tx, waymark.sealer, provider));
  const secret = options.clientSecret ?? process.env.WAYMARK_CLIENT_SECRET;
  if (known && options.clientId === undefined) return;
  const clientId = options.clientId ?? (await ask('Client id'));
  const clientSecret = secret ?? (await askSecret('Client secret'));
  const signing =
    provider === 'slack'
      ? (options.signingSecret ?? process.env.WAYMARK_SIGNING_SECRET ?? (await askSecret('Signing secret')))
      : undefined;
  await waymark.database.inWorkspace(workspaceId, (tx) =>
    saveProviderApp(
      tx,
      waymark.sealer,
      { provider, clientId, clientSecret, extra: signing === undefined ? {} : { signingSecret: signing } },
      waymark.now(),
    ),
  );
}

async function ask(message: string): Promise<string> {
  return answered(await askText({ message }));
}

async function askSecret(message: string): Promise<string> {
  return answered(await askPassword({ message }));
}

function answered(answer: string | symbol | undefined): string {
  if (isCancel(answer) || typeof answer !== 'string' || answer.trim() === '')
    throw new CommandError('Nothing was given, so nothing was installed.');
  return answer.trim();
}

function parseSettings(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // Told below, like any other text that is no object.
  }
  throw new CommandError('--settings wants one JSON object.');
}

/** Waits until the account is connected and its first read went through, or a key is pressed. */
async function waitForInstallation(
  waymark: Waymark,
  workspaceId: string,
  connector: string,
  output: Output,
): Promise<void> {
  const before = new Map((await read()).map((one) => [one.installationId, one.generation]));
  output.note('Waiting for the account to be connected (Ctrl-C ends the waiting, not the link) …');
  for (;;) {
    const fresh = (await read()).find(
      (one) => one.connector === connector && (before.get(one.installationId) ?? 0) < one.generation,
    );
    if (fresh) {
      output.note(`Connected and read: ${fresh.label}.`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  function read() {
    return waymark.database.inWorkspace(workspaceId, (tx) => installations(tx));
  }
}
