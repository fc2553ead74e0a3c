export * from './definition.ts';
export * from './definition-condition.ts';
export * from './definition-signal.ts';
export * from './entity.ts';
export * from './event.ts';
export * from './identity.ts';
