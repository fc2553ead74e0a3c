import { addressKey, registrableDomain } from '@waymark/identity';
import type { Finding } from '@waymark/connector-kit';
import { exclusions, sourceOutagesInForce } from '@waymark/store';
import { watchedTimes } from '@waymark/sync';
import { nameOf, reconnect, some, type Check, type Patient } from './patient.ts';

/** Installations that see people write or meet, by mailbox. */
function mailboxes({ installations, streams }: Patient) {
  const reading = (touchpoint: string) =>
    new Set(streams.filter((state) => state.sees.includes(touchpoint)).map((state) => state.installationId));
  const mail = reading('email');
  return installations.filter((one) => one.address !== null && one.status === 'active' && mail.has(one.installationId));
}

/** CSMs whose mailbox was never connected: what they write and receive is seen by chance, and their silence proves nothing. */
export const checkMailboxes: Check = async (patient) => {
  const { unwatchedMailboxes } = await patient.waymark.database.inWorkspace(patient.workspace.workspaceId, (tx) =>
    watchedTimes(tx, patient.now),
  );
  const findings: Finding[] = [];
  // One that is installed and not read is named with its installation.
  const never = unwatchedMailboxes.filter((one) => !one.installed);
  if (never.length > 0) {
    const watched = mailboxes(patient);
    const customers = never.reduce((sum, one) => sum + one.customers, 0);
    findings.push({
      severity: watched.length > 0 ? 'warning' : 'info',
      code: 'mailbox_not_watched',
      message: `${some(never.map((one) => one.address))}: ${never.length === 1 ? 'this mailbox is' : 'these mailboxes are'} not connected, and ${customers} customers belong to them. Their mail is seen only as far as others or the CRM see it.`,
      fix: `Connect them: waymark install gmail or waymark install outlook --workspace ${patient.workspace.slug}; an organization's administrator adds them with waymark mailboxes add.`,
    });
  }
  return [...findings, ...twice(patient), ...strangers(patient)];
};

/** Sources that tell nothing of anybody, far longer than is usual with them, and of which no error says it. */
export const checkSilence: Check = async ({ waymark, workspace, installations }) => {
  const outages = await waymark.database.inWorkspace(workspace.workspaceId, (tx) => sourceOutagesInForce(tx));
  const silent = Map.groupBy(
    outages.filter((one) => one.to === null),
    (one) => one.source,
  );
  return [...silent].flatMap(([source, all]): Finding[] => {
    const since = new Date(Math.min(...all.map((one) => one.from))).toISOString().slice(0, 10);
    const touchpoints = some(all.map((one) => one.touchpoint));
    const installation = installations.find((one) => all.some((each) => each.installationId === one.installationId));
    if (!installation && all.every((one) => one.installationId !== null)) return [];
    return [
      {
        severity: 'warning',
        code: 'source_silent',
        message: `${installation ? nameOf(installation) : `Imports of ${source}`}: nothing came about anybody since ${since} (${touchpoints}), far longer than is usual with it${installation ? ', though it is read without an error' : ''}. Silence of the customers that it tells of proves nothing for now.`,
        fix: installation
          ? `See at the provider whether its rights were narrowed, or a filter or rule hides what comes; what was missed is read again with waymark sync --again ${installation.installationId}. If nobody uses it any more: waymark disconnect ${installation.installationId}.`
          : 'Import what has happened since.',
      },
    ];
  });
};

/** Two installations that read the mail of one mailbox. */
function twice(patient: Patient): readonly Finding[] {
  const byKey = new Map<string, ReturnType<typeof mailboxes>>();
  for (const one of mailboxes(patient)) {
    const key = addressKey(one.address ?? '');
    byKey.set(key, [...(byKey.get(key) ?? []), one]);
  }
  return [...byKey]
    .filter(([, all]) => all.length > 1)
    .map(([address, all]) => ({
      severity: 'warning',
      code: 'mailbox_twice',
      message: `${address} is read by ${all.length} installations: ${some(all.map(nameOf))}. Its mail counts once, and costs its quota twice.`,
      fix: `Keep one: waymark exclude installation ${all[1]?.installationId ?? ''} takes the other away with what it brought.`,
    }));
}

/** Mailboxes of a domain that is not named as own: their owners look like customers. */
function strangers(patient: Patient): readonly Finding[] {
  const own = new Set(patient.settings.ownDomains.map((domain) => registrableDomain(domain.toLowerCase())));
  if (own.size === 0) return [];
  const outside = mailboxes(patient).filter((one) => {
    const domain = (one.address ?? '').split('@')[1]?.toLowerCase();
    return domain !== undefined && !own.has(registrableDomain(domain));
  });
  if (outside.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'own_domain_unnamed',
      message: `${some(outside.map(nameOf))}: connected, and of a domain that is not among your own (${some(patient.settings.ownDomains)}). What they write looks like a customer’s.`,
      fix: `Add the domain: waymark workspace settings '{"ownDomains":[…]}', or connect the right account: ${reconnect(patient, outside[0] ?? { connector: 'gmail' })}.`,
    },
  ];
}

/** Exclusions that take away customers: their mail is never stored, and their silence looks like risk. */
export const checkExclusions: Check = async ({ waymark, workspace, accounts }) => {
  const rules = await waymark.database.inWorkspace(workspace.workspaceId, (tx) => exclusions(tx));
  const customers = accounts.filter((account) => account.isCustomer && account.mergedInto === null);
  return rules.flatMap((rule): Finding[] => {
    const hit = customers.filter(
      (account) =>
        (rule.kind === 'domain' &&
          account.domain !== null &&
          (account.domain === rule.value || account.domain.endsWith(`.${rule.value}`))) ||
        (rule.kind === 'keyword' && account.name.toLowerCase() === rule.value.toLowerCase()),
    );
    if (hit.length === 0) return [];
    return [
      {
        severity: 'warning',
        code: 'exclusion_swallows_customer',
        message: `The exclusion of the ${rule.kind} ${rule.value} takes away ${hit.length === 1 ? 'a customer' : `${hit.length} customers`}: ${some(hit.map((one) => one.name))}. Nothing of their contact is kept, so nothing can be said of them.`,
        fix: 'If that is not meant, take it back: waymark exclude list, then waymark exclude remove <id>; it is read again then.',
      },
    ];
  });
};
