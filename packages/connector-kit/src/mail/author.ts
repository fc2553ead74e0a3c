import { parseAddresses } from './address.ts';
import type { MailAddress } from './address.ts';
import type { MailHeaders } from './headers.ts';
import { isOwnAddress, isOwnList } from './own-side.ts';
import type { OwnSide } from './own-side.ts';

/**
 * Who wrote a mail: From, or Sender where there is none. Our own group that takes mail for us puts itself in the place of a customer
 * whose domain forbids to pass mail on (DMARC): then the customer stands in X-Original-From or X-Original-Sender (Google Groups), or in
 * Reply-To beside a name "Zoe via Support" (Mailman). Undefined where nobody is named. https://support.google.com/a/answer/10032578
 */
export function authorOf(headers: MailHeaders, own: OwnSide): MailAddress | undefined {
  const from = parseAddresses(headers.first('from'))[0] ?? parseAddresses(headers.first('sender'))[0];
  if (from === undefined || !isOwnAddress(from.address, own) || !isOwnList(headers, own)) return from;
  const munged = / via /i.test(from.name ?? '');
  const named = ['x-original-from', 'x-original-sender', ...(munged ? ['reply-to'] : [])];
  const others = named.map((name) =>
    parseAddresses(headers.first(name)).filter((one) => !isOwnAddress(one.address, own)),
  );
  // Reply-To may name several; whoever is alone is the author.
  const outside = others.find((list) => list.length === 1)?.[0];
  if (outside === undefined) return from;
  const name = outside.name ?? (munged ? from.name?.replace(/ via .*$/i, '').replace(/^'(.*)'$/, '$1') : undefined);
  return name === undefined ? outside : { ...outside, name };
}
