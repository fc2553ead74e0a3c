export { generateWorld } from './company/generate.ts';
export type * from './company/world.ts';
export {
  demoApp,
  demoChannelsApp,
  type Act,
  type AppRegistration,
  type RunningService,
  type ServiceName,
} from './control/service.ts';
export { HomeUnreadableError, SandboxRunningError } from './control/home.ts';
export { startSandbox, type Sandbox, type SandboxOptions, type SandboxPorts } from './sandbox.ts';
export { sampleTeams } from './slack/seed.ts';
export { samplePortals } from './hubspot/seed.ts';
export { SAMPLE_DECLARATION } from './salesforce/seed-catalog.ts';
export { sampleSubdomains } from './zendesk/seed.ts';
export { stackNames, type Stack, type StackName } from './company/stack.ts';
