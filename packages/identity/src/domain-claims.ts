import type { CloudEvent } from '@waymark/journey';
import { isFreeMail, registrableDomain } from './domains.ts';

/** An imported event says that the account of this id has this domain. */
export interface DomainClaim {
  /** By which the events name the account: its id in a CRM, or its name. */
  readonly key: string;
  /** Registrable, as `registrableDomain` gives it. */
  readonly domain: string;
}

const domainPattern = /^[a-z0-9\u0080-\uffff-]{1,63}(?:\.[a-z0-9\u0080-\uffff-]{1,63}){1,20}$/;

/** Whether the subject of an imported event is a domain, and not an id. */
export const isDomainName = (subject: string): boolean => subject.length <= 255 && domainPattern.test(subject);

/** The subject's key: what stands behind `record:`, else the subject itself; undefined for an account of Waymark's. */
export function subjectKey(subject: string): string | undefined {
  if (subject.startsWith('account:')) return undefined;
  return subject.startsWith('record:') ? subject.slice(7) : subject;
}

/** Fields that are an account's own domains: as our events, HubSpot and Salesforce name them. */
const domainFields = ['domain', 'website'] as const;
const domainProperties = new Set(['domain', 'website', 'hs_additional_domains']);
const mostDomains = 20;
const longestText = 2000;

/**
 * What an imported event says of whose domain is whose: one that names its account by an id and carries `data.domain` or `data.website`,
 * one that tells of a change of such a property, or one that names its account by a domain and carries `data.crmId`.
 */
export function domainClaims({
  type,
  subject,
  attributes,
}: Pick<CloudEvent, 'type' | 'subject' | 'attributes'>): readonly DomainClaim[] {
  const key = subjectKey(subject);
  if (key === undefined) return [];
  if (isDomainName(key)) {
    const id = attributes['crmId'];
    const named = typeof id === 'number' || typeof id === 'string' ? String(id).trim().normalize('NFC') : '';
    const isId = named !== '' && named.length <= 500 && !isDomainName(named.toLowerCase());
    return isId ? [{ key: named, domain: registrableDomain(key) }] : [];
  }
  const said = domainFields.flatMap((field) => texts(attributes[field]));
  const property = type === 'crm.property_changed' ? attributes['property'] : undefined;
  if (typeof property === 'string' && domainProperties.has(property.toLowerCase()))
    said.push(...texts(attributes['to']));
  const domains = said.flatMap((text) => domainIn(text) ?? []);
  return [...new Set(domains)].slice(0, mostDomains).map((domain) => ({ key, domain }));
}

/** Whether a domain says whose account it is: not where anybody may have an address at it, and not our own. */
export function claimsCount(
  domain: string,
  own: {
    readonly ownDomains: ReadonlySet<string>;
    readonly extraFreeMail?: ReadonlySet<string>;
    readonly exceptFreeMail?: ReadonlySet<string>;
  },
): boolean {
  if (own.ownDomains.has(domain)) return false;
  return !isFreeMail(domain, false, {
    ...(own.extraFreeMail && { extra: own.extraFreeMail }),
    ...(own.exceptFreeMail && { except: own.exceptFreeMail }),
  });
}

/** Several stand in one text as HubSpot exports them: `acme.com;acme.io`. */
function texts(value: unknown): string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.flatMap((one) => (typeof one === 'string' && one.length <= longestText ? one.split(/[\s,;]+/) : []));
}

/** Where companies have a page and not a site of their own. */
const pages = new Set([
  'facebook.com',
  'github.com',
  'google.com',
  'instagram.com',
  'linkedin.com',
  'linktr.ee',
  'medium.com',
  'tiktok.com',
  'twitter.com',
  'x.com',
  'xing.com',
  'youtube.com',
]);

/**
 * The registrable domain of a domain, of a site, or of an address such as `Zoe <zoe@acme.example>`, of several
 * the first; undefined where there is none, and
 * for a page on somebody else's site.
 */
export function domainIn(text: string): string | undefined {
  if (text === '' || text.length > longestText) return undefined;
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const address = isUrl
    ? null
    : (/<[^<>]{0,320}@([^<>@\s]{1,255})>/.exec(text) ?? /@([^@\s<>"(),;]{1,255})/.exec(text));
  const url = URL.parse(isUrl ? text : `http://${address?.[1] ?? text}`);
  const host = url?.hostname.replace(/\.$/, '');
  if (!url || !host || !isDomainName(host) || /^[\d.]+$/.test(host)) return undefined;
  const domain = registrableDomain(host);
  return pages.has(domain) && (url.pathname !== '/' || host !== domain) ? undefined : domain;
}
