export { startEmbedded, type EmbeddedOptions, type EmbeddedServer } from './server.ts';
export { migrate } from '../migrate.ts';
