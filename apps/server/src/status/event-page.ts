import { html } from 'hono/html';
import type { Account, TimelineEvent } from '@waymark/store';
import { matchOf } from './event-view.ts';
import type { Markup } from './page.ts';
import { day, eventTitle, matchReason, moment, spoken } from './wording.ts';

export interface EventView {
  readonly event: TimelineEvent;
  /** The accounts that the event names: its own, and those that lost. */
  readonly accounts: ReadonlyMap<string, Account>;
  readonly timezone: string;
  readonly now: number;
}

/** One event: what happened, who took part, where it was seen, and why it belongs to its account. */
export function eventPage({ event, accounts, timezone, now }: EventView): Markup {
  const account = event.accountId === null ? undefined : accounts.get(event.accountId);
  return html`${account ? html`<p class="small"><a href="/accounts/${account.accountId}">${account.name}</a></p>` : ''}
    <h1>${eventTitle(event.type, event.occurredAt > now)}</h1>
    <p class="lead">
      ${moment(event.occurredAt, timezone)}${event.automated ? ' · written by a machine, not counted as engagement' : ''}
    </p>
    <div class="columns">
      <section>
        <h2>What happened</h2>
        <div class="card">
          <dl class="facts">
            <dt>Type</dt>
            <dd><code>${event.type}</code></dd>
            <dt>Touchpoint</dt>
            <dd>${spoken(event.touchpoint)}, ${event.direction}</dd>
            <dt>True at</dt>
            <dd>${moment(event.occurredAt, timezone)}</dd>
            <dt>Known at</dt>
            <dd>${moment(event.recordedAt, timezone)}</dd>
            ${Object.entries(event.attributes).map(
              ([name, value]) =>
                html`<dt>${spoken(name)}</dt>
                  <dd>${attribute(name, value, timezone)}</dd>`,
            )}
          </dl>
        </div>
      </section>
      <section>
        <h2>Why it is here</h2>
        <div class="card">
          <p>
            ${account ? html`<a href="/accounts/${account.accountId}">${account.name}</a>: ` : 'No account: '}${matchOf(event)}
          </p>
          ${lost(event, accounts)}
        </div>
        <h2>Who took part</h2>
        <div class="card">
          <ul class="plain">
            ${event.participants.map(
              (one) =>
                html`<li>
                  <span class="dim">${one.role}</span> ${one.name ?? ''}
                  <span class="break ${one.name ? 'dim' : ''}">${one.address ?? ''}</span>
                </li>`,
            )}
          </ul>
        </div>
        <h2>Where it was seen</h2>
        <div class="card">
          <ul class="plain">
            ${event.sightings.map(
              (one) =>
                html`<li>
                  ${one.connector} ${one.object} <code class="break">${one.externalId}</code>
                  ${one.url && /^https?:/.test(one.url) ? html`<a href="${one.url}" rel="noreferrer">Open there</a>` : ''}
                </li>`,
            )}
          </ul>
        </div>
      </section>
    </div>
    <p class="dim small">Event <code>${event.eventId}</code></p>`;
}

/** Told by CRMs as dates, without a time of day: midnight, UTC. */
const dates = new Set(['closeAt', 'previousCloseAt', 'until']);
const instants = new Set(['startsAt', 'endsAt', 'closeAt', 'previousCloseAt', 'until']);

function attribute(name: string, value: unknown, timezone: string): string | Markup {
  if (dates.has(name) && typeof value === 'number' && value % 86_400_000 === 0) return day(value);
  if (instants.has(name) && typeof value === 'number') return moment(value, timezone);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.length > 3)
    return html`<details>
      <summary>${value.length}</summary>
      ${value.map((one) => html`<div class="small">${String(one)}</div>`)}
    </details>`;
  return html`<code>${JSON.stringify(value)}</code>`;
}

function lost(event: TimelineEvent, accounts: ReadonlyMap<string, Account>): Markup | string {
  const candidates = lostCandidates(event);
  if (candidates.length === 0) return html`<p class="dim small">No other account was a candidate.</p>`;
  return html`<p class="small">What else spoke for an account, and lost:</p>
    <ul class="plain small">
      ${candidates.map(
        (one) =>
          html`<li>
            <a href="/accounts/${one.accountId}">${accounts.get(one.accountId)?.name ?? one.accountId}</a>:
            ${matchReason(one.reason)} <span class="dim">${one.subject}${one.why === '' ? '' : `, ${one.why}`}</span>
          </li>`,
      )}
    </ul>`;
}

/** The candidates that lost, as matching noted them. */
export function lostCandidates(
  event: TimelineEvent,
): readonly { readonly accountId: string; readonly reason: string; readonly subject: string; readonly why: string }[] {
  const found: unknown = event.match?.lost;
  if (!Array.isArray(found)) return [];
  return found.flatMap((one: unknown) =>
    typeof one === 'object' && one !== null && 'accountId' in one && 'reason' in one
      ? [
          {
            accountId: String(one.accountId),
            reason: String(one.reason),
            subject: 'subject' in one ? String(one.subject) : '',
            why: 'why' in one ? String(one.why) : '',
          },
        ]
      : [],
  );
}

/** The day of an event, for titles. */
export function eventHeading(event: TimelineEvent, timezone: string): string {
  return `${eventTitle(event.type)}, ${day(event.occurredAt, timezone)}`;
}
