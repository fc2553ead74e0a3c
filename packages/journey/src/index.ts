export * from './cloud-event.ts';
export type { FieldIssue } from './cloud-event-data.ts';
export * from './definition.ts';
export * from './definition-condition.ts';
export * from './definition-signal.ts';
export * from './entity.ts';
export * from './event.ts';
export * from './identity.ts';
export { stableJson } from './stable-json.ts';
