import { html } from 'hono/html';
import {
  accounts,
  installations,
  readSettings,
  writebackItems,
  writebackMappings,
  writebackPlan,
  writebackPlans,
  type Tx,
  type WritebackItem,
  type WritebackMapping,
  type WritebackPlan,
} from '@waymark/store';
import { explainConflict } from '@waymark/writeback';
import type { Markup } from './page.ts';
import { count, day, many, moment, spoken } from './wording.ts';

export interface WritebackView {
  readonly mappings: readonly (WritebackMapping & { readonly crm: string })[];
  readonly plans: readonly WritebackPlan[];
  readonly plan: WritebackPlan | undefined;
  readonly items: readonly WritebackItem[];
  readonly names: ReadonlyMap<string, string>;
  readonly timezone: string;
}

/** Reads write-back: all of it, or one plan with its items (the latest where none is named). */
export async function writebackView(tx: Tx, planId: string | undefined): Promise<WritebackView> {
  const crms = new Map((await installations(tx)).map((one) => [one.installationId, `${one.connector} ${one.label}`]));
  const plans = await writebackPlans(tx, { limit: 50 });
  const plan = planId === undefined ? plans[0] : await writebackPlan(tx, planId);
  return {
    mappings: (await writebackMappings(tx)).map((one) => ({
      ...one,
      crm: crms.get(one.installationId) ?? 'not connected',
    })),
    plans,
    plan,
    items: plan ? await writebackItems(tx, plan.planId) : [],
    names: new Map((await accounts(tx)).map((one) => [one.accountId, one.name])),
    timezone: (await readSettings(tx)).timezone,
  };
}

/** Stages on their way to the CRM: the mappings, the plans, and one plan as a difference and as a journal. */
export function writebackPage(view: WritebackView): Markup {
  return html`<h1>Write-back</h1>
    ${
      view.mappings.length === 0
        ? html`<p class="lead">Nothing is written to the CRM.</p>
            <p>
              To see what would be: connect the CRM with <code>waymark install hubspot --writeback</code>, then run
              <code>waymark writeback plan</code>. Nothing is written before a person approves it.
            </p>`
        : view.mappings.map((mapping) => mappingView(mapping, view.timezone))
    }
    ${view.plan ? planView(view, view.plan) : ''}
    ${
      view.plans.length > 0
        ? html`<h2>Plans</h2>
            <div class="card scroll">
              <table>
                <tr>
                  <th scope="col">Made</th>
                  <th scope="col">Kind</th>
                  <th scope="col">State</th>
                  <th scope="col">Approved by</th>
                  <th scope="col">Finished</th>
                </tr>
                ${view.plans.map(
                  (plan) =>
                    html`<tr>
                      <td class="when">
                        <a href="/writeback/${plan.planId}">${moment(plan.createdAt, view.timezone)}</a>
                      </td>
                      <td>${plan.kind}</td>
                      <td><span class="tag">${plan.state}</span></td>
                      <td>${plan.approvedBy ?? ''}</td>
                      <td>
                        ${plan.finishedAt === null ? (plan.resumeReason ?? '') : moment(plan.finishedAt, view.timezone)}
                      </td>
                    </tr>`,
                )}
              </table>
            </div>`
        : ''
    }`;
}

function mappingView(mapping: WritebackView['mappings'][number], timezone: string): Markup {
  return html`<details class="card tight">
    <summary>
      <strong>${mapping.property}</strong> of ${mapping.crm}
      <span class="tag ${mapping.enabled ? 'ok' : ''}"
        >${mapping.enabled ? (mapping.approvedAt === null ? 'waits for a first approval' : 'automatic') : 'off'}</span
      >
    </summary>
    <p class="dim small">
      Journey ${mapping.journey};
      ${mapping.allowBackward ? 'stages may move back' : 'a move back is a conflict'}${
        mapping.approvedAt === null
          ? ''
          : `; approved by ${mapping.approvedBy ?? 'someone'} on ${day(mapping.approvedAt, timezone)}`
      }.
    </p>
    <dl class="facts">
      ${Object.entries(mapping.values).map(
        ([stage, value]) =>
          html`<dt>${spoken(stage)}</dt>
            <dd>${value === null ? html`<span class="dim">not written</span>` : html`<code>${value}</code>`}</dd>`,
      )}
    </dl>
  </details>`;
}

function planView(view: WritebackView, plan: WritebackPlan): Markup {
  const shown = view.items.slice(0, 500);
  const conflicts = view.items.filter((item) => item.conflict !== null).length;
  return html`<h2>
      ${plan.kind === 'undo' ? 'Plan that undoes another' : 'Plan'} of ${moment(plan.createdAt, view.timezone)}
    </h2>
    <p class="lead">
      <span class="tag">${plan.state}</span> ${many(view.items.length, 'record')}, ${many(conflicts, 'conflict')},
      ${count(view.items.filter((item) => item.state === 'verified').length)} written and read back.
    </p>
    ${
      plan.state === 'draft'
        ? html`<p class="notice">
            It waits for a person: <code>waymark writeback approve ${plan.planId}</code>. Conflicts are left out unless
            they are accepted by name.
          </p>`
        : plan.state === 'done'
          ? html`<p class="dim small">To take it back: <code>waymark writeback undo ${plan.planId}</code></p>`
          : ''
    }
    <div class="card scroll">
      <table>
        <tr>
          <th scope="col">Account</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
          <th scope="col">State</th>
          <th scope="col">What stands against it</th>
          <th scope="col">Read back</th>
        </tr>
        ${shown.map(
          (item) =>
            html`<tr>
              <td>
                <a href="/accounts/${item.accountId}">${view.names.get(item.accountId) ?? item.accountId}</a><br /><span
                  class="dim small"
                  >${item.externalId}</span
                >
              </td>
              <td><code>${item.before === '' ? '(none)' : item.before}</code></td>
              <td>
                <code>${item.after === '' ? '(none)' : item.after}</code
                >${item.backward ? html` <span class="warn small">back</span>` : ''}
              </td>
              <td>
                <span class="tag ${item.state === 'verified' ? 'ok' : item.state === 'failed' ? 'bad' : ''}"
                  >${item.state}</span
                >
              </td>
              <td class="small">${item.conflict === null ? (item.error ?? '') : explainConflict(item.conflict)}</td>
              <td class="small">
                ${item.verifiedAt === null ? (item.readBack ?? '') : html`<code>${item.readBack}</code> ${moment(item.verifiedAt, view.timezone)}`}
              </td>
            </tr>`,
        )}
      </table>
      ${shown.length < view.items.length ? html`<p class="dim">${count(view.items.length - shown.length)} more by the API.</p>` : ''}
    </div>`;
}
