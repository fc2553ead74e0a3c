import type { OAuthSubject } from './oauth.ts';

export interface ConsentPage {
  readonly vendor: string;
  /** Where the form is posted. */
  readonly action: string;
  readonly app: string;
  /** The authorize request, sent back unchanged with the form. */
  readonly request: URLSearchParams;
  readonly subjects: readonly OAuthSubject[];
  readonly chosen?: string;
  readonly scopes: readonly string[];
  /** True when the vendor lets nobody untick a scope. */
  readonly fixedScopes: boolean;
}

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}' +
  '.note{color:#666;font-size:.85rem}label{display:block;margin:.3rem 0}button{padding:.5rem 1.2rem;margin-right:.5rem}';

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title><style>${style}</style></head>` +
  `<body>${body}<p class="note">Sandbox: sample data, no real account is involved.</p></body></html>`;

/** Escapes text for HTML element and attribute content. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/gu, (character) => `&#${character.codePointAt(0)};`);

/** A plain consent form without scripts: choose the account, tick scopes, allow or deny. */
export const consentPage = (input: ConsentPage): string => {
  const accounts = input.subjects
    .map((subject, index) => {
      const checked = subject.id === input.chosen || (input.chosen === undefined && index === 0) ? ' checked' : '';
      return `<label><input type="radio" name="subject" value="${escapeHtml(subject.id)}"${checked}> ${escapeHtml(subject.label)}</label>`;
    })
    .join('');
  const scopes = input.scopes
    .map((scope) => {
      const state = input.fixedScopes ? ' checked disabled' : ' checked';
      return `<label><input type="checkbox" name="scope" value="${escapeHtml(scope)}"${state}> ${escapeHtml(scope)}</label>`;
    })
    .join('');
  return page(
    `${input.vendor}: allow access`,
    `<h1>${escapeHtml(input.vendor)} (sandbox)</h1><p><b>${escapeHtml(input.app)}</b> asks for access.</p>` +
      `<form method="post" action="${escapeHtml(input.action)}">` +
      `<input type="hidden" name="request" value="${escapeHtml(input.request.toString())}">` +
      `<h2>Account</h2>${accounts}<h2>Permissions</h2>${scopes}` +
      `<p><button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></p></form>`,
  );
};

/** The vendor's own error page, shown instead of a redirect when the redirect cannot be trusted. */
export const errorPage = (vendor: string, code: string, message: string): string =>
  page(`${vendor}: ${code}`, `<h1>Error: ${escapeHtml(code)}</h1><p>${escapeHtml(message)}</p>`);
