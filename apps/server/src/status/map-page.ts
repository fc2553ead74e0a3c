import { html, raw } from 'hono/html';
import { mapSvg, type JourneyMap } from '@waymark/analytics';
import type { Markup } from './page.ts';
import { many } from './wording.ts';

/** The journey as it is lived beside how it is designed: a picture, and the same in two tables. */
export async function mapPage(maps: readonly JourneyMap[]): Promise<Markup> {
  const drawn = await Promise.all(
    maps.map(async (map) => ({
      map,
      svg: await mapSvg(map, { stageHref: (stage) => `/accounts?stage=${encodeURIComponent(stage)}` }),
    })),
  );
  return html`<h1>Journey map</h1>
    ${maps.length === 0 ? html`<p class="notice">No journey is active.</p>` : ''}
    ${drawn.map(({ map, svg }) => oneMap(map, svg))}`;
}

function oneMap(map: JourneyMap, svg: string): Markup {
  const title = (id: string): string => map.stages.find((stage) => stage.stage === id)?.title ?? id;
  const lived = map.moves.filter((move) => move.moves > 0).toSorted((a, b) => b.moves - a.moves);
  const unused = map.moves.filter((move) => move.moves === 0);
  return html`<h2>${map.title} <span class="dim">version ${map.version}</span></h2>
    <p class="lead">
      From the stages of ${many(map.accounts, 'account')}. ${many(map.offPath, 'move')} that the design does not provide
      for; ${many(map.unused, 'designed move')} that nobody made.
    </p>
    <div class="card scroll">${raw(svg)}</div>
    <p class="legend">
      <span><i style="background:#3b6fd4"></i>lived and allowed, as thick as frequent</span>
      <span><i style="background:#b86e00"></i>lived and unusual</span>
      <span><i style="background:#b3261e"></i>lived and forbidden</span>
      <span><i style="background:#a9b1bd"></i>dashed: designed, not seen</span>
      <span
        >On an arrow: how often, and the median stay before it. Medians of few stays say little: n is beside them.</span
      >
    </p>
    <h3>Stages</h3>
    <div class="card scroll">
      <table>
        <caption>
          Median days in a stage, each with the number of stays or accounts behind it
        </caption>
        <tr>
          <th scope="col">Stage</th>
          <th scope="col" class="num">Now</th>
          <th scope="col" class="num">Entered</th>
          <th scope="col" class="num">Left</th>
          <th scope="col" class="num">Ended stays</th>
          <th scope="col" class="num">Running</th>
          <th scope="col" class="num">Latest</th>
          <th scope="col" class="num">Cumulative</th>
          <th scope="col" class="num">Expected</th>
          <th scope="col" class="num">Over it now</th>
        </tr>
        ${map.stages.map(
          (stage) =>
            html`<tr>
              <td>${stage.title}</td>
              <td class="num"><a href="/accounts?stage=${encodeURIComponent(stage.stage)}">${stage.accountsNow}</a></td>
              <td class="num">${stage.entered}</td>
              <td class="num">${stage.exited}</td>
              ${[stage.completed, stage.current, stage.latest, stage.cumulative].map(
                (each) =>
                  html`<td class="num">
                    ${each.medianDays === null ? '–' : html`${each.medianDays} <span class="dim small">(${each.n})</span>`}
                  </td>`,
              )}
              <td class="num">${stage.expectedDays ?? '–'}</td>
              <td class="num ${stage.overdue ? 'warn' : ''}">${stage.overdue ?? '–'}</td>
            </tr>`,
        )}
      </table>
    </div>
    <h3>Moves</h3>
    <div class="card scroll">
      <table>
        <tr>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col" class="num">Moves</th>
          <th scope="col" class="num">Accounts</th>
          <th scope="col" class="num">Median days before</th>
          <th scope="col">Designed</th>
          <th scope="col">Judged</th>
        </tr>
        ${lived.map(
          (move) =>
            html`<tr>
              <td>${title(move.from)}</td>
              <td>${title(move.to)}</td>
              <td class="num">${move.moves}</td>
              <td class="num">${move.accounts}</td>
              <td class="num">${move.before.medianDays ?? '–'} <span class="dim small">(${move.before.n})</span></td>
              <td>
                ${move.designed === 'no' ? html`<span class="warn">no</span>` : move.designed === 'named' ? 'yes' : 'yes, from anywhere'}
              </td>
              <td class="${move.judged === 'allowed' ? '' : 'warn'}">
                ${move.judged}${move.backward ? ', backward' : ''}
              </td>
            </tr>`,
        )}
      </table>
      ${lived.length === 0 ? html`<p class="dim">No account has moved yet.</p>` : ''}
    </div>
    ${
      unused.length > 0
        ? html`<p class="dim small">
            Designed and not seen: ${unused.map((move) => `${title(move.from)} → ${title(move.to)}`).join(', ')}.
          </p>`
        : ''
    }`;
}
