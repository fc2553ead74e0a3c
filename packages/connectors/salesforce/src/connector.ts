import type { Connector } from '@waymark/connector-kit';
import { classify } from './classify.ts';
import { connect, type SalesforceClient } from './client.ts';
import { manifest } from './manifest.ts';
import { objectStreams } from './object-streams.ts';
import { probe } from './probe.ts';
import { flatten, value } from './record.ts';
import { declarationSchema } from './settings.ts';
import { soql } from './soql.ts';
import { stageWriter } from './stage-writer.ts';

/** Salesforce: accounts, contacts, users, opportunities, cases, meetings and logged mail as journey events, and stages back. */
export const salesforce: Connector<SalesforceClient> = {
  manifest,
  settings: declarationSchema,
  connect,
  async identify(client) {
    const { organizationId } = await client.identity();
    const organization = { fields: await readOrganization(client) };
    const timezone = value(organization, 'TimeZoneSidKey');
    return {
      externalAccountId: value(organization, 'Id') ?? organizationId,
      label: value(organization, 'Name') ?? `Salesforce ${organizationId}`,
      ...(timezone === undefined ? {} : { timezone }),
    };
  },
  streams: objectStreams,
  classify,
  probe,
  write: stageWriter,
};

/** The org as far as the connected user may see it: an installation must not fail for a name. */
async function readOrganization(client: SalesforceClient): Promise<Record<string, string | null>> {
  const fields = await client.schema.fields('Organization');
  const select = ['Id', 'Name', 'TimeZoneSidKey'].filter((name) => fields?.has(name));
  if (select.length === 0) return {};
  const { rows } = await client.rows(soql({ select, from: 'Organization', limit: 1 }), { urgent: true });
  return flatten(rows[0] ?? {});
}
