import { password as askPassword, text as askText, isCancel } from '@clack/prompts';
import type { AppExtra, InstallParameter } from '@waymark/server';
import { fits, type Waymark } from '@waymark/server';
import { providerApp, saveProviderApp } from '@waymark/store';
import { CommandError } from '../open.ts';

/** What a person gave on the command line for an app or an account. */
export interface GivenValues {
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly signingSecret?: string;
  readonly set?: readonly string[];
}

/** `--set name=value`, each once. Throws CommandError for one that nothing asks for. */
export function valuesOf(given: GivenValues, known: readonly string[]): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const text of given.set ?? []) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(at, 0)).trim();
    if (!known.includes(name))
      throw new CommandError(
        known.length === 0
          ? 'This connector has nothing to --set.'
          : `--set wants name=value; the names are ${known.join(', ')}.`,
      );
    values[name] = text.slice(at + 1).trim();
  }
  return values;
}

/** The values of an account's parameters: those given, else asked for. Throws CommandError for one that does not fit. */
export async function askParameters(
  parameters: Readonly<Record<string, InstallParameter>>,
  given: Readonly<Record<string, string>>,
  mayAsk: boolean,
): Promise<Readonly<Record<string, string>>> {
  const values: Record<string, string> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = given[name] ?? (mayAsk ? await askValue(parameter) : parameter.default);
    if (value === undefined) throw new CommandError(`Give ${parameter.label}: --set ${name}=${parameter.example}.`);
    if (!fits(parameter, value))
      throw new CommandError(`${parameter.label} cannot be ${JSON.stringify(value)}: one is ${parameter.example}.`);
    values[name] = value;
  }
  return values;
}

async function askValue(parameter: InstallParameter): Promise<string> {
  return answered(
    await askText({
      message: parameter.label,
      placeholder: parameter.example,
      ...(parameter.default !== undefined && { initialValue: parameter.default }),
      validate: (value) => (fits(parameter, value ?? '') ? undefined : `Such as ${parameter.example}`),
    }),
  );
}

/** Seals the app's credentials: those given, else those there are, else asked for. */
export async function keepCredentials(
  waymark: Waymark,
  workspaceId: string,
  app: { readonly provider: string; readonly extra: Readonly<Record<string, AppExtra>> },
  given: GivenValues,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const { provider } = app;
  const stored = await waymark.database.inWorkspace(workspaceId, (tx) => providerApp(tx, waymark.sealer, provider));
  // What only serves an organization's grant has no app.
  const known = stored?.clientId === '' ? undefined : stored;
  const kept = stored?.extra ?? {};
  const told: Record<string, string> = {
    ...Object.fromEntries(Object.entries(values).filter(([name]) => app.extra[name] !== undefined)),
    ...(app.extra.signingSecret && given.signingSecret !== undefined && { signingSecret: given.signingSecret }),
  };
  const lacking = Object.entries(app.extra).filter(
    ([name, extra]) => extra.required && told[name] === undefined && kept[name] === undefined,
  );
  const another = given.clientId !== undefined && given.clientId !== known?.clientId;
  if (known && given.clientId === undefined && Object.keys(told).length === 0 && lacking.length === 0) return;
  const clientId = given.clientId ?? known?.clientId ?? (await ask('Client id', '--client-id'));
  const clientSecret =
    given.clientSecret ??
    process.env.WAYMARK_CLIENT_SECRET ??
    (another ? undefined : known?.clientSecret) ??
    (await askSecret('Client secret', 'WAYMARK_CLIENT_SECRET'));
  for (const [name, extra] of lacking) {
    const isSigning = name === 'signingSecret';
    const how = isSigning ? 'WAYMARK_SIGNING_SECRET' : `--set ${name}=…`;
    const set = isSigning ? process.env.WAYMARK_SIGNING_SECRET : undefined;
    told[name] = set ?? (extra.secret ? await askSecret(extra.label, how) : await ask(extra.label, how));
  }
  requireFit(app.extra, told);
  await waymark.database.inWorkspace(workspaceId, (tx) =>
    saveProviderApp(
      tx,
      waymark.sealer,
      { provider, clientId, clientSecret, extra: { ...kept, ...told } },
      waymark.now(),
    ),
  );
}

/** Keeps what was given beside an app that an organization's grant does not need: its topic, for instance. */
export async function keepExtra(
  waymark: Waymark,
  workspaceId: string,
  app: { readonly provider: string; readonly extra: Readonly<Record<string, AppExtra>> },
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const told = Object.fromEntries(Object.entries(values).filter(([name]) => app.extra[name] !== undefined));
  if (Object.keys(told).length === 0) return;
  requireFit(app.extra, told);
  const { provider } = app;
  await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const stored = await providerApp(tx, waymark.sealer, provider);
    const { clientId, clientSecret } = stored ?? { clientId: '', clientSecret: '' };
    const extra = { ...stored?.extra, ...told };
    await saveProviderApp(tx, waymark.sealer, { provider, clientId, clientSecret, extra }, waymark.now());
  });
}

function requireFit(extra: Readonly<Record<string, AppExtra>>, told: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(told)) {
    const asked = extra[name];
    if (asked && !fits(asked, value))
      throw new CommandError(`${asked.label} does not have the form that it must have.`);
  }
}

async function ask(message: string, how: string): Promise<string> {
  mayAsk(message, how);
  return answered(await askText({ message }));
}

async function askSecret(message: string, how: string): Promise<string> {
  mayAsk(message, how);
  return answered(await askPassword({ message }));
}

/** Where nobody can answer, a question would stand for ever. */
function mayAsk(message: string, how: string): void {
  if (!process.stdin.isTTY)
    throw new CommandError(`${message} is missing, and there is no terminal to ask in: give it as ${how}.`);
}

function answered(answer: string | symbol | undefined): string {
  if (isCancel(answer) || typeof answer !== 'string' || answer.trim() === '')
    throw new CommandError('Nothing was given, so nothing was installed.');
  return answer.trim();
}
