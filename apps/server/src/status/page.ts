import { html, raw } from 'hono/html';
import { style } from './style.ts';

export type Markup = ReturnType<typeof html>;

/** What the frame of a page has to know. */
export interface Frame {
  readonly workspace: string;
  readonly sampleData: boolean;
  /** The path of the page's entry in the navigation. */
  readonly current: string;
}

const places: readonly (readonly [string, string])[] = [
  ['/', 'Overview'],
  ['/accounts', 'Accounts'],
  ['/map', 'Journey map'],
  ['/unmatched', 'Unmatched'],
  ['/writeback', 'Write-back'],
  ['/doctor', 'Doctor'],
  ['/api', 'API'],
];

/** A plain page: readable without a script, in light and dark. With a frame it has the console's navigation. */
export function page(title: string, body: Markup | string, frame?: Frame): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · Waymark</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        ${frame ? navigation(frame) : ''}
        <main id="main">${body}</main>
      </body>
    </html>`;
}

function navigation(frame: Frame): Markup {
  return html`<a class="skip" href="#main">Skip to the content</a>
    ${frame.sampleData ? html`<div class="sample">Sample data: this company and its customers are invented.</div>` : ''}
    <header class="top">
      <div>
        <a class="brand" href="/">Waymark <span>${frame.workspace}</span></a>
        <nav aria-label="Pages">
          ${places.map(
            ([path, name]) =>
              html`<a href="${path}" ${path === frame.current ? raw('aria-current="page"') : ''}>${name}</a>`,
          )}
        </nav>
      </div>
    </header>`;
}

/** The page of someone who brought no token, or one that opens nothing. */
export function signInPage(options: { readonly refused: boolean; readonly next: string }): Markup {
  return page(
    'Sign in',
    html`<h1>Waymark</h1>
      ${
        options.refused
          ? html`<p class="notice bad">
              This token opens no workspace: it was revoked, has run out, or was copied in part.
            </p>`
          : ''
      }
      <p>These pages belong to a workspace and want its token. Make one where Waymark runs:</p>
      <pre><code>waymark token --workspace &lt;name&gt;</code></pre>
      <form action="/" method="get" class="filters">
        <input type="hidden" name="next" value="${options.next}" />
        <label>Token <input type="password" name="token" required autocomplete="current-password" size="48" /></label>
        <button>Open</button>
      </form>`,
  );
}
