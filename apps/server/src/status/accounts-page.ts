import { html } from 'hono/html';
import type { JourneyDefinition } from '@waymark/journey';
import { civilDay } from '@waymark/lifecycle';
import type { AccountFilter, AccountLine } from './account-list.ts';
import { flagLine } from './flag-view.ts';
import type { Markup } from './page.ts';
import { count, day, many, money, spoken } from './wording.ts';

export interface AccountsView {
  readonly lines: readonly AccountLine[];
  readonly total: number;
  readonly page: number;
  readonly pageSize: number;
  readonly filter: AccountFilter;
  readonly definition: JourneyDefinition | undefined;
  readonly csms: readonly string[];
  readonly timezone: string;
}

/** The accounts with stage, health, CSM and open flags, those in need first. */
export function accountsPage(one: AccountsView): Markup {
  const titles = new Map((one.definition?.stages ?? []).map((stage) => [stage.id, stage.title]));
  return html`<h1>Accounts</h1>
    <p class="lead">${many(one.total, 'account')}, those in need first.</p>
    ${filters(one)}
    <div class="card scroll">
      <table>
        <tr>
          <th scope="col">Account</th>
          <th scope="col">Stage</th>
          <th scope="col" class="num">Health</th>
          <th scope="col">CSM</th>
          <th scope="col">Renewal</th>
          <th scope="col" class="num">Value</th>
          <th scope="col">Open flags</th>
        </tr>
        ${one.lines.map((line) => row(line, titles, one.timezone))}
      </table>
      ${one.lines.length === 0 ? html`<p class="dim">No account fits.</p>` : ''}
    </div>
    ${pager(one)}`;
}

function row(line: AccountLine, titles: ReadonlyMap<string, string>, timezone: string): Markup {
  const { account } = line;
  const stage = line.stage === null ? 'none yet' : (titles.get(line.stage) ?? spoken(line.stage));
  return html`<tr>
    <td>
      <a href="/accounts/${account.accountId}">${account.name}</a><br /><span class="dim small"
        >${account.domain ?? ''}${account.isCustomer ? '' : html` <span class="tag">no customer</span>`}</span
      >
    </td>
    <td>${stage}</td>
    <td class="num ${healthTone(line.health)}">${line.health ?? '–'}</td>
    <td class="small">${account.csmEmail ?? html`<span class="warn">nobody</span>`}</td>
    <td class="nowrap">${account.renewalAt === null ? '' : day(civilDay(account.renewalAt, timezone), timezone)}</td>
    <td class="num">${account.value === null ? '' : money(account.value, account.currency)}</td>
    <td class="small">${line.openFlags.map((flag) => html`<div>${flagLine(flag, timezone)}</div>`)}</td>
  </tr>`;
}

/** The word that colors a health score: below 50 bad, below 75 to be watched. */
export function healthTone(score: number | null): 'bad' | 'warn' | 'ok' | 'dim' {
  if (score === null) return 'dim';
  return score < 50 ? 'bad' : score < 75 ? 'warn' : 'ok';
}

function filters({ filter, definition, csms }: AccountsView): Markup {
  const stages = [...(definition?.stages ?? []), { id: 'none', title: 'No stage yet' }];
  return html`<form class="filters" action="/accounts" method="get" role="search">
    <label>Name or domain <input type="search" name="q" value="${filter.text ?? ''}" /></label>
    <label
      >Stage
      <select name="stage">
        <option value="">All</option>
        ${stages.map(
          ({ id, title }) => html`<option value="${id}" ${id === filter.stage ? 'selected' : ''}>${title}</option>`,
        )}
      </select></label
    >
    <label
      >CSM
      <select name="csm">
        <option value="">All</option>
        ${csms.map((email) => html`<option ${email === filter.csm ? 'selected' : ''}>${email}</option>`)}
      </select></label
    >
    <label class="check"
      ><input type="checkbox" name="flagged" value="1" ${filter.flaggedOnly ? 'checked' : ''} /> with open flags</label
    >
    <label class="check"
      ><input type="checkbox" name="customers" value="1" ${filter.customersOnly ? 'checked' : ''} /> customers</label
    >
    <button>Show</button>
  </form>`;
}

function pager(one: AccountsView): Markup | string {
  const pages = Math.ceil(one.total / one.pageSize);
  if (pages <= 1) return '';
  const query = (page: number): string => {
    const { text, stage, csm, flaggedOnly, customersOnly } = one.filter;
    return new URLSearchParams({
      ...(text && { q: text }),
      ...(stage && { stage }),
      ...(csm && { csm }),
      ...(flaggedOnly && { flagged: '1' }),
      ...(customersOnly && { customers: '1' }),
      page: String(page),
    }).toString();
  };
  return html`<nav class="pager" aria-label="Pages of accounts">
    ${one.page > 1 ? html`<a href="/accounts?${query(one.page - 1)}" rel="prev">Before</a>` : ''}
    <span class="dim">Page ${count(one.page)} of ${count(pages)}</span>
    ${one.page < pages ? html`<a href="/accounts?${query(one.page + 1)}" rel="next">Next</a>` : ''}
  </nav>`;
}
