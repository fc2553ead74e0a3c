import { Command, Option } from 'commander';
import { installations } from '@waymark/store';
import {
  connectorIds,
  createInstallLink,
  installAddress,
  loadConnector,
  parametersOf,
  redirectUri,
  scopesOf,
  type Waymark,
} from '@waymark/server';
import { signInOf, type AnyConnector } from '@waymark/server';
import { slackInstallLink, slackManifest, slackRedirectUri, slackScopes } from '@waymark/server';
import { chooseWorkspace, CommandError, withWaymark } from '../open.ts';
import { createOutput, type Output } from '../output.ts';
import { askParameters, keepCredentials, keepExtra, valuesOf, type GivenValues } from './app-credentials.ts';
import { installForOrganization, keyText, mailboxList, mailboxText } from './install-mailboxes.ts';

interface Options extends GivenValues {
  readonly workspace?: string;
  readonly json?: boolean;
  readonly settings?: string;
  readonly organization?: boolean;
  readonly mailboxes?: string;
  readonly key?: string;
  readonly label?: string;
  readonly rotate?: boolean;
  readonly writeback?: boolean;
  readonly wait?: boolean;
  readonly preview?: boolean;
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
    .addOption(
      new Option(
        '--set <name=value>',
        "what the vendor's account or app needs, such as subdomain=acme; repeat it",
      ).argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]),
    )
    .option('--organization', 'for chosen mailboxes at once, by a grant of the administrator')
    .option('--mailboxes <addresses>', 'with --organization: whose mailboxes are read, and no others')
    .option('--key <file>', "with --organization at Google: the service account's key file")
    .option('--label <name>', 'for an address to which others post: which one, where there are several')
    .option('--rotate', 'for an address to which others post: a new address and secret; the former end at once')
    .option('--writeback', 'ask for the scopes that write the stage back')
    .option('--preview', 'store nothing of a new account before waymark preview accept')
    .option('--no-wait', 'print the link and end')
    .option('--json')
    .action(async (connector: string, options: Options) => {
      const output = createOutput(options.json === true);
      await withWaymark(async (waymark) => {
        const workspace = await chooseWorkspace(waymark, options.workspace);
        const publicUrl = outsideAddress(waymark);
        const { workspaceId } = workspace;
        if (connector === 'slack') {
          const result = await installSlack(waymark, workspaceId, publicUrl, options, output);
          return finish(waymark, workspaceId, connector, options, result, output);
        }
        const loaded = await loadConnector(connector);
        if (loaded.manifest.auth.kind === 'address')
          return installPosting(waymark, workspaceId, loaded, publicUrl, options, output);
        const chosen = await settingsFor(loaded, options, output);
        if (options.organization === true) {
          await keepCredentialsFor(waymark, workspaceId, loaded, options, chosen.values);
          const result = await installForOrganization(
            waymark,
            workspaceId,
            loaded,
            {
              settings: chosen.settings,
              mailboxes: mailboxList(options.mailboxes),
              key: await keyText(options.key),
              preview: options.preview === true,
            },
            output,
          );
          return output.result(result, () => mailboxText(result));
        }
        const result = await installConnector(
          waymark,
          workspaceId,
          loaded,
          publicUrl,
          { ...options, ...chosen },
          output,
        );
        return finish(waymark, workspaceId, connector, options, result, output);
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

async function finish(
  waymark: Waymark,
  workspaceId: string,
  connector: string,
  options: Options,
  result: object,
  output: Output,
): Promise<void> {
  if (options.wait !== false && !output.json) await waitForInstallation(waymark, workspaceId, connector, output);
  output.result(result, () => '');
}

/** The connector's settings with the account's parameters, all checked, and what was given for the app. */
async function settingsFor(connector: AnyConnector, options: Options, output: Output) {
  const parameters = parametersOf(connector);
  const { extra } = signInOf(connector.manifest);
  const values = valuesOf(options, [...Object.keys(parameters), ...Object.keys(extra ?? {})]);
  const mayAsk = !output.json && process.stdin.isTTY;
  const account = await askParameters(parameters, values, mayAsk);
  const settings = { ...checkedSettings(connector, options), ...account };
  return { settings, values };
}

function checkedSettings(connector: AnyConnector, options: Options): Record<string, unknown> {
  const given = options.settings === undefined ? {} : parseSettings(options.settings);
  const checked = connector.settings.safeParse(given);
  if (!checked.success)
    throw new CommandError(
      `The settings are not right: ${checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
    );
  return { ...checked.data, ...(options.writeback && { writeback: true }) };
}

/** The app's credentials, unless the organization's grant needs no app: Google's service account is one by itself. */
async function keepCredentialsFor(
  waymark: Waymark,
  workspaceId: string,
  connector: AnyConnector,
  options: Options,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const auth = signInOf(connector.manifest);
  const app = { provider: auth.provider, extra: auth.extra ?? {} };
  if (options.organization === true && auth.organization?.kind === 'service-account-delegation')
    return keepExtra(waymark, workspaceId, app, values);
  await keepCredentials(waymark, workspaceId, app, options, values);
}

async function installConnector(
  waymark: Waymark,
  workspaceId: string,
  connector: AnyConnector,
  publicUrl: string,
  chosen: Omit<Options, 'settings'> & {
    readonly settings: Readonly<Record<string, unknown>>;
    readonly values: Readonly<Record<string, string>>;
  },
  output: Output,
) {
  const { manifest } = connector;
  const { settings, values } = chosen;
  const redirect = redirectUri(publicUrl, manifest.auth.provider);
  const scopes = scopesOf(connector, settings);
  output.note(`\n${manifest.name}: what to do at ${manifest.auth.provider}`);
  for (const [index, step] of manifest.consoleSteps.entries())
    output.note(`  ${index + 1}. ${step.replaceAll('{redirectUri}', redirect)}`);
  output.note(`  Redirect URI (exactly): ${redirect}`);
  if (connector.hint && !connector.push)
    output.note(`  Webhook address, where one is asked for: ${publicUrl}/webhooks/${manifest.auth.provider}`);
  output.note(`  Scopes, no others are needed: ${scopes.join(' ')}`);
  const { settings: _settings, ...options } = chosen;
  await keepCredentialsFor(waymark, workspaceId, connector, options, values);
  const link = await createInstallLink(waymark, {
    workspaceId,
    connector: manifest.id,
    settings,
    publicUrl,
    ...(options.preview && { preview: true }),
  });
  output.note(`\nOpen this link once, within an hour, signed in as the account to connect:\n  ${link}\n`);
  return { connector: manifest.id, redirectUri: redirect, scopes, link };
}

/** A connector without sign-in: an address to which others post, and the secret with which they sign. */
async function installPosting(
  waymark: Waymark,
  workspaceId: string,
  connector: AnyConnector,
  publicUrl: string,
  options: Options,
  output: Output,
): Promise<void> {
  const { manifest } = connector;
  const made = await installAddress(waymark, {
    workspaceId,
    connector: manifest.id,
    label: options.label ?? manifest.id,
    ...(options.settings !== undefined && { settings: checkedSettings(connector, options) }),
    publicUrl,
    rotate: options.rotate === true,
  });
  output.note(`\n${manifest.name}: what to do at the sender`);
  for (const [index, step] of manifest.consoleSteps.entries())
    output.note(`  ${index + 1}. ${step.replaceAll('{address}', made.address)}`);
  output.note(`\n  Address: ${made.address}`);
  output.note(
    made.secret === null
      ? '  The secret was shown when it was made; --rotate makes another, and another address.'
      : `  Signing secret, shown this once: ${made.secret}`,
  );
  output.result({ connector: manifest.id, ...made }, () => '');
}

const slackExtra = { signingSecret: { label: 'Signing secret', secret: true, required: true } };

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
  await keepCredentials(waymark, workspaceId, { provider: 'slack', extra: slackExtra }, options, {});
  const link = await slackInstallLink(waymark, workspaceId, publicUrl);
  output.note(`\nOpen this link once, within an hour, as a member who may install apps:\n  ${link}\n`);
  return { connector: 'slack', redirectUri: slackRedirectUri(publicUrl), scopes: slackScopes, manifest, link };
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
