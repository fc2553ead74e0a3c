import common from 'email-providers/common.json' with { type: 'json' };
import all from 'email-providers/all.json' with { type: 'json' };
import { getDomain } from 'tldts';

const commonFree = new Set<string>(common);
/** Providers that the list does not have. */
const unlisted = [
  'posteo.de',
  'posteo.net',
  'posteo.eu',
  'tutanota.com',
  'tutanota.de',
  'tuta.com',
  'tuta.io',
  'tutamail.com',
  'keemail.me',
  'duck.com',
  'anonaddy.me',
  'startmail.com',
  'mailfence.com',
  'disroot.org',
  'riseup.net',
  'zoho.eu',
  'zohomail.com',
  'zohomail.eu',
  'gmx.ch',
  'magenta.de',
  'ziggo.nl',
  'online.no',
  'hotmail.se',
  'kolumbus.fi',
  'citromail.hu',
  'sohu.com',
  '139.com',
];
const anyFree = new Set<string>([...all, ...unlisted]);

/**
 * The registrable domain of a mail domain by the Public Suffix List (publicsuffix.org), private suffixes included: `eu.acme.co.uk`
 * is `acme.co.uk`. A domain of another script has the form that mail carries (`xn--`), however the CRM writes it. Reserved and local names, which the list does not know, are kept whole.
 */
export function registrableDomain(domain: string): string {
  const written = domain.slice(0, 255).trim().toLowerCase().replace(/\.$/, '');
  const isPlain = !/[^\0-\x7f]/.test(written) || /[\s/:@?#]/.test(written);
  const lower = isPlain ? written : (URL.parse(`http://${written}`)?.hostname ?? written);
  return getDomain(lower, { allowPrivateDomains: true }) ?? lower;
}

/** The domain part of an address; undefined where there is none. */
export function domainOf(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  return at < 1 || at === address.length - 1 ? undefined : address.slice(at + 1).toLowerCase();
}

/**
 * Whether mail from a domain says nothing about a company. The widely used mail providers always do; of the long list, which also
 * holds names that are companies, only those that no CRM company claims. `extra` and `except` are the workspace's own.
 */
export function isFreeMail(
  domain: string,
  claimed: boolean,
  own: { readonly extra?: ReadonlySet<string>; readonly except?: ReadonlySet<string> } = {},
): boolean {
  if (own.except?.has(domain)) return false;
  if (own.extra?.has(domain)) return true;
  if (commonFree.has(domain)) return !(claimed && !personalProviders.has(domain));
  return anyFree.has(domain) && !claimed;
}

/** Providers whose mail addresses anybody can have, so that a CRM company with such a domain is a mistake of entry. */
const personalProviders = new Set([
  'gmail.com',
  'googlemail.com',
  'outlook.com',
  'hotmail.com',
  'live.com',
  'msn.com',
  'yahoo.com',
  'ymail.com',
  'aol.com',
  'icloud.com',
  'me.com',
  'mac.com',
  'proton.me',
  'protonmail.com',
  'gmx.de',
  'gmx.net',
  'gmx.com',
  'web.de',
  'mail.com',
  'mail.ru',
  'yandex.ru',
  'yandex.com',
  'qq.com',
  '163.com',
  '126.com',
  'naver.com',
  'zoho.com',
  'fastmail.com',
  't-online.de',
  'orange.fr',
  'free.fr',
  'libero.it',
  'comcast.net',
  'verizon.net',
  'att.net',
  'btinternet.com',
]);

/**
 * The form of an address by which people are compared: lower case, `+tag` stripped, and for Gmail's own domains the dots of the
 * local part too (support.google.com/mail/answer/7436150).
 */
export function addressKey(address: string): string {
  const lower = address.trim().toLowerCase().slice(0, 320);
  const at = lower.lastIndexOf('@');
  if (at < 1) return lower;
  const domain = lower.slice(at + 1);
  const plus = lower.slice(0, at).indexOf('+');
  let local = plus > 0 ? lower.slice(0, plus) : lower.slice(0, at);
  if (domain === 'gmail.com' || domain === 'googlemail.com') local = local.replaceAll('.', '');
  return `${local}@${domain === 'googlemail.com' ? 'gmail.com' : domain}`;
}
