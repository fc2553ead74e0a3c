import { escapeHtml } from '../../front/consent-page.ts';

/** Text that is safe to stand in a page as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

type Part = Html | string | number | false | undefined | null | readonly Part[];

/** Builds HTML: every inserted value is escaped unless it is `Html` itself; false, undefined and null are left out. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, index) => text + (index < parts.length ? insert(parts[index]) : '')).join(''));
}

function insert(part: Part): string {
  if (part === undefined || part === null || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(insert).join('');
  return escapeHtml(String(part));
}
