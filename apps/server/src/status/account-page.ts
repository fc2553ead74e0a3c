import { html } from 'hono/html';
import { civilDay, type AccountJourney, type CompiledJourney, type Health } from '@waymark/lifecycle';
import type { TimelineEvent } from '@waymark/store';
import { derivedFlag, type AccountDossier } from './account-dossier.ts';
import { accountFacts, contactTable, matchingView } from './account-facts.ts';
import { healthTone } from './accounts-page.ts';
import { eventTable } from './event-view.ts';
import { flagView } from './flag-view.ts';
import type { Markup } from './page.ts';
import { stageColor, timeLine } from './time-line.ts';
import { count, day, daysBetween, many, spoken } from './wording.ts';

export interface AccountView {
  readonly dossier: AccountDossier;
  /** The events drawn: the latest, as many as a picture bears. */
  readonly drawn: readonly TimelineEvent[];
  /** What lies ahead, the next first. */
  readonly ahead: readonly TimelineEvent[];
  /** The events listed: a page of them up to now, newest first. */
  readonly listed: readonly TimelineEvent[];
  /** After which event the next page of the list begins; undefined on the last. */
  readonly last: TimelineEvent | undefined;
  readonly firstPage: boolean;
  readonly now: number;
}

/** An account: its stages above one time line of all sources, its flags with their proof, its health part by part. */
export function accountPage(one: AccountView): Markup {
  const { dossier, now } = one;
  const { account, timezone } = dossier;
  const [first] = dossier.journeys;
  const titles = new Map((first?.journey.definition.stages ?? []).map((stage) => [stage.id, stage.title]));
  const period = first?.answer.periods.at(-1);
  const open = dossier.flags.filter((flag) => flag.clearedAt === null);
  const past = dossier.flags.filter((flag) => flag.clearedAt !== null);
  return html`<p class="small"><a href="/accounts">Accounts</a></p>
    <h1>${account.name}</h1>
    <p class="lead">
      ${
        period
          ? html`<span class="tag" style="background:${stageColor(titles, period.stage)};color:#fff"
                >${titles.get(period.stage) ?? spoken(period.stage)}</span
              >
              for ${many(daysBetween(period.enteredAt, now), 'day')}`
          : 'No stage yet'
      }${first?.answer.health.score == null ? '' : html` · health <strong>${first.answer.health.score}</strong> of 100`}
      · ${account.csmEmail ? html`CSM ${account.csmEmail}` : html`<span class="warn">no CSM</span>`}
      ${account.isCustomer ? '' : html`· <span class="tag">no customer</span>`}
    </p>
    ${coverageNotices(dossier, now)}
    ${open.map((flag) => flagView(flag, { now, timezone, reasonNow: derivedFlag(dossier, flag)?.reasonNow }))}
    <h2>Time line</h2>
    <div class="card">
      <div class="scroll">
        ${timeLine({
          periods: first?.answer.periods ?? [],
          stageTitles: titles,
          flags: dossier.flags,
          events: one.drawn,
          gaps: dossier.coverage.gaps,
          renewalAt: account.renewalAt === null ? null : civilDay(account.renewalAt, timezone),
          now,
          timezone,
        })}
      </div>
      <p class="legend">
        <span><i style="background:var(--accent)"></i>from the customer, above the line</span>
        <span><i style="background:var(--ok)"></i>to the customer, below it</span>
        <span><i style="background:var(--dim)"></i>without direction</span>
        <span><i style="background:var(--bad)"></i>bad news</span>
        <span>faint: automated, not counted as engagement</span>
        <span>dashed: renewal</span>
      </p>
    </div>
    <div class="columns">
      ${dossier.journeys.map(({ answer }) => [scoreView('Health', answer.health), scoreView('Success', answer.success)])}
      ${dossier.journeys.map(({ journey, answer }) => milestones(journey, answer, timezone))}
    </div>
    <div class="columns">
      <section>
        <h2>Facts</h2>
        ${accountFacts(dossier)}
      </section>
      ${dossier.journeys.map(({ journey, answer }) => stages(journey, answer, one))}
    </div>
    ${matchingView(dossier)}
    <h2>Contacts</h2>
    ${contactTable(dossier, one.drawn)}
    ${
      past.length > 0
        ? html`<h2>Past flags</h2>
            ${past.map((flag) => flagView(flag, { now, timezone }))}`
        : ''
    }
    ${
      one.ahead.length > 0 && one.firstPage
        ? html`<h2>Ahead</h2>
            <div class="card">${eventTable(one.ahead, timezone, now)}</div>`
        : ''
    }
    <h2 id="events">Events</h2>
    ${one.listed.length === 0 ? html`<p class="dim">No events.</p>` : html`<div class="card">${eventTable(one.listed, timezone, now)}</div>`}
    <nav class="pager" aria-label="Pages of events">
      ${one.firstPage ? '' : html`<a href="/accounts/${account.accountId}#events">Newest</a>`}
      ${
        one.last
          ? html`<a href="/accounts/${account.accountId}?after=${one.last.occurredAt}.${one.last.eventId}#events"
              >Older</a
            >`
          : ''
      }
    </nav>`;
}

function coverageNotices({ coverage, timezone }: AccountDossier, now: number): Markup | string {
  const open = coverage.gaps.filter((gap) => gap.to === null || gap.to > now - 30 * 86_400_000);
  if (open.length === 0) return '';
  return html`${open.map(
    (gap) =>
      html`<p class="notice">
        ${gap.touchpoints.map((name) => spoken(name)).join(', ')} not read from ${day(gap.from, timezone)}
        ${gap.to === null ? 'on' : `to ${day(gap.to, timezone)}`}: ${gap.reason} Silence in that time proves nothing.
      </p>`,
  )}`;
}

function scoreView(name: string, score: Health | undefined): Markup | string {
  if (!score || score.score === null) return '';
  return html`<section>
    <h2>${name} ${score.score} of 100</h2>
    <div class="card bars">
      ${score.parts.map(
        (part) =>
          html`<span>${part.label} <span class="dim small">×${part.weight}</span></span
            ><span class="bar"><i class="${healthTone(part.score)}" style="width:${part.score ?? 0}%"></i></span
            ><span class="num">${part.score ?? '–'}</span><span class="why">${part.why}</span>`,
      )}
    </div>
    <p class="dim small">The mean by weight over the parts that have an input; version ${score.version}.</p>
  </section>`;
}

function milestones(journey: CompiledJourney, answer: AccountJourney, timezone: string): Markup | string {
  if (answer.milestones.length === 0) return '';
  const titles = new Map(journey.definition.milestones.map((one) => [one.id, one.title]));
  return html`<section>
    <h2>Milestones</h2>
    <div class="card scroll">
      <table>
        <tr>
          <th scope="col">Milestone</th>
          <th scope="col">Whose</th>
          <th scope="col">Due</th>
          <th scope="col">Reached</th>
          <th scope="col">State</th>
        </tr>
        ${answer.milestones.map(
          (one) =>
            html`<tr>
              <td>${titles.get(one.milestone) ?? spoken(one.milestone)}</td>
              <td>${one.side === 'us' ? 'ours' : 'theirs'}</td>
              <td class="nowrap">${one.dueAt === null ? '' : day(one.dueAt, timezone)}</td>
              <td class="nowrap">
                ${
                  one.reachedAt === null
                    ? ''
                    : one.proof?.evidence[0]
                      ? html`<a href="/events/${one.proof.evidence[0].eventId}">${day(one.reachedAt, timezone)}</a>`
                      : day(one.reachedAt, timezone)
                }
              </td>
              <td><span class="tag ${one.status.split('_')[0]}">${spoken(one.status).toLowerCase()}</span></td>
            </tr>`,
        )}
      </table>
    </div>
  </section>`;
}

function stages(journey: CompiledJourney, answer: AccountJourney, { dossier, now }: AccountView): Markup {
  const titles = new Map(journey.definition.stages.map((stage) => [stage.id, stage.title]));
  const { timezone } = dossier;
  return html`<section>
    <h2>Stages</h2>
    <div class="card scroll">
      <table>
        <caption>
          ${journey.definition.title}, version ${journey.definition.version}
        </caption>
        ${answer.periods.toReversed().map((one) => {
          const evidence = one.proof.evidence[0];
          return html`<tr>
            <td>
              <strong>${titles.get(one.stage) ?? spoken(one.stage)}</strong><br /><span class="dim small"
                >${one.direction}, ${one.move}</span
              >
            </td>
            <td class="nowrap">
              ${day(one.enteredAt, timezone)} to ${one.exitedAt === null ? 'now' : day(one.exitedAt, timezone)}<br /><span
                class="dim small"
                >${many(daysBetween(one.enteredAt, one.exitedAt ?? now), 'day')}</span
              >
            </td>
            <td class="small">
              ${one.proof.comparisons.map((each) => html`<div>${each.label}: ${each.value ?? 'unknown'}</div>`)}
              ${evidence ? html`<a href="/events/${evidence.eventId}">${evidence.note}</a>` : ''}
              <span class="dim">${one.proof.rule}</span>
            </td>
          </tr>`;
        })}
      </table>
    </div>
    <p class="dim small">
      ${count(answer.periods.length)} periods; answer <code>${answer.digest.slice(0, 12)}</code>, definition
      <code>${answer.definitionDigest.slice(0, 12)}</code>.
    </p>
  </section>`;
}
