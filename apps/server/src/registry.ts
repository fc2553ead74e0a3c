import type { AnyConnector } from '@waymark/connector-kit';

/** The connectors that this server offers: one line each. They load when they are first used. */
const connectors: Readonly<Record<string, () => Promise<AnyConnector>>> = {
  gmail: async () => (await import('@waymark/connector-gmail')).gmail,
  'google-calendar': async () => (await import('@waymark/connector-google-calendar')).googleCalendar,
  hubspot: async () => (await import('@waymark/connector-hubspot')).hubspot,
  salesforce: async () => (await import('@waymark/connector-salesforce')).salesforce,
  outlook: async () => (await import('@waymark/connector-outlook')).outlook,
  'slack-channels': async () => (await import('@waymark/connector-slack-channels')).slackChannels,
  webhook: async () => (await import('@waymark/connector-webhook')).webhook,
  zendesk: async () => (await import('@waymark/connector-zendesk')).zendesk,
};

/** The ids of all connectors. */
export const connectorIds: readonly string[] = Object.keys(connectors);

/** A connector that is not in the list. */
class UnknownConnector extends Error {
  readonly code = 'UNKNOWN_CONNECTOR';

  constructor(id: string) {
    super(`There is no connector ${id}. There are: ${connectorIds.join(', ')}, slack.`);
    this.name = 'UnknownConnector';
  }
}

const loaded = new Map<string, Promise<AnyConnector>>();

/** Loads a connector by its id, once a process. Throws UnknownConnector. */
export function loadConnector(id: string): Promise<AnyConnector> {
  const load = connectors[id];
  if (!load) return Promise.reject(new UnknownConnector(id));
  const ready = loaded.get(id) ?? load();
  loaded.set(id, ready);
  return ready;
}
