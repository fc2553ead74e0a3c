import { isSignalName } from '@waymark/journey';
import type { Moment } from './moment.ts';
import { spoken, type BoundSignal } from './signals.ts';
import type { Bind } from './operand.ts';

type Part =
  | { readonly text: string }
  | { readonly signal: BoundSignal; readonly form: string }
  | { readonly optional: readonly Part[] };

const placeholder = /\{([a-z_]+)(?:\.(since|what))?\}|\[([^\]]*)\]/g;

/** The placeholders of a reason, each with the signal name. */
export function placeholdersOf(template: string): string[] {
  return [...template.matchAll(/\{([^}.]*)(?:\.[^}]*)?\}/g)].map((match) => match[1] ?? '');
}

function parse(template: string, find: (name: string) => BoundSignal | undefined): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of template.matchAll(placeholder)) {
    if (match.index > end) parts.push({ text: template.slice(end, match.index) });
    const signal = match[1] === undefined ? undefined : find(match[1]);
    if (match[3] !== undefined) parts.push({ optional: parse(match[3], find) });
    else if (signal) parts.push({ signal, form: match[2] ?? 'value' });
    else parts.push({ text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < template.length) parts.push({ text: template.slice(end) });
  return parts;
}

function render(parts: readonly Part[], moment: Moment): string | undefined {
  let line = '';
  for (const part of parts) {
    if ('text' in part) line += part.text;
    else if ('optional' in part) line += render(part.optional, moment) ?? '';
    else {
      const said = say(part.signal, part.form, moment);
      if (said === undefined) return undefined;
      line += said;
    }
  }
  return line;
}

function say(signal: BoundSignal, form: string, moment: Moment): string | undefined {
  if (form === 'what') return signal.what?.(moment) ?? undefined;
  if (form === 'since') {
    const since = signal.since?.(moment) ?? null;
    return since === null ? undefined : moment.around.zone.date(since);
  }
  return spoken(signal, signal.read(moment));
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
