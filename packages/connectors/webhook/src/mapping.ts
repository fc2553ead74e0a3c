import { isEventType, printTime } from '@waymark/journey';
import { evaluate, isTrue } from './expression.ts';
import type { Mapping } from './settings.ts';

/** What expressions see. */
export interface MappingDocument {
  readonly item: unknown;
  readonly body: unknown;
  readonly delivery: { readonly id: string; readonly receivedAt: string };
}

/** The first mapping that takes a payload; undefined where none does, or the one that should cannot be asked. */
export function mappingFor(mappings: readonly Mapping[], document: MappingDocument): Mapping | undefined {
  return mappings.find(({ when }) => when === undefined || isTrue(attempt(() => evaluate(document, when))));
}

/** The items of a payload; undefined where `each` finds no list. */
export function itemsOf(mapping: Mapping, document: MappingDocument): readonly unknown[] | undefined {
  const { each } = mapping;
  if (each === undefined) return [document.item];
  const found = attempt(() => evaluate(document, each));
  return Array.isArray(found) ? found : undefined;
}

/** What identifies an event: what the mapping finds, else the delivery and the place in it. */
export function eventIdOf(mapping: Mapping, document: MappingDocument, index: number | null): string {
  const { id } = mapping;
  const found = id === undefined ? undefined : attempt(() => evaluate(document, id));
  if (typeof found === 'string' && found !== '') return found.slice(0, 400);
  if (typeof found === 'number') return String(found);
  return index === null ? document.delivery.id : `${document.delivery.id}#${index}`;
}

export const sourceOf = (mapping: Mapping): string => mapping.source ?? mapping.name;

/** An item as a CloudEvent of the vocabulary, to be checked as any other. Throws what an expression throws. */
export function toCloudEventJson(
  mapping: Mapping,
  document: MappingDocument,
  index: number | null,
): Record<string, unknown> {
  const subject = mapping.subject === undefined ? null : evaluate(document, mapping.subject);
  const data: Record<string, unknown> = {};
  for (const [field, expression] of Object.entries(mapping.data)) {
    const value = evaluate(document, expression);
    if (value !== null) data[field] = value;
  }
  return {
    specversion: '1.0',
    id: eventIdOf(mapping, document, index),
    source: sourceOf(mapping),
    type: isEventType(mapping.type) ? mapping.type : evaluate(document, mapping.type),
    time: timeOf(evaluate(document, mapping.time), mapping.timeFormat),
    ...(subject !== null && subject !== '' && { subject: typeof subject === 'number' ? String(subject) : subject }),
    data,
  };
}

/** Numbers of seconds or milliseconds may come as text. What is no time is left for the check to refuse. */
function timeOf(found: unknown, format: Mapping['timeFormat']): unknown {
  if (format === 'rfc3339') return found;
  const number = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
  if (typeof number !== 'number' || !Number.isFinite(number)) return found;
  const at = Math.trunc(format === 'seconds' ? number * 1000 : number);
  return Math.abs(at) > 8.64e15 ? found : printTime(at);
}

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch {
    return undefined;
  }
}
