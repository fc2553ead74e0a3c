import { isSignalName } from '@waymark/journey';
import type { Moment } from '../course/moment.ts';
import { spoken, type BoundSignal } from '../signals/signals.ts';
import type { Bind } from './operand.ts';
import { counted, times } from '../course/wording.ts';

type Part =
  | { readonly text: string }
  | { readonly signal: BoundSignal; readonly form: string; readonly words: readonly [string, string] | null }
  | { readonly optional: readonly Part[] };

const placeholder = /\{([a-z_]+)(?:\.(since|what|in|over|times)|:([^|{}]+)\|([^|{}]+))?\}|\[([^\]]*)\]/g;

/** The placeholders of a reason, each with the signal name. */
export function placeholdersOf(template: string): string[] {
  return [...template.matchAll(/\{([^}.:]*)(?:[.:][^}]*)?\}/g)].map((match) => match[1] ?? '');
}

/** What may follow a signal's name and a dot. */
export const placeholderForms = ['since', 'what', 'in', 'over', 'times'] as const;

/** What looks like a placeholder and is none: it would be said as it is written. */
export function oddPlaceholders(template: string): string[] {
  const left = template.replaceAll(/\[([^\]]*)\]/g, '$1').replaceAll(placeholder, '');
  return [...left.matchAll(/\{[^{}]*\}?|\}/g)].map(([odd]) => odd);
}

function parse(template: string, find: (name: string) => BoundSignal | undefined): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of template.matchAll(placeholder)) {
    if (match.index > end) parts.push({ text: template.slice(end, match.index) });
    const signal = match[1] === undefined ? undefined : find(match[1]);
    const [, , form = 'value', one, many, optional] = match;
    const words = one !== undefined && many !== undefined ? ([one, many] as const) : null;
    if (optional !== undefined) parts.push({ optional: parse(optional, find) });
    else if (signal) parts.push({ signal, form, words });
    else parts.push({ text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < template.length) parts.push({ text: template.slice(end) });
  return parts;
}

/** Undefined if a value is unknown; within square brackets also if one is nothing. */
function render(parts: readonly Part[], moment: Moment, optional = false): string | undefined {
  let line = '';
  for (const part of parts) {
    if ('text' in part) line += part.text;
    else if ('optional' in part) line += render(part.optional, moment, true) ?? '';
    else {
      const said = optional && part.signal.read(moment) === 0 ? undefined : say(part, moment);
      if (said === undefined) return undefined;
      line += said;
    }
  }
  return line;
}

function say({ signal, form, words }: Extract<Part, { form: string }>, moment: Moment): string | undefined {
  if (form === 'what') return signal.what?.(moment) ?? undefined;
  if (form === 'since') {
    const since = signal.since?.(moment) ?? null;
    return since === null ? undefined : moment.around.zone.shortDate(since, moment.at);
  }
  const raw = signal.told ? signal.told(moment) : signal.read(moment);
  if (typeof raw !== 'number') return spoken(signal, raw);
  if (words) return counted(raw, ...words);
  if (form === 'times') return times(raw);
  if (form === 'over')
    return `${raw > Math.floor(raw / signal.scale) * signal.scale && raw >= signal.scale ? 'more than ' : ''}${spoken(signal, raw)}`;
  if (form !== 'in') return spoken(signal, raw);
  if (Math.abs(raw) < signal.scale) return raw < 0 ? 'just gone by' : 'within a day';
  return raw > 0 ? `in ${spoken(signal, raw)}` : `${spoken(signal, -raw)} ago`;
}

/**
 * Compiles the templates of a rule's reason. A placeholder means the signal as the rule's own condition uses it. The first
 * template whose values are all known is taken, else the title.
 */
export function compileReason(
  templates: readonly string[],
  used: readonly BoundSignal[],
  bind: Bind,
  title: string,
): (moment: Moment) => string {
  const find = (name: string) =>
    used.find((signal) => signal.name === name) ?? (isSignalName(name) ? bind(name) : undefined);
  const compiled = templates.map((template) => parse(template, find));
  return (moment) => {
    for (const parts of compiled) {
      const line = render(parts, moment);
      if (line !== undefined) return line;
    }
    return title;
  };
}
