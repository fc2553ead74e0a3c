import type { Finding } from '@waymark/connector-kit';
import { mappingFaults } from '@waymark/writeback';
import { askable, asking, tellsOfGrant } from './asking.ts';
import { nameOf, reconnect, some, type Check } from './patient.ts';

/** Whether each grant still opens the account that it was given for (failure B7). */
export const checkGrants: Check = async (patient) => {
  const findings = await Promise.all(
    askable(patient).map((one) =>
      asking(patient, one, async (connector, client) => {
        const account = await connector.identify(client);
        if (account.externalAccountId === one.externalAccountId) return [];
        return [
          {
            severity: 'error',
            code: 'other_account',
            message: `${nameOf(one)} now opens another account, ${account.label}.`,
            fix: `Connect the account that is meant: ${reconnect(patient, one)}.`,
          },
        ];
      }),
    ),
  );
  return findings.flat();
};

/** The CRM's declaration against the CRM itself: properties, values, pipelines. */
export const checkCrmDeclarations: Check = async (patient) => {
  const findings = await Promise.all(
    askable(patient).map((one) =>
      asking(patient, one, async (connector, client) => {
        const found = (await connector.probe?.(client, one.settings)) ?? [];
        return found.map((finding) => ({ ...finding, message: `${nameOf(one)}: ${finding.message}` }));
      }),
    ),
  );
  // A grant that is dead is told by the look at grants.
  return findings.flat().filter((one) => !tellsOfGrant(one));
};

/** Stages that nobody mapped and values that the CRM's property does not have (failure H3). */
export const checkMappings: Check = async (patient) => {
  const findings = await Promise.all(
    patient.mappings
      .filter((mapping) => mapping.enabled)
      .map(async (mapping): Promise<readonly Finding[]> => {
        const owner = patient.installations.find((one) => one.installationId === mapping.installationId);
        const journey = patient.journeys.find((one) => one.definition.id === mapping.journey);
        const name = `Write-back to ${mapping.property}`;
        if (!owner || owner.status !== 'active') {
          return [
            {
              severity: 'error',
              code: 'writeback_disconnected',
              message: `${name}: its CRM is not connected.`,
              fix: `Connect it again: waymark install hubspot --writeback --workspace ${patient.workspace.slug}.`,
            },
          ];
        }
        if (!journey) {
          return [
            {
              severity: 'warning',
              code: 'writeback_journey_missing',
              message: `${name}: the journey ${mapping.journey} is not active.`,
              fix: 'Activate it, or make a plan for the journey that is.',
            },
          ];
        }
        return asking(patient, owner, async (connector, client) => {
          if (!connector.write) return [];
          const described = await connector.write.describe(client, mapping.property);
          const { unmapped, missingOptions } = mappingFaults(journey.definition.stages, mapping.values, described);
          return [
            ...(described === null ? [propertyMissing(name, mapping.property)] : []),
            ...(unmapped.length > 0 ? [stageUnmapped(name, unmapped)] : []),
            ...(missingOptions.length > 0 ? [optionMissing(name, missingOptions)] : []),
          ];
        });
      }),
  );
  return findings.flat();
};

const propertyMissing = (name: string, property: string): Finding => ({
  severity: 'warning',
  code: 'writeback_property_missing',
  message: `${name}: the CRM has no property ${property} yet.`,
  fix: 'It is made with the first plan that is applied; if it was there before, someone deleted it.',
});

const stageUnmapped = (name: string, stages: readonly string[]): Finding => ({
  severity: 'warning',
  code: 'unmapped_stage',
  message: `${name}: nobody has decided what these stages are in the CRM: ${some(stages, 12)}. Accounts in them are not written.`,
  fix: 'Map them, or mark them as not written.',
});

const optionMissing = (name: string, values: readonly string[]): Finding => ({
  severity: 'error',
  code: 'option_missing',
  message: `${name}: the property has no options ${some(values, 12)}.`,
  fix: 'Add the options to the property in the CRM by their internal value, or map the stages to others.',
});
