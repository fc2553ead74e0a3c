import { html } from 'hono/html';
import type { Finding } from '@waymark/connector-kit';
import type { Markup } from './page.ts';
import { many } from './wording.ts';

/** What the doctor found, the worst first, each with its fix. */
export function doctorPage(findings: readonly Finding[], live: boolean): Markup {
  const broken = findings.filter((one) => one.severity !== 'info').length;
  return html`<h1>Doctor</h1>
    <p class="lead">
      ${broken === 0 ? 'Nothing is broken' : `${many(broken, 'thing')} to mend`}${
        live ? '; the providers were asked as well.' : ', by what is stored.'
      }
      ${live ? '' : html`<a href="/doctor?live=1">Ask the providers too</a> (a few seconds).`}
    </p>
    ${findings.map(
      (one) =>
        html`<div class="card">
          <span class="tag ${one.severity === 'info' ? '' : one.severity}">${one.severity}</span>
          <code>${one.code}</code>
          <p>${one.message}</p>
          <p><strong>What to do:</strong> ${one.fix}</p>
        </div>`,
    )}
    <p class="dim small">The same in a terminal: <code>waymark doctor</code></p>`;
}
