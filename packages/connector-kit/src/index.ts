export * from './contract.ts';
export * from './fault.ts';
