import { addressParser, decodeWords } from 'postal-mime';
import type { Address } from 'postal-mime';

/** Caps of RFC 5321, 4.5.3.1, in octets: they hold before any pattern sees the text (failure R25). */
const maxLocal = 64;
const maxDomain = 255;
/** Longest address header that is parsed; the parser's cost is linear up to here. */
const maxHeader = 16_384;
/** Addresses read of one header. */
const maxAddresses = 300;

/** One address of a mail, in lower case, with the name written beside it. */
export interface MailAddress {
  readonly address: string;
  readonly name?: string;
}

/**
 * The addresses of a From, To, Cc or Reply-To header, groups flattened, each once. What is not an address is left out.
 * Never throws.
 */
export function parseAddresses(header: string | undefined): readonly MailAddress[] {
  if (header === undefined) return [];
  const found = new Map<string, MailAddress>();
  const text = whole(header);
  for (const entry of parsed(text).slice(0, maxAddresses)) {
    for (const { address, name } of mailboxes(entry)) {
      const clean = normalizeAddress(address);
      if (clean === undefined || found.has(clean)) continue;
      const label = displayName(name, clean);
      found.set(clean, label === undefined ? { address: clean } : { address: clean, name: label });
    }
  }
  if (found.size > 0) return [...found.values()];
  // A comment or a quote that never ends swallows the address: what stands in angle brackets is one all the same.
  const bare = normalizeAddress(/<([^<>\s]{3,320})>/.exec(text)?.[1]);
  return bare === undefined ? [] : [{ address: bare }];
}

/** As much of a header as is parsed, without an address that the cut goes through: it would be somebody else's. */
function whole(header: string): string {
  if (header.length <= maxHeader) return header;
  const cut = header.slice(0, maxHeader);
  return cut.slice(0, Math.max(0, cut.lastIndexOf(',')));
}

/** An address in lower case, as it is compared; undefined where it is none or exceeds RFC 5321. */
export function normalizeAddress(raw: string | null | undefined): string | undefined {
  if (raw === null || raw === undefined || raw.length > maxLocal + maxDomain + 10) return undefined;
  // What mail programs leave around an address: quotes, a link's scheme, the dot of the root domain.
  const address = raw
    .trim()
    .toLowerCase()
    .replace(/^'(.*)'$/, '$1')
    .replace(/^mailto:/, '')
    .replace(/\.$/, '');
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (at < 1 || local.length > maxLocal || domain.length < 1 || domain.length > maxDomain) return undefined;
  return /[\s<>,;@\\]/.test(local.replace(/^"[^"]*"$/, '')) || /[^\p{L}\p{N}.-]|^\.|\.\./u.test(domain)
    ? undefined
    : address;
}

/** The domain of a normalized address. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** A header as a person reads it: encoded words (RFC 2047) decoded, capped. Never throws. */
export function decodeHeader(value: string, cap = 1_000): string {
  const short = value.slice(0, cap * 4);
  try {
    return decodeWords(short).trim().slice(0, cap);
  } catch {
    return short.slice(0, cap);
  }
}

function parsed(header: string): readonly Address[] {
  try {
    return addressParser(header);
  } catch {
    return [];
  }
}

function mailboxes(entry: Address): readonly { readonly address?: string | undefined; readonly name: string }[] {
  return entry.group ?? [entry];
}

function displayName(name: string, address: string): string | undefined {
  const decoded = decodeHeader(name, 500);
  return decoded === '' || decoded.toLowerCase() === address ? undefined : decoded;
}
