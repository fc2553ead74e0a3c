import { ConnectorFault } from '@waymark/connector-kit';
import type { SalesforceClient } from './client.ts';
import { once } from './once.ts';
import { chance, flatten, value, type StageSnapshot } from './record.ts';
import { soql } from './soql.ts';

export interface RecordType {
  readonly id: string;
  readonly name: string;
  readonly developerName: string;
}

type Stages = Readonly<Record<string, StageSnapshot>>;

/** What an org holds beside its objects, each part read once a connection. */
export class Catalog {
  /** By API name. Never judged by its words: orgs name stages as they like. https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_opportunitystage.htm */
  readonly opportunityStages: () => Promise<Stages>;
  /** By label, which is what a case holds. */
  readonly caseStatuses: () => Promise<Stages>;
  readonly recordTypes: () => Promise<ReadonlyMap<string, RecordType>>;

  constructor(client: SalesforceClient) {
    this.opportunityStages = once(async () => {
      const columns = ['ApiName', 'MasterLabel', 'IsClosed', 'IsWon', 'DefaultProbability'];
      const rows = await smallTable(client, 'OpportunityStage', columns);
      return Object.fromEntries(
        rows.map((one) => [
          value(one, 'ApiName') ?? value(one, 'MasterLabel') ?? '',
          {
            label: value(one, 'MasterLabel') ?? '',
            closed: value(one, 'IsClosed') === 'true',
            won: value(one, 'IsWon') === 'true',
            ...chance(value(one, 'DefaultProbability')),
          },
        ]),
      );
    });
    this.caseStatuses = once(async () => {
      const rows = await smallTable(client, 'CaseStatus', ['ApiName', 'MasterLabel', 'IsClosed']);
      return Object.fromEntries(
        rows.flatMap((one) => {
          const label = value(one, 'MasterLabel') ?? value(one, 'ApiName') ?? '';
          const snapshot = { label, closed: value(one, 'IsClosed') === 'true', won: false };
          return [label, value(one, 'ApiName') ?? label].map((name) => [name, snapshot]);
        }),
      );
    });
    this.recordTypes = once(async () => {
      const rows = await smallTable(client, 'RecordType', ['Name', 'DeveloperName']);
      return new Map(
        rows.flatMap((one) => {
          const id = value(one, 'Id');
          if (id === undefined) return [];
          const name = value(one, 'Name') ?? '';
          return [[id, { id, name, developerName: value(one, 'DeveloperName') ?? name }]];
        }),
      );
    });
  }
}

/** A table of settings: at most 2,000 rows. Empty where the user may not see it, which `probe` tells. */
async function smallTable(
  client: SalesforceClient,
  object: string,
  columns: readonly string[],
): Promise<{ fields: Record<string, string | null> }[]> {
  const fields = await client.schema.fields(object);
  const readable = columns.filter((name) => fields?.has(name));
  if (fields === null || readable.length === 0) return [];
  try {
    const page = await client.rows(soql({ select: ['Id', ...readable], from: object, orderBy: 'Id', limit: 2000 }));
    return page.rows.map((each) => ({ fields: flatten(each) }));
  } catch (error) {
    if (error instanceof ConnectorFault && error.fault.kind === 'scope-missing') return [];
    throw error;
  }
}
