import { ConnectorFault } from '@waymark/connector-kit';
import { installation as readInstallation, openActivations, writebackMappings } from '@waymark/store';
import { activeJourneys, openSession, priority } from '@waymark/sync';
import { syncMapping, type WritebackDependencies } from '@waymark/writeback';
import type { Waymark } from './waymark.ts';

/** What write-back is lent by the process that runs it. */
export function writebackDependencies(waymark: Waymark): WritebackDependencies {
  return {
    database: waymark.database,
    now: waymark.now,
    point: waymark.point,
    holder: waymark.holder,
    openWriter: async (workspaceId, installationId) => {
      const installation = await waymark.database.inWorkspace(workspaceId, (tx) =>
        readInstallation(tx, installationId),
      );
      if (!installation || installation.status !== 'active') {
        throw new ConnectorFault({
          kind: 'auth-revoked',
          message: 'The CRM is not connected: connect it again with waymark install.',
        });
      }
      const { connector, client } = await openSession(
        waymark.sync,
        workspaceId,
        installation,
        priority.write,
        new AbortController().signal,
      );
      if (!connector.write)
        throw new ConnectorFault({ kind: 'rejected', message: `${connector.manifest.name} cannot be written to.` });
      const missing = connector.write.scopes.find((scope) => !installation.grantedScopes.includes(scope));
      if (missing) {
        throw new ConnectorFault({
          kind: 'scope-missing',
          scope: missing,
          message: `Writing needs the scope ${missing}: run waymark install ${connector.manifest.id} --writeback.`,
        });
      }
      return { writer: connector.write, client };
    },
    stages: (workspaceId, journeyId) =>
      waymark.database.inWorkspace(workspaceId, async (tx) => {
        const journey = (await activeJourneys(tx)).find((one) => one.definition.id === journeyId);
        return journey?.definition.stages.map(({ id, title }) => ({ id, title })) ?? [];
      }),
  };
}

/** Brings every switched-on mapping of a workspace up to date: goes on with what was cut, plans what differs, applies what may be. */
export async function applyWriteback(waymark: Waymark, workspaceId: string): Promise<void> {
  const deps = writebackDependencies(waymark);
  const { mappings, changing } = await waymark.database.inWorkspace(workspaceId, async (tx) => ({
    mappings: await writebackMappings(tx),
    // While a changed definition still folds, its stages are half the former one's.
    changing: new Set((await openActivations(tx)).map((one) => one.journey)),
  }));
  for (const mapping of mappings) {
    if (mapping.enabled && !changing.has(mapping.journey)) await syncMapping(deps, workspaceId, mapping.mappingId);
  }
}
