import { instantFields, printTime } from '@waymark/journey';
import type { LoggedEvent } from './export.ts';

/** A value of an event as process-mining tools take it, as text. */
export interface ProcessValue {
  readonly name: string;
  readonly kind: 'string' | 'time' | 'integer' | 'float' | 'boolean';
  readonly value: string;
}

/** What an event says, flat: lists and objects as JSON. Addresses of people are left to the objects and resources of a format. */
export function valuesOf(event: LoggedEvent): readonly ProcessValue[] {
  const values: ProcessValue[] = [
    { name: 'touchpoint', kind: 'string', value: event.touchpoint },
    { name: 'direction', kind: 'string', value: event.direction },
    { name: 'automated', kind: 'boolean', value: String(event.automated) },
  ];
  if (!event.knownAssumed) values.push({ name: 'recorded', kind: 'time', value: printTime(event.recordedAt) });
  for (const [name, value] of Object.entries(event.attributes)) {
    if (name === 'cloudevent' || value === null || value === undefined) continue;
    values.push({ name: `data.${name}`, ...valueOf(name, value) });
  }
  return values;
}

function valueOf(name: string, value: unknown): Omit<ProcessValue, 'name'> {
  if (typeof value === 'boolean') return { kind: 'boolean', value: String(value) };
  if (typeof value === 'number') {
    if (instantFields.has(name)) return { kind: 'time', value: printTime(value) };
    return { kind: Number.isSafeInteger(value) ? 'integer' : 'float', value: String(value) };
  }
  return { kind: 'string', value: typeof value === 'string' ? value : JSON.stringify(value) };
}

/** What happened, as the name of an activity: the type, and for a change of stage the stage that was entered. */
export function activityOf({ type, attributes }: LoggedEvent): string {
  const entered =
    type === 'crm.stage_changed'
      ? attributes['to']
      : type === 'deal.stage_changed'
        ? (attributes['stageLabel'] ?? attributes['stage'])
        : undefined;
  return typeof entered === 'string' ? `${type} ${entered}` : type;
}

const doers = new Set(['from', 'organizer', 'actor', 'assignee', 'respondent', 'requester']);

/** Who did it, where the event tells. */
export function resourceOf({ participants }: LoggedEvent): string | undefined {
  const doer = participants.find(({ role }) => doers.has(role));
  return doer?.address ?? doer?.external ?? doer?.name;
}
