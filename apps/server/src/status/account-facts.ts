import { html } from 'hono/html';
import { civilDay } from '@waymark/lifecycle';
import type { TimelineEvent } from '@waymark/store';
import { sightText } from '@waymark/sync';
import type { AccountDossier } from './account-dossier.ts';
import type { Markup } from './page.ts';
import { day, matchReason, money } from './wording.ts';

/** What the CRM says of an account, with links to its records. */
export function accountFacts({ account, records, coverage, timezone }: AccountDossier): Markup {
  const facts: readonly (readonly [string, string | Markup])[] = [
    ['Domain', account.domain ?? ''],
    [
      'CSM',
      account.csmEmail === null
        ? ''
        : `${account.csmEmail}${account.csmBasis === 'owner' ? ' (owner of the record; no CSM is named)' : ''}`,
    ],
    ['Customer', account.isCustomer ? 'yes' : 'no'],
    ['Customer since', account.customerSince === null ? '' : day(civilDay(account.customerSince, timezone), timezone)],
    ['Renewal', account.renewalAt === null ? '' : day(civilDay(account.renewalAt, timezone), timezone)],
    ['Yearly value', account.value === null ? '' : money(account.value, account.currency)],
    ['Tier', account.tier ?? ''],
    ['Stage in the CRM', account.crmStage ?? ''],
    ['Time zone', timezone],
    ['Watched from', coverage.watchedFrom === null ? '' : day(coverage.watchedFrom, timezone)],
    ['Seen', seenText(coverage.sight)],
    [
      'CRM records',
      html`${records.map(
        (record) =>
          html`${
            record.fact.url && /^https?:/.test(record.fact.url)
              ? html`<a href="${record.fact.url}" rel="noreferrer">${record.externalId}</a>`
              : record.externalId
          } `,
      )}`,
    ],
  ];
  return html`<div class="card">
    <dl class="facts">
      ${facts.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value === '' ? html`<span class="dim">unknown</span>` : value}</dd>`,
      )}
    </dl>
  </div>`;
}

/** Whose mail is seen, and of whom it is not. */
function seenText(sight: AccountDossier['coverage']['sight']): string {
  const names = sight.unseen.slice(0, 5).map((one) => one.name ?? one.address);
  return `${sightText(sight)}${names.length > 0 ? `; none of ${names.join(', ')}` : ''}`;
}

/** The people at the account, with the last word each way as far as the drawn events reach. */
export function contactTable({ contacts, timezone }: AccountDossier, events: readonly TimelineEvent[]): Markup {
  if (contacts.length === 0) return html`<p class="dim">No contacts.</p>`;
  const last = (addresses: readonly string[], direction: 'inbound' | 'outbound'): string => {
    const found = events.find(
      (event) =>
        event.direction === direction &&
        !event.automated &&
        event.participants.some((one) => one.address !== undefined && addresses.includes(one.address)),
    );
    return found ? day(found.occurredAt, timezone) : '';
  };
  return html`<div class="card scroll">
    <table>
      <tr>
        <th scope="col">Name</th>
        <th scope="col">Role</th>
        <th scope="col">Addresses</th>
        <th scope="col">Last from them</th>
        <th scope="col">Last to them</th>
      </tr>
      ${contacts.map(
        (one) =>
          html`<tr>
            <td>
              ${one.name ?? one.addresses[0] ?? 'unnamed'}
              ${one.leftAt === null ? '' : html`<span class="tag bad">left ${day(civilDay(one.leftAt, timezone), timezone)}</span>`}
            </td>
            <td>${[one.persona, one.title].filter((text) => text !== null).join(', ')}</td>
            <td class="small break">${one.addresses.join(', ')}</td>
            <td class="nowrap">${last(one.addresses, 'inbound')}</td>
            <td class="nowrap">${last(one.addresses, 'outbound')}</td>
          </tr>`,
      )}
    </table>
  </div>`;
}

const whyLost: Readonly<Record<string, string>> = {
  decided: 'decided otherwise by hand',
  weaker: 'weaker evidence',
  later: 'a participant of less weight',
  shared: 'claimed by several',
  family: 'a subsidiary of this account',
};

/** Why the account's events are its own, and who else they could have been of. */
export function matchingView({ matching }: AccountDossier): Markup | string {
  if (matching.length === 0) return '';
  return html`<h2 id="matching">Why its events are here</h2>
    <div class="card scroll">
      <table>
        <tr>
          <th scope="col">By</th>
          <th scope="col">Which</th>
          <th scope="col" class="num">Events</th>
          <th scope="col">Other candidates, and why they lost</th>
        </tr>
        ${matching.map(
          (one) =>
            html`<tr>
              <td>${matchReason(one.reason)}</td>
              <td class="break">
                ${one.subject}
                ${one.united ? html`<div class="small">${one.united.key} has this domain, an import says</div>` : ''}
              </td>
              <td class="num">${one.events}</td>
              <td class="small">
                ${one.lost.map(
                  (each) =>
                    html`<div>
                      <a href="/accounts/${each.accountId}">${each.name}</a>: ${whyLost[each.why] ?? each.why}
                      (${each.events})
                    </div>`,
                )}
              </td>
            </tr>`,
        )}
      </table>
    </div>`;
}
