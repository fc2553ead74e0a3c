import type { Finding } from '@waymark/connector-kit';
import { askable, asking, tellsOfGrant } from './asking.ts';
import { nameOf, some, type Check } from './patient.ts';
import { countsOf, endsText, missingOf } from './record-counts.ts';

const days = 14;

/**
 * Whether every record that a provider lists of the last two weeks is known here: stored, ignored or rejected, but never absent
 * without a trace (failure A11). Streams whose provider can count are asked.
 */
export const checkCounts: Check = async (patient) => {
  const findings = await Promise.all(
    askable(patient).map((one) =>
      asking(patient, one, async (connector, client) => {
        const counts = await countsOf(patient, one.installationId, connector, client, days);
        return counts.flatMap((count): Finding[] => {
          const missing = missingOf(count);
          if (missing.records === 0) return [];
          const place = `${nameOf(one)}, ${count.stream}${count.partition === '' ? '' : ` (${count.label ?? count.partition})`}`;
          const told = count.listed
            ? `the provider lists ${count.provider} records of the last ${days} days, and ${missing.records} of them are not known here, such as ${some(missing.ids, 2)}. All of them: ${endsText(count)}.`
            : `the provider counts ${count.provider} records of the last ${days} days, ${missing.records} more than are known here (${endsText(count)}).`;
          return [
            {
              severity: 'warning',
              code: 'count_differs',
              message: `${place}: ${told}`,
              fix: `The nightly reread of 30 days should bring them; at once: waymark sync --again ${one.installationId}. waymark doctor --counts lists each record. If they stay away, report it with the connector’s name and its log.`,
            },
          ];
        });
      }),
    ),
  );
  return findings.flat().filter((one) => !tellsOfGrant(one));
};
