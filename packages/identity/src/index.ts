export * from './domains.ts';
export * from './match.ts';
