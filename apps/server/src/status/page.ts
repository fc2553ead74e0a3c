import { html, raw } from 'hono/html';

type Markup = ReturnType<typeof html>;

const style = raw(`<style>
  :root { color-scheme: light dark; --line: #8884; --dim: #777; --bad: #b3261e; --ok: #1b7f4b; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; margin: 1rem 0; } th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
  th { font-weight: 600; } .num { text-align: right; font-variant-numeric: tabular-nums; } .dim { color: var(--dim); } .bad { color: var(--bad); } .ok { color: var(--ok); }
  nav a { margin-right: 1rem; } .sample { background: #f5c84233; padding: .2rem .6rem; border-radius: .3rem; } details > summary { cursor: pointer; }
</style>`);

/** A plain page: readable without a script, in light and dark. */
export function page(title: string, body: Markup | string): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Waymark</title>
        ${style}
      </head>
      <body>
        ${body}
      </body>
    </html>`;
}
