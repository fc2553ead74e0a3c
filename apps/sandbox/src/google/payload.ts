import PostalMime, { type Attachment } from 'postal-mime';
import { bodyOffset, headerValue, readHeaders, type MimeHeader } from './mime-headers.ts';

/** A part as Gmail shows it (https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages#MessagePart). */
export interface MessagePart {
  readonly partId: string;
  readonly mimeType: string;
  readonly filename: string;
  readonly headers?: readonly MimeHeader[];
  readonly body?: { readonly size: number; readonly data?: string; readonly attachmentId?: string };
  readonly parts?: readonly MessagePart[];
}

/** Headers only, as `format=metadata` shows them; `names` narrows them, any case. */
export const metadataPayload = (raw: string, names: readonly string[]): Pick<MessagePart, 'mimeType' | 'headers'> => {
  const headers = readHeaders(raw);
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return {
    mimeType: mimeTypeOf(headers),
    headers: wanted.size === 0 ? headers : headers.filter((header) => wanted.has(header.name.toLowerCase())),
  };
};

/**
 * The parsed message as `format=full` shows it: text in UTF-8, attachments by size only. Nested multiparts are shown as
 * one level. A message that cannot be parsed is shown as one part of plain text; never throws.
 */
export const fullPayload = async (raw: string): Promise<MessagePart> => {
  const headers = readHeaders(raw);
  const root = { partId: '', mimeType: mimeTypeOf(headers), filename: '', headers };
  const parsed = await parseMail(raw);
  if (!parsed) return { ...root, body: textBody(raw.slice(bodyOffset(raw).bodyStart)) };
  const { text, html, attachments } = parsed;
  if (!root.mimeType.startsWith('multipart/')) {
    const content = root.mimeType === 'text/html' ? html : (text ?? html);
    if (content !== undefined || attachments.length === 0) return { ...root, body: textBody(content ?? '') };
  }
  const texts = [
    ...(text === undefined ? [] : [{ type: 'text/plain', content: text }]),
    ...(html === undefined ? [] : [{ type: 'text/html', content: html }]),
  ];
  const parts: MessagePart[] = texts.map(({ type, content }, index) => ({
    partId: String(index),
    mimeType: type,
    filename: '',
    headers: [{ name: 'Content-Type', value: `${type}; charset="UTF-8"` }],
    body: textBody(content),
  }));
  for (const attachment of attachments) parts.push(attachmentPart(attachment, parts.length));
  return { ...root, body: { size: 0 }, parts };
};

/** The first words of the text, HTML-escaped, as Gmail does it. */
export const snippetOf = async (raw: string): Promise<string> => {
  const parsed = await parseMail(raw);
  const text = parsed?.text ?? parsed?.html?.replace(/<[^>]*>/gu, ' ') ?? '';
  const words = text.replace(/\s+/gu, ' ').trim();
  return [...words]
    .slice(0, 200)
    .join('')
    .replace(/[&<>"']/gu, (character) => `&#${character.codePointAt(0)};`);
};

const parseMail = async (raw: string) => {
  try {
    return await PostalMime.parse(Buffer.from(raw, 'latin1'), { maxHeadersSize: 4_000_000 });
  } catch {
    return undefined;
  }
};

const mimeTypeOf = (headers: readonly MimeHeader[]): string => {
  const declared = /^\s*([\w.+-]+\/[\w.+-]+)/u.exec(headerValue(headers, 'content-type') ?? '')?.[1];
  return declared?.toLowerCase() ?? 'text/plain';
};

const textBody = (text: string): { size: number; data?: string } => {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length === 0 ? { size: 0 } : { size: bytes.length, data: bytes.toString('base64url') };
};

const attachmentPart = (attachment: Attachment, index: number): MessagePart => {
  const method = attachment.method === undefined ? '' : `; method=${attachment.method}`;
  const { content } = attachment;
  const inline = attachment.mimeType === 'text/calendar' || attachment.mimeType.startsWith('message/');
  const bytes = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content);
  return {
    partId: String(index),
    mimeType: attachment.mimeType,
    filename: attachment.filename ?? '',
    headers: [
      { name: 'Content-Type', value: `${attachment.mimeType}${method}` },
      ...(attachment.disposition === null ? [] : [{ name: 'Content-Disposition', value: attachment.disposition }]),
    ],
    body:
      inline && attachment.filename === null
        ? { size: bytes.length, data: Buffer.from(bytes).toString('base64url') }
        : { size: bytes.length, attachmentId: `ANGjdJ${index}` },
  };
};
