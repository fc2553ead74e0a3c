import { html } from 'hono/html';
import type { StagePeriod } from '@waymark/lifecycle';
import type { TimelineEvent } from '@waymark/store';
import type { FlagRecord } from './flag-record.ts';
import type { Markup } from './page.ts';
import { timeAxis, type TimeAxis } from './time-axis.ts';
import { day, eventTitle, moment, newsOf, spoken } from './wording.ts';

export interface TimeLine {
  readonly periods: readonly StagePeriod[];
  readonly stageTitles: ReadonlyMap<string, string>;
  readonly flags: readonly FlagRecord[];
  readonly events: readonly TimelineEvent[];
  readonly gaps: readonly { readonly from: number; readonly to: number | null; readonly reason: string }[];
  readonly renewalAt: number | null;
  readonly now: number;
  readonly timezone: string;
}

const DAY = 86_400_000;
const left = 96;
const right = 1112;
const width = 1120;
const laneHeight = 46;
const flagHeight = 16;
const touchpoints = ['email', 'meeting', 'chat', 'ticket', 'survey', 'product', 'crm', 'waymark'];

/** Colors of stages in the order of the journey; legible with white text in light and dark. */
const hues = ['#5b6b82', '#7a5cc7', '#2563b8', '#0f7c80', '#1f7a45', '#5f7a12', '#8a6a0a', '#a8501c', '#a03030'];

/** The color of a stage by its place in the journey. */
export function stageColor(titles: ReadonlyMap<string, string>, stage: string): string {
  const place = [...titles.keys()].indexOf(stage);
  return hues[place < 0 ? 0 : place % hues.length] ?? '#5b6b82';
}

/**
 * One time line of an account: its stages above, its flags below them, then a lane for each touchpoint with what came from the customer
 * above the lane's middle and what went out below it. Every mark leads to its event. Everything in it also stands in the page as text.
 */
export function timeLine(line: TimeLine): Markup {
  const axis = axisOf(line);
  const flags = line.flags.filter((flag) => (flag.clearedAt ?? line.now) >= axis.from).slice(0, 12);
  const lanes = touchpoints.filter((name) => line.events.some((event) => event.touchpoint === name));
  const flagsTop = 50;
  const lanesTop = flagsTop + flags.length * flagHeight + 12;
  const bottom = lanesTop + lanes.length * laneHeight;
  const height = bottom + 26;
  return html`<svg
    class="time"
    viewBox="0 0 ${width} ${height}"
    role="group"
    aria-label="Time line from ${day(axis.from, line.timezone)} to ${day(axis.to, line.timezone)}: stages, flags and ${
      line.events.length
    } events"
  >
    ${line.gaps.map((gap) => {
      const x = axis.x(gap.from);
      const w = Math.max(2, axis.x(gap.to ?? line.now) - x);
      return html`<rect class="gap" x="${x}" y="${lanesTop}" width="${w}" height="${bottom - lanesTop}">
        <title>Not read: ${gap.reason}</title>
      </rect>`;
    })}
    ${axis.months
      .filter(({ at }) => axis.x(at) < right - 40)
      .map(
        ({ at, name }) =>
          html`<line class="grid" x1="${axis.x(at)}" x2="${axis.x(at)}" y1="6" y2="${bottom}" /><text
              class="axis"
              x="${axis.x(at) + 3}"
              y="${bottom + 16}"
            >
              ${name}
            </text>`,
      )}
    <text class="lane" x="0" y="28">Stage</text>
    ${line.periods.filter((one) => (one.exitedAt ?? line.now) >= axis.from).map((one) => stageBar(line, axis, one))}
    ${flags.length > 0 ? html`<text class="lane" x="0" y="${flagsTop + 11}">Flags</text>` : ''}
    ${flags.map((flag, row) => flagBar(line, axis, flag, flagsTop + row * flagHeight))}
    ${lanes.map((name, row) => lane(line, axis, name, lanesTop + row * laneHeight))}
    ${
      line.renewalAt !== null && line.renewalAt >= axis.from && line.renewalAt <= axis.to
        ? html`<line
            class="renewal"
            x1="${axis.x(line.renewalAt)}"
            x2="${axis.x(line.renewalAt)}"
            y1="6"
            y2="${bottom}"
          >
            <title>Renewal on ${day(line.renewalAt, line.timezone)}</title>
          </line>`
        : ''
    }
    <line class="now" x1="${axis.x(line.now)}" x2="${axis.x(line.now)}" y1="6" y2="${bottom}">
      <title>Now</title>
    </line>
  </svg>`;
}

/** From the first event shown, at most two years back, to a little after now, or to a renewal that is near. */
function axisOf(line: TimeLine): TimeAxis {
  const earliest = line.events.reduce((least, event) => Math.min(least, event.occurredAt), line.now - 90 * DAY);
  const from = Math.max(earliest, line.now - 730 * DAY);
  const margin = (line.now - from) * 0.02;
  const soon = line.renewalAt !== null && line.renewalAt > line.now && line.renewalAt < line.now + 120 * DAY;
  return timeAxis(from - margin, (soon ? Math.max(line.now, line.renewalAt ?? 0) : line.now) + margin, left, right);
}

function stageBar(line: TimeLine, axis: TimeAxis, one: StagePeriod): Markup {
  const x = axis.x(one.enteredAt);
  const w = Math.max(2, axis.x(one.exitedAt ?? line.now) - x);
  const title = line.stageTitles.get(one.stage) ?? spoken(one.stage);
  const until = one.exitedAt === null ? 'now' : day(one.exitedAt, line.timezone);
  return html`<g class="stage">
    <rect x="${x}" y="10" width="${w}" height="28" rx="4" fill="${stageColor(line.stageTitles, one.stage)}">
      <title>${title}: ${day(one.enteredAt, line.timezone)} to ${until} (${one.move}, ${one.direction})</title>
    </rect>
    ${w > title.length * 7.5 ? html`<text x="${x + 8}" y="28">${title}</text>` : ''}
  </g>`;
}

function flagBar(line: TimeLine, axis: TimeAxis, flag: FlagRecord, y: number): Markup {
  const x = axis.x(flag.openedAt);
  const end = axis.x(flag.clearedAt ?? line.now);
  const w = Math.max(3, end - x);
  // The name stands left of the bar where there is no room for it on the right.
  const beside = end > right - 140;
  return html`<a href="#flag-${flag.flagId}" tabindex="-1">
    <rect
      class="mark flagbar ${flag.kind === 'opportunity' ? 'opportunity' : flag.severity}"
      x="${x}"
      y="${y + 3}"
      width="${w}"
      height="9"
      rx="4"
      ${flag.clearedAt === null ? '' : 'opacity=.45'}
    >
      <title>${flag.title}: ${flag.reason}</title>
    </rect>
    <text class="axis" x="${beside ? x - 5 : end + 5}" y="${y + 11}" text-anchor="${beside ? 'end' : 'start'}">
      ${flag.title}
    </text>
  </a>`;
}

function lane(line: TimeLine, axis: TimeAxis, touchpoint: string, top: number): Markup {
  const middle = top + laneHeight / 2;
  const events = line.events.filter(
    (event) => event.touchpoint === touchpoint && event.occurredAt >= axis.from && event.occurredAt <= axis.to,
  );
  return html`<text class="lane" x="0" y="${middle + 4}">${spoken(touchpoint)}</text>
    <line class="mid grid" x1="${left}" x2="${right}" y1="${middle}" y2="${middle}" />
    ${events.map((event) => mark(event, axis.x(event.occurredAt), middle, line))}`;
}

const sides: Readonly<Record<string, string>> = { inbound: 'in', outbound: 'out', internal: 'internal', none: 'none' };

/** Mail and chat are strokes, since there are many; meetings are discs, all else squares. */
function mark(event: TimelineEvent, x: number, middle: number, { timezone, now }: TimeLine): Markup {
  const planned = event.occurredAt > now;
  const news = newsOf(event.type);
  const side = sides[event.direction] ?? 'none';
  const kind = `mark ${planned ? 'planned' : news === 'plain' ? side : news}${event.automated ? ' auto' : ''}`;
  const y = middle + (side === 'in' ? -9 : side === 'out' ? 9 : 0);
  const title = html`<title>
    ${moment(event.occurredAt, timezone)}: ${eventTitle(event.type, planned)}${event.automated ? ' (automated)' : ''}
  </title>`;
  const stroke = event.touchpoint === 'email' || event.touchpoint === 'chat';
  const shape = stroke
    ? html`<rect class="${kind}" x="${x - 1}" y="${y - 7}" width="2" height="14">${title}</rect>`
    : event.touchpoint === 'meeting'
      ? html`<circle class="${kind}" cx="${x}" cy="${y}" r="4">${title}</circle>`
      : html`<rect class="${kind}" x="${x - 3.5}" y="${y - 3.5}" width="7" height="7" rx="1">${title}</rect>`;
  return html`<a href="/events/${event.eventId}" tabindex="-1">${shape}</a>`;
}
