import { ConnectorFault } from '@waymark/connector-kit';
import type { SlackBot } from '@waymark/slack-bot';
import {
  accountsBehind,
  digestsOfActivation,
  journeyActivations,
  lockActivation,
  openActivations,
  settleActivation,
  writebackItems,
  writebackMappings,
  writebackPlans,
  type JourneyActivation,
  type Tx,
} from '@waymark/store';
import { createPlan } from '@waymark/writeback';
import type { Waymark } from './waymark.ts';
import { writebackDependencies } from './writeback.ts';

/** What followed from a change of the definition in force. */
export interface SettledActivation {
  readonly activation: JourneyActivation;
  /** Digests that wait to be posted, one for each CSM. */
  readonly digests: number;
  /** Plans that wait for approval, with the records that would be written. */
  readonly plans: readonly { readonly planId: string; readonly writes: number }[];
  /** Why a CRM could not be compared yet; the plan is made once it can. */
  readonly faults: readonly string[];
}

/** Accounts that cannot be folded must not keep the others' news back for longer, ms. */
const longestWaitMs = 3_600_000;

/**
 * Settles the changes of definitions that every account has been folded by: one digest for each CSM with what they tell, and a plan
 * for each CRM that a person approves. Does nothing while accounts are still to be folded.
 */
export async function settleActivations(
  waymark: Waymark,
  workspaceId: string,
  bot: Pick<SlackBot, 'planChange'>,
): Promise<readonly SettledActivation[]> {
  const { database } = waymark;
  const ready = await database.inWorkspace(workspaceId, async (tx) => {
    const open = await openActivations(tx);
    const late = (one: JourneyActivation) => waymark.now() - one.at > longestWaitMs;
    // Of several changes of one journey the last is what accounts are folded by; a later one settles those before it.
    const last = new Map(open.map((one) => [one.journey, one]));
    const behind = new Set<string>();
    for (const [journey, { digest }] of last)
      if (digest !== null && (await accountsBehind(tx, journey, digest)) > 0) behind.add(journey);
    return open.every((one) => !behind.has(one.journey) || late(one)) ? open : [];
  });
  const settled: SettledActivation[] = [];
  for (const activation of ready) {
    const digests = await database.inWorkspace(
      workspaceId,
      async (tx) => {
        if (!(await lockActivation(tx, activation.activationId))) return null;
        await settleActivation(tx, activation.activationId, waymark.now());
        return bot.planChange(tx, activation.activationId);
      },
      { retry: true },
    );
    if (digests === null) continue;
    settled.push({ activation, digests, ...(await planWrites(waymark, workspaceId, activation.journey)) });
  }
  return settled;
}

/**
 * What followed from one change, whichever process settles it: a server that runs may be ahead. Where accounts are still to be folded
 * elsewhere it waits for them, up to `limitMs`; then it says so among the faults.
 *
 * @param pause waits so many milliseconds
 */
export async function followActivation(
  waymark: Waymark,
  workspaceId: string,
  activationId: string,
  bot: Pick<SlackBot, 'planChange'>,
  wait: { readonly limitMs: number; readonly pause: (ms: number) => Promise<void> },
): Promise<Omit<SettledActivation, 'activation'>> {
  const from = waymark.now();
  for (;;) {
    const own = (await settleActivations(waymark, workspaceId, bot)).find(
      ({ activation }) => activation.activationId === activationId,
    );
    if (own) return own;
    const found = await waymark.database.inWorkspace(workspaceId, (tx) => settledElsewhere(tx, activationId));
    if (found) return found;
    if (waymark.now() - from > wait.limitMs)
      return { digests: 0, plans: [], faults: ['not all accounts are judged anew yet: see waymark journey list'] };
    await wait.pause(pauseMs);
  }
}

const pauseMs = 300;

/** What another process made of a change; undefined while it has not come to its end. */
async function settledElsewhere(
  tx: Tx,
  activationId: string,
): Promise<Omit<SettledActivation, 'activation'> | undefined> {
  const activation = (await journeyActivations(tx)).find((one) => one.activationId === activationId);
  if (activation === undefined || activation.settledAt === null) return undefined;
  const plans: { planId: string; writes: number }[] = [];
  for (const mapping of await writebackMappings(tx)) {
    if (mapping.journey !== activation.journey || !mapping.enabled) continue;
    const made = (await writebackPlans(tx, { mappingId: mapping.mappingId })).filter(
      ({ kind, state, createdAt }) => kind === 'forward' && state !== 'rejected' && createdAt >= activation.at,
    );
    const [plan] = made.toSorted((a, b) => b.createdAt - a.createdAt);
    // It is settled before its plans are made, one after the other.
    if (!plan) return undefined;
    plans.push({ planId: plan.planId, writes: (await writebackItems(tx, plan.planId)).length });
  }
  return { digests: await digestsOfActivation(tx, activationId), plans, faults: [] };
}

async function planWrites(
  waymark: Waymark,
  workspaceId: string,
  journey: string,
): Promise<Pick<SettledActivation, 'plans' | 'faults'>> {
  const mappings = await waymark.database.inWorkspace(workspaceId, (tx) => writebackMappings(tx));
  const plans: { planId: string; writes: number }[] = [];
  const faults: string[] = [];
  for (const mapping of mappings) {
    if (mapping.journey !== journey || !mapping.enabled) continue;
    try {
      const { plan, items } = await createPlan(writebackDependencies(waymark), workspaceId, mapping.mappingId);
      plans.push({ planId: plan.planId, writes: items.length });
    } catch (error) {
      // The CRM is out of reach: write-back makes the draft when it is back, and writes nothing before it is approved.
      if (!(error instanceof ConnectorFault)) throw error;
      faults.push(error.message);
    }
  }
  return { plans, faults };
}
