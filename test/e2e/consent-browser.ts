/**
 * Opens an install link as a person with a plain browser would: keeps cookies, follows redirects, chooses the account on the consent
 * page and presses Allow. Returns the text of the page it ends on.
 *
 * @param account the account to choose, as the consent page names it in its form
 * @throws Error where the way ends with a refusal, or the account is not offered
 */
export async function giveConsent(link: string, account: string): Promise<string> {
  const jars = new Map<string, Map<string, string>>();
  let request = new Request(link);
  for (let hop = 0; hop < 12; hop += 1) {
    const { host } = new URL(request.url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    request.headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const answer = await fetch(request, { redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location !== null) {
      request = new Request(new URL(location, request.url));
      continue;
    }
    const page = await answer.text();
    if (!answer.ok) throw new Error(`Consent ended with ${answer.status}: ${textOf(page)}`);
    const form = /<form method="post" action="([^"]*)">([\s\S]*?)<\/form>/.exec(page);
    if (!form) return textOf(page);
    request = new Request(new URL(decoded(form[1] ?? ''), request.url), {
      method: 'POST',
      body: filled(form[2] ?? '', account),
    });
  }
  throw new Error('Consent goes round in circles.');
}

/** The form as the browser would send it, with the account chosen and Allow pressed. */
function filled(form: string, account: string): URLSearchParams {
  const fields = new URLSearchParams({ decision: 'allow' });
  let offered = false;
  for (const [input] of form.matchAll(/<input[^>]*>/g)) {
    const name = decoded(/ name="([^"]*)"/.exec(input)?.[1] ?? '');
    const value = decoded(/ value="([^"]*)"/.exec(input)?.[1] ?? '');
    const kind = / type="([^"]*)"/.exec(input)?.[1];
    if (kind === 'radio') {
      if (value !== account) continue;
      offered = true;
    } else if (kind === 'checkbox' && (/ disabled/.test(input) || !/ checked/.test(input))) continue;
    fields.append(name, value);
  }
  if (!offered) throw new Error(`The consent page does not offer ${account}.`);
  return fields;
}

const decoded = (text: string): string =>
  text
    .replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

const textOf = (page: string): string =>
  page
    .replaceAll(/<style>[\s\S]*?<\/style>|<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 400);
