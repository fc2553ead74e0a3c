export * from './domain-claims.ts';
export * from './domains.ts';
export * from './match.ts';
export * from './exclusions.ts';
