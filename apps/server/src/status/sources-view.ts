import { html } from 'hono/html';
import type { Gap } from '@waymark/store';
import type { StreamReport, WorkspaceReport } from '../report.ts';
import { fixOf } from '../doctor/fault-fixes.ts';
import type { Markup } from './page.ts';
import { away, count, day, many, moment, span, spoken } from './wording.ts';

export interface SetAsideTotal {
  readonly installationId: string | null;
  readonly stream: string;
  readonly reason: string;
  readonly records: number;
  readonly example: string;
}

interface Sources {
  readonly report: WorkspaceReport;
  readonly gaps: readonly Gap[];
  readonly setAside: readonly SetAsideTotal[];
  readonly timezone: string;
  readonly now: number;
}

type InstallationReport = WorkspaceReport['installations'][number];

/** The installations with their streams: how fresh, what was stored, ignored and rejected and why, what is broken and how it is mended. */
export function sourcesView(one: Sources): Markup {
  if (one.report.installations.length === 0) {
    return html`<p class="notice">
      Nothing is connected yet. Run
      <code>waymark install &lt;connector&gt; --workspace ${one.report.workspace.slug}</code>.
    </p>`;
  }
  return html`${one.report.installations.map((installation) => installationView(one, installation))}`;
}

function installationView(one: Sources, installation: InstallationReport): Markup {
  const gaps = one.gaps.filter((gap) => gap.installationId === installation.id);
  const aside = one.setAside.filter((each) => each.installationId === installation.id);
  const faults = installation.streams.filter((stream) => stream.fault);
  const tone = installation.status !== 'active' ? 'bad' : faults.length > 0 || gaps.length > 0 ? 'warn' : 'ok';
  const state =
    installation.status === 'active'
      ? tone === 'ok'
        ? 'running'
        : 'running with faults'
      : spoken(installation.status);
  return html`<details class="card tight" ${tone === 'ok' ? '' : 'open'}>
    <summary>
      <strong>${installation.connector}</strong> ${installation.label}
      <span class="tag ${tone}">${state}</span>
      <span class="dim small">${summary(installation)}</span>
    </summary>
    ${
      installation.status === 'active'
        ? ''
        : html`<p class="notice bad">
            ${installation.reason ?? spoken(installation.status)}<br /><strong>What to do:</strong>
            ${whatToDo(installation)}
          </p>`
    }
    ${installation.resumeAt ? html`<p class="notice">Waiting until ${moment(Date.parse(installation.resumeAt), one.timezone)}.</p>` : ''}
    <div class="scroll" ${installation.streams.length === 0 ? 'hidden' : ''}>
      <table>
        <tr>
          <th scope="col">Stream</th>
          <th scope="col">Read</th>
          <th scope="col" class="num">Stored</th>
          <th scope="col" class="num">Ignored</th>
          <th scope="col" class="num">Rejected</th>
          <th scope="col">Why not stored</th>
          <th scope="col">Since</th>
        </tr>
        ${installation.streams.map((stream) => streamRow(one, stream))}
      </table>
    </div>
    ${faults.map(
      (stream) =>
        html`<p class="notice bad">
          <strong>${stream.stream}:</strong> ${stream.fault?.message}
          (${spoken(stream.fault?.kind ?? '').toLowerCase()}, since
          ${moment(Date.parse(stream.fault?.since ?? ''), one.timezone)})<br /><strong>What to do:</strong>
          ${fixOf(stream.fault?.kind ?? '', installation.connector)}
        </p>`,
    )}
    ${installation.push.faults.map(
      (fault) =>
        html`<p class="notice">
          <strong>Push:</strong> ${fault.message} (${fault.target}). It is tried again; until then changes are found by
          polling.
        </p>`,
    )}
    ${gaps.map(
      (gap) =>
        html`<p class="notice">
          <strong>${gap.stream}${gap.partition === '' ? '' : ` (${gap.partition})`}</strong> was not read from
          ${moment(gap.from, one.timezone)} ${gap.to === null ? 'on' : `to ${moment(gap.to, one.timezone)}`}:
          ${gap.reason} Silence in that time is not taken for a risk.
        </p>`,
    )}
    ${aside.map(
      (each) =>
        html`<p class="dim small break">
          Set aside in ${each.stream}: ${many(each.records, 'record')} (${each.reason}), for instance: ${each.example}
        </p>`,
    )}
  </details>`;
}

function summary(installation: InstallationReport): string {
  // Slack is written to, not read.
  if (installation.streams.length === 0) return installation.connector === 'slack' ? 'alerts go there' : 'not read yet';
  const sum = (of: (stream: StreamReport) => number): string =>
    count(installation.streams.reduce((total, each) => total + of(each), 0));
  const ages = installation.streams.map((stream) => stream.freshnessSeconds);
  const known = ages.filter((age) => age !== null);
  const freshness =
    known.length === 0 || known.length < ages.length
      ? 'not read through yet'
      : `read ${span(Math.max(...known) * 1000)} ago`;
  return `${sum((each) => each.stored)} stored, ${sum((each) => each.ignored)} ignored, ${sum((each) => each.rejected)} rejected · ${freshness}`;
}

function streamRow(one: Sources, stream: StreamReport): Markup {
  const reasons = Object.entries(stream.reasons).toSorted(([, a], [, b]) => b - a);
  const { done, expected } = stream.progress;
  const progress = expected ? `, ${Math.min(100, Math.round((done / expected) * 100))} %` : `, ${count(done)} so far`;
  return html`<tr>
    <td>${stream.stream}${stream.partitions > 1 ? html` <span class="dim">×${stream.partitions}</span>` : ''}</td>
    <td class="nowrap">
      ${stream.freshnessSeconds === null ? 'not yet' : away(one.now - stream.freshnessSeconds * 1000, one.now)}${
        stream.backfilling ? html` <span class="dim">(history${progress})</span>` : ''
      }
    </td>
    <td class="num">${count(stream.stored)}</td>
    <td class="num">${count(stream.ignored)}</td>
    <td class="num ${stream.rejected > 0 ? 'bad' : ''}">${count(stream.rejected)}</td>
    <td class="small">
      ${reasons.map(([reason, records]) => `${spoken(reason).toLowerCase()} ${count(records)}`).join(', ')}
    </td>
    <td class="nowrap">${stream.watchedFrom ? day(Date.parse(stream.watchedFrom), one.timezone) : ''}</td>
  </tr>`;
}

function whatToDo({ status, connector }: WorkspaceReport['installations'][number]): string {
  if (status === 'needs_auth') return `Run waymark install ${connector} again for this account.`;
  if (status === 'preview') return 'Look at waymark preview, then run waymark preview accept.';
  return 'It was switched off by hand.';
}
