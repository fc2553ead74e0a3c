import { html } from 'hono/html';
import { accounts, decisionsMade, eventTotals, readSettings, type Tx } from '@waymark/store';
import { DecisionError, previewOf, reviewQueue } from '@waymark/sync';
import type { Markup } from './page.ts';
import { choiceOf, formProof } from './review-choice.ts';
import { confirmation, decisionTable, entryForm } from './review-page.ts';
import { unmatchedPage } from './unmatched-page.ts';

const listed = 300;

/** The queue, with what is being decided (as the address says) and what was decided. Reads only. */
export async function reviewBody(
  tx: Tx,
  field: (name: string) => string,
  session: string | undefined,
  now: number,
): Promise<Markup> {
  const queue = await reviewQueue(tx);
  const all = await accounts(tx);
  const names = new Map(all.map((one) => [one.accountId, one.name]));
  const { timezone } = await readSettings(tx);
  let deciding: Markup | string = '';
  try {
    const choice = await choiceOf(tx, field, 'preview', now);
    const entry = queue.find((one) => one.id === field('entry'));
    if (choice) {
      const preview = await previewOf(tx, now, choice.work);
      deciding = confirmation({ ...choice, preview }, formProof(session), names, timezone);
    } else if (entry) deciding = entryForm(entry, all);
  } catch (error) {
    if (!(error instanceof DecisionError)) throw error;
    deciding = html`<p class="notice bad">${error.message}</p>`;
  }
  return unmatchedPage({
    queue: queue.slice(0, listed),
    total: queue.length,
    events: (await eventTotals(tx)).unmatched,
    deciding,
    decided: decisionTable(await decisionsMade(tx, { limit: 50 }), names, timezone),
    timezone,
  });
}

/** Why something was not done. */
export function noticePage(message: string): Markup {
  return html`<h1>Nothing was changed</h1>
    <p class="notice bad">${message}</p>
    <p><a href="/unmatched">Back to the queue</a></p>`;
}
