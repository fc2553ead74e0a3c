import { html } from 'hono/html';
import type { Account, Unmatched } from '@waymark/store';
import type { Markup } from './page.ts';
import { count, day, many, matchReason } from './wording.ts';

/** What matches no account, with why, and how a person decides. */
export function unmatchedPage(one: {
  readonly queue: readonly Unmatched[];
  readonly accounts: ReadonlyMap<string, Account>;
  readonly events: number;
  readonly timezone: string;
}): Markup {
  const shown = one.queue.slice(0, 300);
  return html`<h1>Unmatched</h1>
    <p class="lead">
      ${many(one.queue.length, 'sender or domain', 'senders and domains')} with ${many(one.events, 'event')} that belong
      to no account. A decision is followed from then on and for the past.
    </p>
    <div class="card scroll">
      <table>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Why no account</th>
          <th scope="col">Candidates</th>
          <th scope="col" class="num">Events</th>
          <th scope="col">First</th>
          <th scope="col">Last</th>
        </tr>
        ${shown.map(
          (each) =>
            html`<tr>
              <td class="break">${each.subject}<br /><span class="dim small">${each.kind}</span></td>
              <td>${matchReason(each.reason)}</td>
              <td>
                ${each.candidates.map(
                  (id) => html`<div><a href="/accounts/${id}">${one.accounts.get(id)?.name ?? id}</a></div>`,
                )}
              </td>
              <td class="num">${count(each.events)}</td>
              <td class="nowrap">${day(each.firstSeenAt, one.timezone)}</td>
              <td class="nowrap">${day(each.lastSeenAt, one.timezone)}</td>
            </tr>`,
        )}
      </table>
      ${shown.length === 0 ? html`<p class="dim">Everything belongs to an account.</p>` : ''}
    </div>
    ${shown.length < one.queue.length ? html`<p class="dim">${count(one.queue.length - shown.length)} more, with fewer events, by the API.</p>` : ''}
    <h2>Deciding</h2>
    <p>
      In Slack by <em>Wrong account</em> on an alert, or through the API; the decision is audited and can be replaced by
      another one:
    </p>
    <pre><code>curl -X POST -H "Authorization: Bearer wmk_…" -H "Content-Type: application/json" \\
  -d '{"decisions":[{"kind":"domain","subject":"example.com","accountId":"…"}]}' …/api/assignments</code></pre>`;
}
