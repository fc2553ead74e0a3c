import { html } from 'hono/html';
import type { FlagRecord } from './flag-record.ts';
import type { Markup } from './page.ts';
import { away, day, eventTitle, measured, moment, operator, spoken } from './wording.ts';

interface Sight {
  readonly now: number;
  readonly timezone: string;
  /** The flag's reason with today's values, where it is still so. */
  readonly reasonNow?: string | undefined;
  /** What the log says of the proof: shown where it was looked at. */
  readonly standing?: string | undefined;
  readonly open?: boolean;
}

/** One flag on one line, for lists: how bad, what, why in one line, and of when that line is. */
export function flagLine(flag: FlagRecord, timezone: string): Markup {
  return html`<span class="tag ${toneOf(flag)}">${flag.kind === 'opportunity' ? 'opportunity' : flag.severity}</span>
    <strong>${flag.title}</strong> <span class="dim">${flag.latest.reason}</span>
    <span class="dim small nowrap">as of ${day(flag.latest.at, timezone)}</span>`;
}

/** The word that colors a flag. */
function toneOf(flag: FlagRecord): string {
  return flag.kind === 'opportunity' ? 'opportunity' : flag.severity;
}

/** A flag with its proof a click away: the rule, the values compared, the events it rests on, what would clear it. */
export function flagView(flag: FlagRecord, sight: Sight): Markup {
  const { timezone, now } = sight;
  const over = flag.clearedAt !== null;
  return html`<details
    class="flag ${toneOf(flag)} ${over ? 'past' : ''}"
    id="flag-${flag.flagId}"
    ${sight.open ? 'open' : ''}
  >
    <summary>
      <span class="tag ${over ? '' : toneOf(flag)}"
        >${over ? 'cleared' : flag.kind === 'opportunity' ? 'opportunity' : flag.severity}</span
      >
      <strong>${flag.title}</strong>
      <span class="line">${sight.reasonNow ?? flag.reason}</span>
      <span class="dim small">
        open since ${day(flag.openedAt, timezone)}
        (${away(flag.openedAt, now)})${
          flag.clearedAt === null
            ? ''
            : `, cleared on ${day(flag.clearedAt, timezone)}: ${flag.clearedBecause ?? 'it ended'}`
        }${handled(flag, timezone)}</span
      >
    </summary>
    <div>
      <dl class="facts">
        ${
          sight.reasonNow && sight.reasonNow !== flag.reason
            ? html`<dt>When it opened</dt>
                <dd>${flag.reason}</dd>`
            : ''
        }
        <dt>Next step</dt>
        <dd>${flag.nextStep}${flag.playbook ? ` Playbook: ${spoken(flag.playbook)}.` : ''}</dd>
        <dt>What clears it</dt>
        <dd>${flag.proof.clears}</dd>
      </dl>
      ${comparisons(flag, timezone)} ${evidence(flag, timezone)}
      <p class="dim small break">
        Rule <code>${flag.rule}</code>, version ${flag.ruleVersion}, of <code>${flag.proof.definition}</code>
        <code>${flag.proof.definitionDigest.slice(0, 12)}</code>, as of ${moment(flag.proof.at, timezone)}; proof
        <code title="${flag.proof.digest}">${flag.proof.digest.slice(0, 12)}</code
        >${sight.standing ? `: ${sight.standing}` : ''}.
        <a href="/flags/${flag.flagId}">Check it against the log</a>
      </p>
    </div>
  </details>`;
}

function comparisons(flag: FlagRecord, timezone: string): Markup | string {
  if (flag.proof.comparisons.length === 0) return '';
  return html`<div class="scroll">
    <table>
      <caption>
        What was compared
      </caption>
      <tr>
        <th scope="col">Signal</th>
        <th scope="col">Value</th>
        <th scope="col">Asked for</th>
        <th scope="col">Holds</th>
      </tr>
      ${flag.proof.comparisons.map(
        (one) =>
          html`<tr>
            <td>${one.label}</td>
            <td>${measured(one.value, one.unit, timezone)}</td>
            <td>${operator(one.op)} ${measured(one.threshold, one.unit, timezone)}</td>
            <td>${one.holds ? 'yes' : 'no'}</td>
          </tr>`,
      )}
    </table>
  </div>`;
}

function evidence(flag: FlagRecord, timezone: string): Markup | string {
  if (flag.proof.evidence.length === 0)
    return html`<p class="dim small">It rests on what did not happen: there is no event to show.</p>`;
  return html`<h3>What it rests on</h3>
    <ul class="plain">
      ${flag.proof.evidence.map(
        (one) =>
          html`<li>
            <a href="/events/${one.eventId}">${moment(one.at, timezone)}</a> ${one.note}
            <span class="dim small">${eventTitle(one.type)}</span>
          </li>`,
      )}
    </ul>`;
}

function handled(flag: FlagRecord, timezone: string): string {
  const { handling } = flag;
  if (!handling) return '';
  const said: string[] = [];
  if (handling.claimedBy) said.push(`claimed by ${handling.claimedBy}`);
  if (handling.snoozedUntil !== null) said.push(`snoozed until ${day(handling.snoozedUntil, timezone)}`);
  if (handling.answer)
    said.push(`answered ${spoken(handling.answer).toLowerCase()} by ${handling.answeredBy ?? 'someone'}`);
  return said.length > 0 ? `; ${said.join(', ')}` : '';
}
