import type { Direction } from '@waymark/journey';
import { domainOf } from './address.ts';
import type { MailHeaders } from './headers.ts';

/** Tells the workspace's own people from everyone else. */
export interface OwnSide {
  /** Own domains in lower case; their subdomains are own as well. */
  readonly domains: readonly string[];
  /** Own addresses beside them, such as a mailbox under a free-mail domain. */
  readonly addresses: readonly string[];
}

/** Whether a normalized address belongs to the workspace. */
export function isOwnAddress(address: string, own: OwnSide): boolean {
  return own.addresses.includes(address) || isOwnDomain(domainOf(address), own);
}

/** Whether a domain, or one above it, is the workspace's. */
export function isOwnDomain(domain: string, own: OwnSide): boolean {
  return own.domains.some((known) => domain === known || domain.endsWith(`.${known}`));
}

/**
 * The direction as the workspace sees it, whichever mailbox holds the copy: from outside is inbound; from our side is
 * outbound as soon as one recipient is outside, and internal otherwise.
 */
export function mailDirection(from: string, recipients: readonly string[], own: OwnSide): Exclude<Direction, 'none'> {
  if (!isOwnAddress(from, own)) return 'inbound';
  return recipients.some((address) => !isOwnAddress(address, own)) ? 'outbound' : 'internal';
}

/** Whether a mail came through a list under an own domain: a shared mailbox, through which customers write. */
export function isOwnList(headers: MailHeaders, own: OwnSide): boolean {
  const listId = headers.first('list-id')?.slice(0, 500).toLowerCase();
  if (listId === undefined) return false;
  const open = listId.lastIndexOf('<');
  const id = (open < 0 ? listId : listId.slice(open + 1)).replace(/[>\s]/g, '');
  return isOwnDomain(id, own);
}
