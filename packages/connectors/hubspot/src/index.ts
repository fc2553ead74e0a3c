export { hubspot } from './connector.ts';
export { declarationSchema, type Declaration, type DealKind } from './settings.ts';
