import { readFile } from 'node:fs/promises';
import { installMailboxes, organizationOf, scopesOf, type MailboxOutcome, type Waymark } from '@waymark/server';
import type { AnyConnector } from '@waymark/server';
import { CommandError } from '../open.ts';
import { table, type Output } from '../output.ts';

/** The addresses of `--mailboxes a@x,b@x`. Throws CommandError for none. */
export function mailboxList(text: string | undefined): readonly string[] {
  const all = (text ?? '').split(/[\s,;]+/).filter((one) => one !== '');
  if (all.length === 0) throw new CommandError('Say which mailboxes: --mailboxes maya@acme.example,omar@acme.example.');
  return all;
}

/** Reads a service account's key file. Throws CommandError. */
export async function keyText(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return readFile(file, 'utf8').catch(() => {
    throw new CommandError(`${file} cannot be read.`);
  });
}

/** Installs chosen mailboxes under an organization's grant, with the steps that its administrator takes first. */
export async function installForOrganization(
  waymark: Waymark,
  workspaceId: string,
  connector: AnyConnector,
  request: {
    readonly settings: Readonly<Record<string, unknown>>;
    readonly mailboxes: readonly string[];
    readonly key: string | undefined;
    readonly preview: boolean;
  },
  output: Output,
) {
  const grant = organizationOf(connector);
  const scopes = grant.scopes ?? scopesOf(connector, request.settings);
  output.note(`\n${connector.manifest.name} for the organization: what its administrator does`);
  for (const [index, step] of grant.consoleSteps.entries())
    output.note(`  ${index + 1}. ${step.replaceAll('{scopes}', scopes.join(','))}`);
  const outcomes = await installMailboxes(waymark, {
    workspaceId,
    connector: connector.manifest.id,
    mailboxes: request.mailboxes,
    settings: request.settings,
    preview: request.preview,
    ...(request.key !== undefined && { key: request.key }),
  });
  return mailboxResult(connector.manifest.id, outcomes);
}

/** Outcomes as a command shows them; one that failed makes the command fail. */
export function mailboxResult(connector: string, outcomes: readonly MailboxOutcome[]) {
  if (outcomes.some((one) => one.problem !== null)) process.exitCode = 1;
  return {
    connector,
    mailboxes: outcomes.map((one) => ({
      mailbox: one.mailbox,
      chosen: one.installation !== null,
      status: one.installation?.status ?? null,
      ...(one.problem !== null && { problem: one.problem }),
    })),
  };
}

/** The same for a person. */
export function mailboxText(result: ReturnType<typeof mailboxResult>): string {
  return table(
    ['mailbox', 'chosen', 'problem'],
    result.mailboxes.map((one) => [
      one.mailbox,
      one.status === 'preview' ? 'yes, held for waymark preview' : one.chosen ? 'yes, and read' : 'no',
      one.problem ?? '',
    ]),
  );
}
