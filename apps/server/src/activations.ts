import { ConnectorFault } from '@waymark/connector-kit';
import type { SlackBot } from '@waymark/slack-bot';
import {
  accountsBehind,
  lockActivation,
  openActivations,
  settleActivation,
  writebackMappings,
  type JourneyActivation,
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
