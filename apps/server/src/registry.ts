import type { AnyConnector } from '@waymark/connector-kit';
import { otherConnector, OtherConnectorError } from './other-connector.ts';

/** The connectors that ship with this server: one line each. They load when they are first used. */
const shipped: Readonly<Record<string, () => Promise<AnyConnector>>> = {
  gmail: async () => (await import('@waymark/connector-gmail')).gmail,
  'google-calendar': async () => (await import('@waymark/connector-google-calendar')).googleCalendar,
  hubspot: async () => (await import('@waymark/connector-hubspot')).hubspot,
  intercom: async () => (await import('@waymark/connector-intercom')).intercom,
  salesforce: async () => (await import('@waymark/connector-salesforce')).salesforce,
  outlook: async () => (await import('@waymark/connector-outlook')).outlook,
  'slack-channels': async () => (await import('@waymark/connector-slack-channels')).slackChannels,
  webhook: async () => (await import('@waymark/connector-webhook')).webhook,
  zendesk: async () => (await import('@waymark/connector-zendesk')).zendesk,
};

const connectors = new Map(Object.entries(shipped));
const ids = [...connectors.keys()];

/** The ids of all connectors, those of others included. */
export const connectorIds: readonly string[] = ids;

/** A connector that is not in the list. */
class UnknownConnector extends Error {
  readonly code = 'UNKNOWN_CONNECTOR';

  constructor(id: string) {
    super(`There is no connector ${id}. There are: ${connectorIds.join(', ')}, slack.`);
    this.name = 'UnknownConnector';
  }
}

/**
 * Offers connectors of others: packages named `waymark-connector-<id>`, with or without a scope, installed beside the server. Throws
 * OtherConnectorError for a name that is none, or whose id a connector has already.
 */
export function offerConnectors(packages: readonly string[]): void {
  for (const name of packages) {
    const { id, load } = otherConnector(name);
    if (others.get(id) === name) continue;
    if (connectors.has(id)) throw new OtherConnectorError(name, `there is a connector ${id} already`);
    others.set(id, name);
    connectors.set(id, load);
    ids.push(id);
  }
}

const others = new Map<string, string>();

const loaded = new Map<string, Promise<AnyConnector>>();

/** Loads a connector by its id, once a process. Throws UnknownConnector. */
export function loadConnector(id: string): Promise<AnyConnector> {
  const load = connectors.get(id);
  if (!load) return Promise.reject(new UnknownConnector(id));
  const ready = loaded.get(id) ?? load();
  loaded.set(id, ready);
  return ready;
}
