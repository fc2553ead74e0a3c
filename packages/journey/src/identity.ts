import { hash } from 'node:crypto';
import type { EventType } from './event.ts';

/**
 * A uuid of version 8 (RFC 9562, section 5.8) made from content: the first 128 bits of SHA-256 over the parts, each
 * preceded by its length so that no two lists of parts collide, with version and variant bits set.
 */
export function contentUuid(...parts: readonly string[]): string {
  let text = '';
  for (const part of parts) text += `${Buffer.byteLength(part)}:${part}`;
  const hex = hash('sha256', text);
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The id of an event: workspace, identity key and type. It leaves the account out: matching may change, the fact does not. */
export function eventId(workspaceId: string, identity: string, type: EventType): string {
  return contentUuid('event', workspaceId, type, identity);
}

/** The id of a source object: one record of one installation. */
export function sourceId(workspaceId: string, installationId: string, object: string, externalId: string): string {
  return contentUuid('source', workspaceId, installationId, object, externalId);
}

/**
 * A Message-ID in the form that is compared: no angle brackets or white space, the domain in lower case (RFC 5322, 3.6.4).
 * Undefined where nothing usable is left.
 */
export function normalizeMessageId(raw: string | undefined): string | undefined {
  const trimmed = raw?.slice(0, 998).replace(/[<>\s]/g, '');
  if (!trimmed) return undefined;
  const at = trimmed.lastIndexOf('@');
  return at < 0 ? trimmed : trimmed.slice(0, at) + trimmed.slice(at).toLowerCase();
}

/**
 * The identity of a mail: Message-ID plus sender, since lists and gateways reuse ids (failure B5). Without a Message-ID it is
 * the sender, the minute and the given fallback (a normalized subject, or the provider's id).
 */
export function mailIdentity(mail: {
  readonly messageId: string | undefined;
  readonly from: string | undefined;
  readonly occurredAt: number;
  readonly fallback: string;
}): string {
  const id = normalizeMessageId(mail.messageId);
  const sender = mail.from?.toLowerCase() ?? '';
  return id ? `mail:${id}|${sender}` : `mail?:${sender}|${Math.floor(mail.occurredAt / 60_000)}|${mail.fallback}`;
}

/** The identity of one occurrence of a meeting: iCalUID (RFC 5545, 3.8.4.7) and the original start, epoch milliseconds or a date. */
export function meetingIdentity(iCalUid: string, originalStart: number | string): string {
  return `meeting:${iCalUid}|${originalStart}`;
}

/** The identity of a CRM change: object, property and timestamp, in the portal that holds it. */
export function crmChangeIdentity(portal: string, object: string, id: string, property: string, at: number): string {
  return `crm:${portal}|${object}|${id}|${property}|${at}`;
}
