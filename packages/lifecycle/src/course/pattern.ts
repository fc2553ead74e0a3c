/** Whether a text is as a pattern says: `*` stands for any letters, or none. Both are compared as they stand. Takes time in proportion to the text. */
export function fitsPattern(text: string, pattern: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return text === start;
  if (!text.startsWith(start)) return false;
  let at = start.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - end.length >= at && text.endsWith(end);
}

const marks = /[^\p{L}\p{N}*]+/gu;

/** A name or a value as people spell it alike: without case, spaces, dashes, underscores and other marks; of a pattern `*` is left. */
export const spelledAlike = (text: string): string => text.normalize('NFKC').toLowerCase().replaceAll(marks, '');
