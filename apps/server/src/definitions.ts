import { readFile } from 'node:fs/promises';
import {
  compileJourney,
  parseDefinition,
  templateFile,
  templateNames,
  type CompiledJourney,
  type TemplateName,
} from '@waymark/lifecycle';
import { accounts, activateDefinition, recordAudit, wakeAccounts } from '@waymark/store';
import type { Waymark } from './waymark.ts';

/** A template that does not exist. */
export class UnknownTemplate extends Error {
  readonly code = 'UNKNOWN_TEMPLATE';

  constructor(name: string) {
    super(`There is no journey template ${name}. There are: ${templateNames.join(', ')}.`);
    this.name = 'UnknownTemplate';
  }
}

function isTemplate(name: string): name is TemplateName {
  return templateNames.some((known) => known === name);
}

/** Makes a shipped template the active journey of a workspace and has every account folded by it. */
export async function activateTemplate(
  waymark: Waymark,
  workspaceId: string,
  name: string,
  by: string,
): Promise<CompiledJourney> {
  if (!isTemplate(name)) throw new UnknownTemplate(name);
  const source = await readFile(templateFile(name), 'utf8');
  const journey = compileJourney(parseDefinition(source, `${name}.yaml`));
  const now = waymark.now();
  await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const { id, version } = journey.definition;
    await activateDefinition(tx, { journey: id, digest: journey.digest, version, source }, by, now);
    await wakeAccounts(
      tx,
      (await accounts(tx)).map((account) => ({ accountId: account.accountId, earliest: 0 })),
      now,
    );
    await recordAudit(tx, {
      at: now,
      actor: by,
      action: 'journey.activated',
      subject: id,
      detail: { version, digest: journey.digest },
    });
  });
  return journey;
}
