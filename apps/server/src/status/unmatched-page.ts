import { html } from 'hono/html';
import type { ReviewEntry } from '@waymark/sync';
import type { Markup } from './page.ts';
import { count, day, many, matchReason } from './wording.ts';

/** What matches no account, with why, and how a person decides. */
export function unmatchedPage(one: {
  readonly queue: readonly ReviewEntry[];
  readonly total: number;
  readonly events: number;
  /** What is being decided, and what was: above and below the queue. */
  readonly deciding: Markup | string;
  readonly decided: Markup | string;
  readonly timezone: string;
}): Markup {
  return html`<h1>Unmatched</h1>
    <p class="lead">
      ${many(one.total, 'sender or domain', 'senders and domains')} with ${many(one.events, 'event')} that belong to no
      account. A decision is followed from then on and for the past.
    </p>
    ${one.deciding}
    <div class="card scroll">
      <table>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Why no account</th>
          <th scope="col">Candidates</th>
          <th scope="col" class="num">Events</th>
          <th scope="col">First</th>
          <th scope="col">Last</th>
          <th scope="col"><span class="dim">Decide</span></th>
        </tr>
        ${one.queue.map(
          (each) =>
            html`<tr>
              <td class="break">${each.subject}<br /><span class="dim small">${each.kind}</span></td>
              <td>${matchReason(each.reason)}</td>
              <td>
                ${each.candidates.map(
                  (claim) => html`<div><a href="/accounts/${claim.accountId}">${claim.name}</a></div>`,
                )}
              </td>
              <td class="num">${count(each.events)}</td>
              <td class="nowrap">${day(each.firstSeenAt, one.timezone)}</td>
              <td class="nowrap">${day(each.lastSeenAt, one.timezone)}</td>
              <td>${each.kind === 'record' ? '' : html`<a href="/unmatched?entry=${each.id}">Decide</a>`}</td>
            </tr>`,
        )}
      </table>
      ${one.queue.length === 0 ? html`<p class="dim">Everything belongs to an account.</p>` : ''}
    </div>
    ${one.queue.length < one.total ? html`<p class="dim">${count(one.total - one.queue.length)} more, with fewer events, by the API.</p>` : ''}
    ${one.decided}
    <h2>Other ways</h2>
    <p>
      <code>waymark review list</code> and <code>waymark review decide</code> on the command line,
      <em>Wrong account</em>
      on an alert in Slack, or the API: each shows what would change before it is done, and can be undone.
    </p>`;
}
