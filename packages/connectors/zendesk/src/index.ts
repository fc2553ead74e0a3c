export { zendesk } from './connector.ts';
