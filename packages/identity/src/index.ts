export * from './domains.ts';
export * from './match.ts';
export * from './exclusions.ts';
