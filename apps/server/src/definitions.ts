import { readFile } from 'node:fs/promises';
import {
  compileJourney,
  parseDefinition,
  templateFile,
  templateNames,
  type CompiledJourney,
  type TemplateName,
} from '@waymark/lifecycle';
import {
  accountsBehind,
  activeDefinitions,
  approveWritebackMapping,
  changeDefinition,
  endShadow,
  journeyActivations,
  journeyShadows,
  keptDefinitions,
  moveWritebackPlan,
  recordAudit,
  retireJourney as retire,
  saveWritebackMapping,
  settleActivation,
  startShadow as beginShadow,
  writebackMappings,
  writebackPlans,
  type JourneyActivation,
  type Tx,
} from '@waymark/store';
import { keepPeers } from '@waymark/sync';
import { v7 as uuidv7 } from 'uuid';
import type { Waymark } from './waymark.ts';

/** A template that does not exist. */
export class UnknownTemplate extends Error {
  readonly code = 'UNKNOWN_TEMPLATE';

  constructor(name: string) {
    super(`There is no journey template ${name}. There are: ${templateNames.join(', ')}.`);
    this.name = 'UnknownTemplate';
  }
}

/** A change of the definition in force that cannot be made. */
export class DefinitionChangeError extends Error {
  readonly code: 'NO_JOURNEY' | 'NOTHING_BEFORE' | 'NO_SHADOW';

  constructor(code: DefinitionChangeError['code'], message: string) {
    super(message);
    this.name = 'DefinitionChangeError';
    this.code = code;
  }
}

function isTemplate(name: string): name is TemplateName {
  return templateNames.some((known) => known === name);
}

/** The text of a shipped template. Throws UnknownTemplate. */
export async function templateSource(name: string): Promise<string> {
  if (!isTemplate(name)) throw new UnknownTemplate(name);
  return readFile(templateFile(name), 'utf8');
}

/** The definition in force of a workspace with its text; undefined where the journey has none. */
export async function definitionInForce(waymark: Waymark, workspaceId: string, journey?: string) {
  const active = await waymark.database.inWorkspace(workspaceId, (tx) => activeDefinitions(tx));
  return journey === undefined ? active[0] : active.find((one) => one.journey === journey);
}

/** Makes a shipped template the active journey of a workspace and has every account folded by it. */
export async function activateTemplate(
  waymark: Waymark,
  workspaceId: string,
  name: string,
  by: string,
): Promise<CompiledJourney> {
  const source = await templateSource(name);
  const { journey } = await activateJourney(waymark, workspaceId, { source, file: `${name}.yaml` }, by);
  return journey;
}

/** What a change of the definition in force came to. */
export interface Activated {
  readonly journey: CompiledJourney;
  /** Null where the definition was in force already. */
  readonly activationId: string | null;
  readonly formerDigest: string | null;
  readonly kind: 'activated' | 'rolled_back';
}

/**
 * Puts a definition in force in the place of the one of its journey, and notes who did it. Every account is folded by it; what
 * follows is gathered into one digest for each CSM, and the CRM is written to on approval alone (`settleActivations`). Throws
 * DefinitionError.
 */
export async function activateJourney(
  waymark: Waymark,
  workspaceId: string,
  definition: { readonly source: string; readonly file: string },
  by: string,
): Promise<Activated> {
  const journey = compileJourney(parseDefinition(definition.source, definition.file));
  const change = { journey, source: definition.source, kind: 'activated' as const };
  return waymark.database.inWorkspace(workspaceId, (tx) => putInForce(tx, change, by, waymark.now()));
}

/**
 * Puts the definition before the present one in force again; called again, the one before that. Throws DefinitionChangeError where
 * there is none, DefinitionError where this version of Waymark cannot read it.
 */
export async function rollbackJourney(
  waymark: Waymark,
  workspaceId: string,
  journeyId: string,
  by: string,
): Promise<Activated> {
  return waymark.database.inWorkspace(workspaceId, async (tx) => {
    const formerDigest = digestBefore(await journeyActivations(tx, journeyId));
    const former = (await keptDefinitions(tx)).find((one) => one.journey === journeyId && one.digest === formerDigest);
    if (!former)
      throw new DefinitionChangeError(
        'NOTHING_BEFORE',
        `No definition of ${journeyId} was in force before: waymark journey list shows what there was.`,
      );
    const text = parseDefinition(former.source, `${journeyId} version ${former.version}`);
    const journey = compileJourney(text, former.digest);
    return putInForce(tx, { journey, source: former.source, kind: 'rolled_back' }, by, waymark.now());
  });
}

/** The definition to which a rollback leads: activations pile up, a rollback takes the uppermost away. */
function digestBefore(history: readonly JourneyActivation[]): string | undefined {
  const pile: string[] = [];
  for (const { kind, digest } of history) {
    if (kind === 'rolled_back') pile.pop();
    else if (digest !== null) pile.push(digest);
  }
  return pile.at(-2);
}

async function putInForce(
  tx: Tx,
  change: { readonly journey: CompiledJourney; readonly source: string; readonly kind: 'activated' | 'rolled_back' },
  by: string,
  now: number,
): Promise<Activated> {
  const { journey, source, kind } = change;
  const { id, version } = journey.definition;
  const former = (await activeDefinitions(tx)).find((one) => one.journey === id);
  const formerDigest = former?.digest ?? null;
  if (formerDigest === journey.digest) return { journey, activationId: null, formerDigest, kind };
  const activationId = uuidv7();
  await changeDefinition(
    tx,
    { activationId, kind, journey: id, digest: journey.digest, formerDigest, version, source },
    by,
    now,
  );
  // What it asks of tiers is known before anybody is judged by it, so that all that follows is in one digest.
  await keepPeers(tx, now);
  await askForApproval(tx, journey, now);
  // Of a workspace without accounts nothing follows.
  if ((await accountsBehind(tx, id, journey.digest)) === 0) await settleActivation(tx, activationId, now);
  const shadow = (await journeyShadows(tx)).find((one) => one.journey === id);
  if (shadow?.digest === journey.digest) await endShadow(tx, id);
  await recordAudit(tx, {
    at: now,
    actor: by,
    action: `journey.${kind}`,
    subject: id,
    detail: { version, digest: journey.digest, former: formerDigest },
  });
  return { journey, activationId, formerDigest, kind };
}

/** What a new definition says goes to the CRM only once a person has seen it: drafts by the former one are void. */
async function askForApproval(tx: Tx, journey: CompiledJourney, now: number): Promise<void> {
  const { id, stages } = journey.definition;
  for (const mapping of await writebackMappings(tx)) {
    if (mapping.journey !== id) continue;
    await approveWritebackMapping(tx, mapping.mappingId, null, now);
    for (const plan of await writebackPlans(tx, { mappingId: mapping.mappingId, states: ['draft'] })) {
      if (plan.kind === 'forward')
        await moveWritebackPlan(tx, plan.planId, ['draft'], { state: 'rejected', finished: true }, now);
    }
    // A property of our own holds our stages as they are: new ones need no decision.
    const isOwn = Object.entries(mapping.values).every(([stage, value]) => stage === value);
    const missing = stages.filter((stage) => !Object.hasOwn(mapping.values, stage.id));
    if (!isOwn || missing.length === 0) continue;
    const values = { ...mapping.values, ...Object.fromEntries(missing.map((stage) => [stage.id, stage.id])) };
    await saveWritebackMapping(tx, { ...mapping, values, approvedAt: null, approvedBy: null });
  }
}

/** Takes a journey out of force: its flags and stages are withdrawn, its definitions kept. Throws DefinitionChangeError. */
export async function retireJourney(
  waymark: Waymark,
  workspaceId: string,
  journeyId: string,
  by: string,
): Promise<void> {
  const now = waymark.now();
  await waymark.database.inWorkspace(workspaceId, async (tx) => {
    const former = (await activeDefinitions(tx)).find((one) => one.journey === journeyId);
    if (!former)
      throw new DefinitionChangeError('NO_JOURNEY', `No journey ${journeyId} is in force: see waymark journey list.`);
    await retire(tx, { activationId: uuidv7(), journey: journeyId, formerDigest: former.digest }, by, now);
    await recordAudit(tx, {
      at: now,
      actor: by,
      action: 'journey.retired',
      subject: journeyId,
      detail: { digest: former.digest },
    });
  });
}

/** Looks at a definition beside the active one from now on: nothing is posted, written or stored for it but its text. */
export async function startShadow(
  waymark: Waymark,
  workspaceId: string,
  definition: { readonly source: string; readonly file: string },
  by: string,
): Promise<CompiledJourney> {
  const journey = compileJourney(parseDefinition(definition.source, definition.file));
  const { id, version } = journey.definition;
  const now = waymark.now();
  await waymark.database.inWorkspace(workspaceId, async (tx) => {
    await beginShadow(tx, { journey: id, digest: journey.digest, version, source: definition.source }, by, now);
    await recordAudit(tx, {
      at: now,
      actor: by,
      action: 'journey.shadowed',
      subject: id,
      detail: { version, digest: journey.digest },
    });
  });
  return journey;
}

/** Ends a shadow. Throws DefinitionChangeError. */
export async function stopShadow(waymark: Waymark, workspaceId: string, journeyId: string): Promise<void> {
  const ended = await waymark.database.inWorkspace(workspaceId, (tx) => endShadow(tx, journeyId));
  if (!ended) throw new DefinitionChangeError('NO_SHADOW', `No definition of ${journeyId} is looked at in shadow.`);
}
