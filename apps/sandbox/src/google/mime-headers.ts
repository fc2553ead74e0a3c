import { decodeWords } from 'postal-mime';

export interface MimeHeader {
  readonly name: string;
  readonly value: string;
}

/** Longer header blocks are cut here; no honest mail comes near it. */
const longestHeaderBlock = 1_000_000;

const utf8 = new TextDecoder('utf-8', { fatal: true });
const windows1252 = new TextDecoder('windows-1252');

/** Where the header block ends and where the body begins, in a message kept as latin1. */
export const bodyOffset = (raw: string): { readonly headersEnd: number; readonly bodyStart: number } => {
  const blank = /\r?\n\r?\n/u.exec(raw.length > longestHeaderBlock ? raw.slice(0, longestHeaderBlock) : raw);
  if (blank) return { headersEnd: blank.index, bodyStart: blank.index + blank[0].length };
  return { headersEnd: Math.min(raw.length, longestHeaderBlock), bodyStart: Math.min(raw.length, longestHeaderBlock) };
};

/**
 * The headers of a message kept as latin1, in their order and spelling, repeated ones included; unfolded, with encoded
 * words and raw 8-bit text decoded. Lines that are no header (an mbox `From ` line, junk) are left out; never throws.
 */
export const readHeaders = (raw: string): MimeHeader[] => {
  const block = raw.slice(0, bodyOffset(raw).headersEnd);
  const lines: string[] = [];
  for (const line of block.split(/\r?\n/u)) {
    if (/^[ \t]/u.test(line) && lines.length > 0) lines[lines.length - 1] += line;
    else lines.push(line);
  }
  const headers: MimeHeader[] = [];
  for (const line of lines) {
    const match = /^([!-9;-~]+)[ \t]*:([^]*)$/u.exec(line);
    if (match) headers.push({ name: match[1] ?? '', value: decodeValue((match[2] ?? '').trim()) });
  }
  return headers;
};

/** The first header of this name, any case. */
export const headerValue = (headers: readonly MimeHeader[], name: string): string | undefined =>
  headers.find((header) => header.name.toLowerCase() === name)?.value;

/** Message ids without angle brackets, as listed in References or In-Reply-To. */
export const messageIds = (value: string | undefined): string[] =>
  [...(value ?? '').matchAll(/<([^<>\s]+)>/gu)].map((match) => match[1] ?? '');

const decodeValue = (value: string): string => {
  const text = /[\u0080-\u00ff]/u.test(value) ? decodeBytes(Buffer.from(value, 'latin1')) : value;
  if (!text.includes('=?')) return text;
  try {
    return decodeWords(text);
  } catch {
    return text;
  }
};

/** UTF-8 if it is valid UTF-8, else windows-1252, as mail readers guess. */
const decodeBytes = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    return windows1252.decode(bytes);
  }
};
