export * from './entity.ts';
export * from './event.ts';
export * from './identity.ts';
