const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SUFFIX = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/**
 * The 18-character form of an id: three more characters that hold which letters are upper case, so that it survives systems which
 * ignore case. Anything that is not a 15-character id is given back as it is.
 * https://help.salesforce.com/s/articleView?id=000385585&type=1
 */
export function longId(id: string): string {
  if (!/^[0-9A-Za-z]{15}$/.test(id)) return id;
  let suffix = '';
  for (const start of [0, 5, 10]) {
    let bits = 0;
    for (let place = 0; place < 5; place += 1) if (/[A-Z]/.test(id.charAt(start + place))) bits += 1 << place;
    suffix += SUFFIX.charAt(bits);
  }
  return id + suffix;
}

/** The id of the n-th record of an object, by its three-character prefix: later records have ids that sort after earlier ones. */
export function numberedId(prefix: string, number: number): string {
  let rest = number;
  let digits = '';
  while (digits.length < 7) {
    digits = DIGITS.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return longId(`${prefix}5g000${digits}`);
}

export function isId(text: string): boolean {
  return /^[0-9A-Za-z]{15}([0-9A-Z]{3})?$/i.test(text);
}
