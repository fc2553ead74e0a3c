import { fold, reduce } from '@waymark/lifecycle';
import { account as readAccount, contacts as readContacts, factsOf } from '@waymark/store';
import { expect } from 'vitest';
import { accountCoverage, coverageIndex } from '../coverage/coverage.ts';
import { accountContext, contextDigestOf } from '../fold/account-context.ts';
import { isEngineState } from '../fold/state.ts';
import { shippedJourney, type SyncRig } from './sync-rig.ts';

/** Compares what is stored of every account with what its whole log gives: the answer, and the states along the way. */
export async function compareWithLog(rig: SyncRig): Promise<void> {
  const { journey } = shippedJourney;
  const kept = await rig.rows<{ account_id: string; digest: string; stage: string | null; context_digest: string }>(
    'SELECT account_id, digest, stage, context_digest FROM engine_state WHERE workspace_id = $1',
  );
  expect(kept.length).toBeGreaterThan(0);
  const states = await rig.rows<{ account_id: string; taken: number; at: Date; state: string }>(
    'SELECT account_id, taken, at, state FROM kept_state WHERE workspace_id = $1',
  );
  const said: { periods: string[]; flags: string[] } = { periods: [], flags: [] };
  for (const row of kept) {
    const whole = await rig.database.inWorkspace(rig.workspaceId, async (tx) => {
      const found = await readAccount(tx, row.account_id);
      if (!found) throw new Error('the account is missing');
      const coverage = await accountCoverage(tx, await coverageIndex(tx), found);
      const context = accountContext(found, await readContacts(tx, row.account_id), coverage, found.timezone ?? 'UTC');
      const facts = await factsOf(tx, row.account_id);
      if (contextDigestOf(context) === row.context_digest) {
        for (const { at, taken, state } of states.filter((one) => one.account_id === row.account_id)) {
          const then = fold(
            journey,
            context,
            facts.filter((fact) => fact.occurredAt <= at.getTime()),
            at.getTime(),
          );
          const parsed: unknown = JSON.parse(state);
          if (!isEngineState(parsed)) throw new Error('no state');
          expect({ taken, at: at.getTime() }).toEqual({ taken: then.taken, at: then.at });
          expect(parsed).toMatchObject(JSON.parse(JSON.stringify({ tracks: then.tracks, course: then.course })));
        }
      }
      return reduce(journey, context, facts, rig.now);
    });
    expect({ stage: row.stage, digest: row.digest }).toEqual({ stage: whole.stage, digest: whole.digest });
    said.periods.push(
      ...whole.periods.map(({ enteredAt, exitedAt, stage }) => `${row.account_id} ${enteredAt} ${exitedAt} ${stage}`),
    );
    said.flags.push(...whole.flags.map(({ flagId, clearedAt, proof }) => `${flagId} ${clearedAt} ${proof.digest}`));
  }
  const periods = await rig.rows<{ account_id: string; stage: string; entered_at: Date; exited_at: Date | null }>(
    'SELECT account_id, stage, entered_at, exited_at FROM stage_period WHERE workspace_id = $1 AND superseded_at IS NULL',
  );
  expect(
    periods
      .map((one) => `${one.account_id} ${one.entered_at.getTime()} ${one.exited_at?.getTime() ?? null} ${one.stage}`)
      .sort(),
  ).toEqual(said.periods.sort());
  const flags = await rig.rows<{ flag_id: string; cleared_at: Date | null; proof: string }>(
    `SELECT flag_id, cleared_at, detail->'proof'->>'digest' AS proof FROM flag WHERE workspace_id = $1 AND superseded_at IS NULL`,
  );
  expect(flags.map((one) => `${one.flag_id} ${one.cleared_at?.getTime() ?? null} ${one.proof}`).sort()).toEqual(
    said.flags.sort(),
  );
}
