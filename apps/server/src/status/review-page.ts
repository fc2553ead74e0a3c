import { html } from 'hono/html';
import type { Account, StoredDecision } from '@waymark/store';
import type { DecisionPreview, ReviewEntry } from '@waymark/sync';
import type { Markup } from './page.ts';
import { count, day, eventTitle, many, matchReason, moment, spoken } from './wording.ts';

/** Moves that are listed on the page; all are counted. */
const listedMoves = 50;

/** What is asked to be confirmed. */
export interface Asked {
  /** The form's fields, as they came. */
  readonly fields: Readonly<Record<string, string>>;
  readonly title: string;
  readonly preview: DecisionPreview;
}

/** An entry of the queue with the ways to decide about it. */
export function entryForm(entry: ReviewEntry, accounts: readonly Account[]): Markup {
  const first = new Set(entry.candidates.map((one) => one.accountId));
  const rest = accounts.filter((one) => !first.has(one.accountId));
  return html`<div class="card">
    <h2 class="break">${entry.subject}</h2>
    <p>${matchReason(entry.reason)}; ${many(entry.events, 'event')}.</p>
    <form action="/unmatched" method="get" class="filters">
      <input type="hidden" name="entry" value="${entry.id}" />
      <label
        >It belongs to
        <select name="account">
          <option value="">–</option>
          ${entry.candidates.map((one) => html`<option value="${one.accountId}">${one.name} (candidate)</option>`)}
          ${rest.map((one) => html`<option value="${one.accountId}">${one.name}</option>`)}
        </select></label
      >
      <label
        >or
        <select name="verdict">
          <option value="">–</option>
          <option value="not_customer">is nobody’s customer</option>
          ${entry.kind === 'domain' ? html`<option value="split">is several: decide about each person</option>` : ''}
        </select></label
      >
      <button>Show what would change</button>
    </form>
  </div>`;
}

/** What would change, and the button that does exactly that. */
export function confirmation(
  asked: Asked,
  proof: string,
  names: ReadonlyMap<string, string>,
  timezone: string,
): Markup {
  const { preview } = asked;
  const name = (id: string | null) => (id === null ? 'no account' : (names.get(id) ?? id));
  return html`<div class="card" id="preview">
    <h2 class="break">${asked.title}</h2>
    <p class="lead">${many(preview.moves.length, 'event')} would move. Nothing is changed yet.</p>
    ${preview.accounts.map(
      (one) =>
        html`<h3><a href="/accounts/${one.accountId}">${one.name}</a></h3>
          <p>
            ${count(one.gained)} events more, ${count(one.lost)} fewer; stage ${change(one.stage)}; health
            ${change(one.health)}; ${many(one.alerts.posted, 'alert')} to post, ${count(one.alerts.takenBack)} to take
            back.
          </p>
          <ul class="plain small">
            ${one.flags.map(
              (flag) =>
                html`<li>
                  <span class="tag ${flag.severity}">${flag.change === 'opens' ? 'opens' : 'ends'}</span>
                  ${spoken(flag.rule)}: ${flag.reason}
                </li>`,
            )}
          </ul>`,
    )}
    <details>
      <summary>${many(Math.min(listedMoves, preview.moves.length), 'event')}</summary>
      <ul class="plain small">
        ${preview.moves
          .slice(0, listedMoves)
          .map(
            (one) =>
              html`<li>
                <a href="/events/${one.eventId}">${eventTitle(one.type)}, ${moment(one.occurredAt, timezone)}</a>: from
                ${name(one.from)} to ${name(one.to)}
              </li>`,
          )}
      </ul>
    </details>
    <form action="/unmatched" method="post" class="filters">
      ${Object.entries({ ...asked.fields, expect: preview.digest, proof }).map(
        ([field, value]) => html`<input type="hidden" name="${field}" value="${value}" />`,
      )}
      <button>Do it</button>
      <a href="/unmatched">Leave it</a>
    </form>
  </div>`;
}

const change = (value: { readonly before: string | number | null; readonly after: string | number | null }): string =>
  value.before === value.after
    ? `stays ${value.after ?? 'unknown'}`
    : `${value.before ?? 'none'} to ${value.after ?? 'none'}`;

/** What was decided, with a way back. */
export function decisionTable(
  made: readonly StoredDecision[],
  names: ReadonlyMap<string, string>,
  timezone: string,
): Markup | string {
  if (made.length === 0) return '';
  return html`<h2>Decided by hand</h2>
    <div class="card scroll">
      <table>
        <tr>
          <th scope="col">About</th>
          <th scope="col">Decided</th>
          <th scope="col">By</th>
          <th scope="col">On</th>
          <th scope="col">Undo</th>
        </tr>
        ${made.map(
          (one) =>
            html`<tr>
              <td class="break">${one.subject}<br /><span class="dim small">${one.kind}</span></td>
              <td>${one.accountId === null ? spoken(one.verdict) : (names.get(one.accountId) ?? one.accountId)}</td>
              <td>${one.by}</td>
              <td class="nowrap">${day(one.at, timezone)}</td>
              <td>
                ${
                  one.undoneAt === null
                    ? html`<a href="/unmatched?undo=${one.decisionId}#preview">Show what undoing changes</a>`
                    : html`<span class="dim">undone ${day(one.undoneAt, timezone)}</span>`
                }
              </td>
            </tr>`,
        )}
      </table>
    </div>`;
}
