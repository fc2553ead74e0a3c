import { ConnectorFault } from '@waymark/connector-kit';
import type { HubSpotClient, HubSpotRequest } from './client.ts';

/**
 * A call in the app's name; undefined where HubSpot knows no such thing. Throws ConnectorFault `scope-missing` where the app may not:
 * the account's own grant is none the worse for it.
 */
export async function askAsApp<T>(client: HubSpotClient, request: HubSpotRequest<T>): Promise<T | undefined> {
  const { answer, refusal } = await client.jsonOrRefusal({ ...request, asApp: true }, [401, 403, 404]);
  if (refusal === undefined) return answer;
  if (refusal.status === 404) return undefined;
  throw new ConnectorFault({
    kind: 'scope-missing',
    message: `The app may not read its journal (${refusal.message}): add the developer.webhooks_journal scopes to it, or turn "journal" off.`,
  });
}
