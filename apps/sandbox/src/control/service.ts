import { z } from 'zod';
import type { FaultPlan } from '../front/faults.ts';

export type ServiceName = 'google' | 'hubspot' | 'slack' | 'microsoft' | 'salesforce' | 'zendesk';

/** The OAuth app that each service knows from the start; where it redirects and gets its events is set by whoever uses it. */
export const demoApp = {
  clientId: 'waymark-demo',
  clientSecret: 'waymark-demo-secret',
  signingSecret: 'waymark-demo-signing',
  name: 'Waymark',
} as const;

/** The second Slack app of the demo: the one that reads channels shared with customers. */
export const demoChannelsApp = { ...demoApp, clientId: 'waymark-demo-channels', name: 'Waymark channels' } as const;

const url = z.url({ protocol: /^https?$/ });

export const appRegistrationSchema = z.strictObject({
  clientId: z.string().min(1),
  clientSecret: z.string().min(1).optional(),
  name: z.string().min(1).optional(),
  /** Compared exactly at the consent. */
  redirectUris: z.array(url).optional(),
  /** Slack only: what requests to the app are signed with. */
  signingSecret: z.string().min(1).optional(),
  /** Slack only: where events, interactions and slash commands go. */
  requestUrl: url.optional(),
  /** HubSpot only: where webhooks go. */
  webhookUrl: url.optional(),
  /** HubSpot only: the subscribed webhook types; all without it. */
  subscriptions: z.array(z.string()).optional(),
});

/** An OAuth app as the control server takes it. What is left out keeps the value it had. */
export type AppRegistration = z.infer<typeof appRegistrationSchema>;

export const actSchema = z.strictObject({
  act: z.enum(['revoke', 'expire-access', 'expire-cursors', 'invite']),
  /** What the service calls a tenant: a mailbox's user, a HubSpot portal, a Slack team, a Salesforce org, a Zendesk subdomain. */
  tenant: z.string().min(1),
});

/**
 * Something that happens to a tenant at the vendor: tokens revoked, access tokens run out, cursors lost; in Slack alone, the apps' bots
 * invited to every channel that is shared with a customer.
 */
export type Act = z.infer<typeof actSchema>;

/** Raised when a service has no such act. */
export class UnknownActError extends Error {
  readonly code = 'unknown_act';

  constructor(service: ServiceName, act: Act['act']) {
    super(`${service} has no act "${act}"; choose another of revoke, expire-access, expire-cursors and invite.`);
  }
}

/** One service that is being served, in the form that the control server needs. */
export interface RunningService {
  readonly name: ServiceName;
  readonly url: string;
  readonly port: number;
  readonly faults: FaultPlan;
  /** Client ids of the registered apps. */
  readonly apps: () => readonly string[];
  readonly registerApp: (app: AppRegistration) => void;
  readonly act: (act: Act) => void;
  /** Highest use of the rate-limit counters in any rolling window, refused calls included. */
  readonly peak: () => unknown;
  readonly unknownPaths: () => readonly string[];
  /** Has the state written soon. */
  readonly touch: () => void;
  /** Stops listening and writes the state. */
  readonly close: () => Promise<void>;
}
