import { html } from 'hono/html';
import type { TimelineEvent } from '@waymark/store';
import type { Markup } from './page.ts';
import { eventTitle, matchReason, moment } from './wording.ts';

/** Events as rows of a table, newest first, each with why it belongs here. */
export function eventTable(events: readonly TimelineEvent[], timezone: string, now: number): Markup {
  return html`<div class="scroll">
    <table>
      <tr>
        <th scope="col">When</th>
        <th scope="col">What</th>
        <th scope="col">Who</th>
        <th scope="col">Why it is here</th>
        <th scope="col">Seen in</th>
      </tr>
      ${events.map(
        (event) =>
          html`<tr>
            <td class="when"><a href="/events/${event.eventId}">${moment(event.occurredAt, timezone)}</a></td>
            <td>
              ${eventTitle(event.type, event.occurredAt > now)}
              ${event.automated ? html`<span class="tag">automated</span>` : ''} ${said(event)}
            </td>
            <td class="small">${peopleOf(event, 3)}</td>
            <td class="small">${matchOf(event)}</td>
            <td class="small">${[...new Set(event.sightings.map((one) => one.connector))].join(', ')}</td>
          </tr>`,
      )}
    </table>
  </div>`;
}

/** Who took part, by name or address. */
function peopleOf(event: TimelineEvent, most: number): string {
  const names = event.participants.map((one) => one.name ?? one.address ?? '').filter((name) => name !== '');
  const more = names.length - most;
  return names.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Why an event belongs to its account, or to none, in words. */
export function matchOf(event: TimelineEvent): string {
  const { match } = event;
  if (!match || typeof match.reason !== 'string') return 'not matched yet';
  const subject =
    typeof match.subject === 'string' && match.reason !== 'record' && match.reason !== 'hand'
      ? `: ${match.subject}`
      : '';
  return `${matchReason(match.reason)}${subject}`;
}

/** The one attribute that tells most, where there is one. */
function said(event: TimelineEvent): Markup | string {
  const { attributes } = event;
  for (const key of ['subject', 'title', 'name']) {
    const text = attributes[key];
    if (typeof text === 'string' && text !== '') return html`<span class="dim">“${text}”</span>`;
  }
  const { from, to, stageLabel, priority, answer } = attributes;
  if (typeof stageLabel === 'string') return html`<span class="dim">to ${stageLabel}</span>`;
  if (typeof to === 'string')
    return html`<span class="dim">${typeof from === 'string' ? `${from} → ` : ''}${to}</span>`;
  if (typeof answer === 'string') return html`<span class="dim">${answer.replaceAll('_', ' ')}</span>`;
  return typeof priority === 'string' ? html`<span class="dim">${priority}</span>` : '';
}
