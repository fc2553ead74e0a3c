import { resolve } from 'node:path';
import { z } from 'zod';

/** What one process does. All of them in one process by default. */
export const roles = ['http', 'workers', 'bot'] as const;
export type Role = (typeof roles)[number];

const optionalUrl = z
  .url({ protocol: /^https?$/ })
  .transform((text) => text.replace(/\/+$/, ''))
  .optional();

const environment = z.object({
  WAYMARK_HOME: z.string().min(1).default('.waymark'),
  DATABASE_URL: z.string().min(1).optional(),
  WAYMARK_ADMIN_DATABASE_URL: z.string().min(1).optional(),
  WAYMARK_MASTER_KEY: z.string().min(1).optional(),
  WAYMARK_HOST: z.string().min(1).default('127.0.0.1'),
  WAYMARK_PORT: z.coerce.number().int().min(0).max(65_535).default(4400),
  WAYMARK_PUBLIC_URL: optionalUrl,
  WAYMARK_GOOGLE_URL: optionalUrl,
  WAYMARK_HUBSPOT_URL: optionalUrl,
  WAYMARK_MICROSOFT_URL: optionalUrl,
  WAYMARK_SALESFORCE_URL: optionalUrl,
  WAYMARK_ZENDESK_URL: optionalUrl,
  WAYMARK_SLACK_URL: optionalUrl,
  /** The part of each provider's cap that is used. */
  WAYMARK_RATE_SHARE: z.coerce.number().gt(0).max(1).default(0.85),
  /** Multiplies every cap, for providers that granted more. */
  WAYMARK_RATE_SCALE: z.coerce.number().gt(0).max(1000).default(1),
  WAYMARK_POLL_SECONDS: z.coerce.number().int().min(5).max(86_400).default(300),
  WAYMARK_LOG: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
  /** The Slack app-level token (`xapp-`), where there is no public address and Slack comes by Socket Mode. */
  WAYMARK_SLACK_APP_TOKEN: z.string().startsWith('xapp-').optional(),
  /** Connectors of others: packages named `waymark-connector-<id>`, separated by commas. */
  WAYMARK_CONNECTORS: z.string().default(''),
  /** Names the instant at which a fault test kills the process. */
  WAYMARK_STOP_AT: z.string().optional(),
});

const anAddress = 'give an address such as https://waymark.example.com';
/** What to give where a variable has something else; what it has is told nowhere, for it may be a secret. */
const remedies: Readonly<Record<string, string>> = {
  WAYMARK_PORT: 'give a port from 0 to 65535',
  WAYMARK_PUBLIC_URL: anAddress,
  WAYMARK_GOOGLE_URL: anAddress,
  WAYMARK_HUBSPOT_URL: anAddress,
  WAYMARK_MICROSOFT_URL: anAddress,
  WAYMARK_SALESFORCE_URL: anAddress,
  WAYMARK_ZENDESK_URL: anAddress,
  WAYMARK_SLACK_URL: anAddress,
  WAYMARK_RATE_SHARE: 'give a share above 0, at most 1',
  WAYMARK_RATE_SCALE: 'give a factor above 0, at most 1000',
  WAYMARK_POLL_SECONDS: 'give whole seconds from 5 to 86400',
  WAYMARK_LOG: 'give one of silent, error, warn, info, debug',
  WAYMARK_SLACK_APP_TOKEN: 'give the app-level token, which begins with xapp-',
};

/** What an operator sets. Never a tenant. */
export interface Configuration {
  readonly home: string;
  readonly databaseUrl: string | undefined;
  readonly adminDatabaseUrl: string | undefined;
  readonly masterKey: string | undefined;
  readonly host: string;
  readonly port: number;
  /** The address from outside, without a trailing slash; the listening address where none is set. */
  readonly publicUrl: string | undefined;
  /** By vendor: replaces the origin of all its base URLs. */
  readonly providerUrls: Readonly<Record<string, string | undefined>>;
  readonly rateShare: number;
  readonly rateScale: number;
  readonly pollMs: number;
  readonly log: 'silent' | 'error' | 'warn' | 'info' | 'debug';
  readonly slackAppToken: string | undefined;
  /** Packages of others' connectors. */
  readonly connectors: readonly string[];
  readonly stopAt: string | undefined;
}

/** A setting that cannot be used, with what to do. */
export class ConfigurationError extends Error {
  readonly code = 'CONFIGURATION';

  constructor(message: string) {
    super(message);
    this.name = 'ConfigurationError';
  }
}

/** Reads the configuration. Throws ConfigurationError that names every variable that is wrong. */
export function readConfiguration(env: Readonly<Record<string, string | undefined>>): Configuration {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
    const wrong = [...names].map((name) => `${name}: ${remedies[name] ?? 'give another'}`).join('; ');
    throw new ConfigurationError(`The environment has settings that cannot be used. ${wrong}.`);
  }
  const e = parsed.data;
  return {
    home: resolve(e.WAYMARK_HOME),
    databaseUrl: e.DATABASE_URL,
    adminDatabaseUrl: e.WAYMARK_ADMIN_DATABASE_URL,
    masterKey: e.WAYMARK_MASTER_KEY,
    host: e.WAYMARK_HOST,
    port: e.WAYMARK_PORT,
    publicUrl: e.WAYMARK_PUBLIC_URL,
    providerUrls: {
      google: e.WAYMARK_GOOGLE_URL,
      hubspot: e.WAYMARK_HUBSPOT_URL,
      microsoft: e.WAYMARK_MICROSOFT_URL,
      salesforce: e.WAYMARK_SALESFORCE_URL,
      slack: e.WAYMARK_SLACK_URL,
      zendesk: e.WAYMARK_ZENDESK_URL,
    },
    rateShare: e.WAYMARK_RATE_SHARE,
    rateScale: e.WAYMARK_RATE_SCALE,
    pollMs: e.WAYMARK_POLL_SECONDS * 1000,
    log: e.WAYMARK_LOG,
    slackAppToken: e.WAYMARK_SLACK_APP_TOKEN,
    connectors: e.WAYMARK_CONNECTORS.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    stopAt: e.WAYMARK_STOP_AT,
  };
}
