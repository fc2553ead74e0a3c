export { salesforce } from './connector.ts';
