import { html } from 'hono/html';
import type { JourneyDefinition } from '@waymark/journey';
import type { Gap } from '@waymark/store';
import type { WorkspaceReport } from '../report.ts';
import type { AccountLine } from './account-list.ts';
import { flagLine } from './flag-view.ts';
import { worstFirst } from './flag-record.ts';
import { sourcesView, type SetAsideTotal } from './sources-view.ts';
import type { Markup } from './page.ts';
import { count, many, spoken } from './wording.ts';

export interface Overview {
  readonly report: WorkspaceReport;
  readonly definition: JourneyDefinition | undefined;
  readonly accounts: readonly AccountLine[];
  readonly gaps: readonly Gap[];
  readonly setAside: readonly SetAsideTotal[];
  readonly timezone: string;
  readonly now: number;
}

/** The first page: where the workspace stands, who needs help, and whether the sources are read. */
export function overviewPage(one: Overview): Markup {
  const { report } = one;
  const flagged = one.accounts.flatMap((line) => line.openFlags.map((flag) => ({ flag, account: line.account })));
  const risks = flagged.filter(({ flag }) => flag.kind === 'risk');
  return html`<h1>${report.workspace.name}</h1>
    <p class="lead">
      ${many(report.customers, 'customer')} among ${many(report.accounts, 'account')},
      ${many(report.contacts, 'contact')}, ${many(report.events.total, 'event')} from
      ${many(report.installations.length, 'source')}.
    </p>
    <div class="figures">
      <a class="figure" href="/accounts?flagged=1"
        ><b class="${risks.length > 0 ? 'bad' : 'ok'}">${risks.length}</b><small>open risk flags</small></a
      >
      <div class="figure"><b>${flagged.length - risks.length}</b><small>other open flags</small></div>
      <div class="figure"><b>${count(report.alerts.posted)}</b><small>alerts posted</small></div>
      <div class="figure"><b>${count(report.alerts.heldBack)}</b><small>alerts held back</small></div>
      <div class="figure">
        <b class="${report.alerts.uncertain > 0 ? 'warn' : ''}">${count(report.alerts.uncertain)}</b
        ><small>alerts uncertain</small>
      </div>
      <a class="figure" href="/writeback"
        ><b>${count(report.writeback.verified)}</b><small>stages written and verified</small></a
      >
      <a class="figure" href="/unmatched"><b>${count(report.unmatched.subjects)}</b><small>unmatched senders</small></a>
    </div>
    <div class="columns">
      <section>
        <h2>Open flags</h2>
        ${
          flagged.length === 0
            ? html`<p class="dim">No open flags.</p>`
            : html`<ul class="plain">
                ${flagged
                  .toSorted((a, b) => worstFirst(a.flag, b.flag))
                  .slice(0, 40)
                  .map(
                    ({ flag, account }) =>
                      html`<li>
                        <a href="/accounts/${account.accountId}#flag-${flag.flagId}">${account.name}</a>
                        ${flagLine(flag, one.timezone)}
                      </li>`,
                  )}
              </ul>`
        }
      </section>
      <section>
        <h2>Accounts by stage</h2>
        ${stages(one)}
      </section>
    </div>
    <h2>Sources</h2>
    ${sourcesView(one)}
    <h2>Events</h2>
    <details class="card tight">
      <summary>By type and by source</summary>
      <div class="columns">
        ${tally('By type', report.events.byType)} ${tally('By source, sightings', report.events.bySource)}
      </div>
    </details>
    <p class="dim small">
      ${many(report.events.merged, 'sighting')} told of an event that another source had told already; each event counts
      once. ${many(report.unmatched.events, 'event')} without an account.
    </p>`;
}

function stages({ report, definition }: Overview): Markup {
  const most = Math.max(1, ...Object.values(report.stages));
  const named: readonly { id: string; title: string }[] = definition?.stages ?? [];
  const listed = [
    ...named,
    ...Object.keys(report.stages)
      .filter((id) => !named.some((stage) => stage.id === id))
      .map((id) => ({ id, title: id === 'none' ? 'No stage yet' : spoken(id) })),
  ];
  return html`<div class="card bars">
      ${listed.map((stage) => {
        const accounts = report.stages[stage.id] ?? 0;
        return html`<a href="/accounts?stage=${encodeURIComponent(stage.id)}">${stage.title}</a
          ><span class="bar"><i style="width:${Math.round((accounts / most) * 100)}%"></i></span
          ><span class="num">${accounts}</span>`;
      })}
    </div>
    <p><a href="/map">How accounts move between them</a></p>`;
}

function tally(caption: string, figures: Readonly<Record<string, number>>): Markup {
  return html`<table>
    <caption>
      ${caption}
    </caption>
    ${Object.entries(figures)
      .toSorted(([, a], [, b]) => b - a)
      .map(
        ([name, value]) =>
          html`<tr>
            <td>${name}</td>
            <td class="num">${count(value)}</td>
          </tr>`,
      )}
  </table>`;
}
