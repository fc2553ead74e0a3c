/** A mail as a person would describe it, from which {@link composeMail} makes the message. */
export interface MailFields {
  /** Without angle brackets. */
  readonly messageId: string;
  readonly from: { readonly name?: string; readonly address: string };
  readonly to: readonly { readonly name?: string; readonly address: string }[];
  readonly cc?: readonly { readonly name?: string; readonly address: string }[];
  readonly subject: string;
  readonly body: string;
  /** Epoch milliseconds of the Date header. */
  readonly at: number;
  readonly inReplyTo?: string;
  readonly references?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** The message as RFC 5322 text in UTF-8, one part, kept as latin1 (a character a byte). */
export const composeMail = (fields: MailFields): string => {
  const headers: string[] = [
    `Message-ID: <${fields.messageId}>`,
    `Date: ${rfc5322Date(fields.at)}`,
    `From: ${mailbox(fields.from)}`,
  ];
  if (fields.to.length > 0) headers.push(`To: ${fields.to.map(mailbox).join(',\r\n ')}`);
  if (fields.cc && fields.cc.length > 0) headers.push(`Cc: ${fields.cc.map(mailbox).join(',\r\n ')}`);
  headers.push(`Subject: ${words(fields.subject)}`);
  if (fields.inReplyTo !== undefined) headers.push(`In-Reply-To: <${fields.inReplyTo}>`);
  if (fields.references && fields.references.length > 0) {
    headers.push(`References: ${fields.references.map((id) => `<${id}>`).join('\r\n ')}`);
  }
  for (const [name, value] of Object.entries(fields.headers ?? {})) headers.push(`${name}: ${words(value)}`);
  const given = new Set(Object.keys(fields.headers ?? {}).map((name) => name.toLowerCase()));
  if (!given.has('mime-version')) headers.push('MIME-Version: 1.0');
  if (!given.has('content-type')) headers.push('Content-Type: text/plain; charset=UTF-8');
  if (!given.has('content-transfer-encoding')) headers.push('Content-Transfer-Encoding: 8bit');
  const body = Buffer.from(fields.body.replace(/\r?\n/gu, '\r\n'), 'utf8').toString('latin1');
  return `${headers.join('\r\n')}\r\n\r\n${body}\r\n`;
};

const mailbox = (party: { readonly name?: string; readonly address: string }): string => {
  if (party.name === undefined || party.name === '') return party.address;
  const isAscii = /^[\x20-\x7e]*$/u.test(party.name);
  return `${isAscii ? `"${party.name.replace(/["\\]/gu, '\\$&')}"` : words(party.name)} <${party.address}>`;
};

/** Text as encoded words (RFC 2047) where it is not ASCII; each stays under 75 characters. */
const words = (text: string): string => {
  if (/^[\x20-\x7e]*$/u.test(text)) return text;
  const chunks: string[] = [];
  let chunk = '';
  for (const character of text.replace(/[\r\n]+/gu, ' ')) {
    if (Buffer.byteLength(chunk + character) > 42) {
      chunks.push(chunk);
      chunk = '';
    }
    chunk += character;
  }
  chunks.push(chunk);
  return chunks.map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join('\r\n ');
};

const rfc5322Date = (at: number): string => new Date(at).toUTCString().replace('GMT', '+0000');
