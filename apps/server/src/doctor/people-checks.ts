import type { Finding } from '@waymark/connector-kit';
import { eventTotals, unmatched } from '@waymark/store';
import { some, type Check } from './patient.ts';

/** Risk rules are for customers: without any, and without accounts at all, nothing can fire. */
export const checkCustomers: Check = ({ accounts, installations, settings }) => {
  const findings: Finding[] = [];
  if (accounts.length > 0 && !accounts.some((account) => account.isCustomer)) {
    findings.push({
      severity: 'error',
      code: 'no_customers',
      message: `None of the ${accounts.length} accounts is a customer, so no risk rule applies to any.`,
      fix: 'Declare the CRM property and the values by which your customers are known: waymark install hubspot asks for them.',
    });
  }
  if (accounts.length === 0 && installations.some((one) => one.lastResyncAt !== null)) {
    findings.push({
      severity: 'error',
      code: 'no_accounts',
      message: 'There are no accounts: mail and meetings have nothing to belong to.',
      fix: 'Connect the CRM: waymark install hubspot.',
    });
  }
  if (settings.ownDomains.length === 0) {
    findings.push({
      severity: 'error',
      code: 'own_domains_missing',
      message:
        'The workspace names no domain of its own, so colleagues look like customers and every direction is wrong.',
      fix: 'Name them: waymark workspace settings \'{"ownDomains":["example.com"]}\'.',
    });
  }
  return findings;
};

/** Customers without a CSM, and CSMs whom Slack would not find. */
export const checkOwners: Check = ({ accounts, members, installations }) => {
  const customers = accounts.filter((account) => account.isCustomer);
  const findings: Finding[] = [];
  const nobody = customers.filter((account) => account.csmEmail === null);
  if (nobody.length > 0) {
    findings.push({
      severity: 'warning',
      code: 'csm_missing',
      message: `${nobody.length} of ${customers.length} customers have no CSM: ${some(nobody.map((one) => one.name))}. Their alerts go to a channel.`,
      fix: 'Declare the CRM property that names the CSM, or fill it in for these companies.',
    });
  }
  const byOwner = customers.filter((account) => account.csmBasis === 'owner');
  if (byOwner.length > 0 && byOwner.length === customers.length) {
    findings.push({
      severity: 'info',
      code: 'csm_by_owner',
      message: 'No customer names a CSM; the owner of the record stands in for all of them.',
      fix: 'If another property names the CSM, declare it.',
    });
  }
  const byEmail = new Map(members.map((member) => [member.email.toLowerCase(), member]));
  const csms = [...new Set(customers.flatMap((one) => (one.csmEmail === null ? [] : [one.csmEmail.toLowerCase()])))];
  const gone = csms.filter((email) => byEmail.get(email)?.active === false);
  if (gone.length > 0) {
    findings.push({
      severity: 'warning',
      code: 'csm_inactive',
      message: `Customers belong to people who are not active any more: ${some(gone)}.`,
      fix: 'Name another CSM for their companies in the CRM.',
    });
  }
  if (installations.some((one) => one.connector === 'slack' && one.status === 'active')) {
    const unknown = csms.filter((email) => !byEmail.get(email)?.slackUserId && !gone.includes(email));
    if (unknown.length > 0) {
      findings.push({
        severity: 'warning',
        code: 'csm_without_slack',
        message: `The Slack user of ${unknown.length} CSMs is not known yet: ${some(unknown)}. Their address is tried with the first alert.`,
        fix: 'If their Slack address differs, map them: waymark member slack <email> <user id>.',
      });
    }
  }
  return findings;
};

/** How much of the contact belongs to nobody. */
export const checkMatching: Check = async ({ waymark, workspace }) => {
  const { queue, totals } = await waymark.database.inWorkspace(workspace.workspaceId, async (tx) => ({
    queue: await unmatched(tx),
    totals: await eventTotals(tx),
  }));
  const findings: Finding[] = [];
  const share = totals.total === 0 ? 0 : totals.unmatched / totals.total;
  if (share > 0.25 && totals.unmatched > 200) {
    findings.push({
      severity: 'warning',
      code: 'unmatched_many',
      message: `${Math.round(share * 100)} % of the events belong to no account; most: ${some(queue.map((one) => `${one.subject} (${one.events})`))}.`,
      fix: 'Look at the page Unmatched: give domains to accounts, and name domains of your own in the workspace’s settings.',
    });
  }
  const shared = queue.filter((one) => one.reason === 'ambiguous-domain' || one.reason === 'ambiguous-contact');
  if (shared.length > 0) {
    findings.push({
      severity: 'info',
      code: 'matching_ambiguous',
      message: `Several accounts claim the same people or domains: ${some(shared.map((one) => one.subject))}.`,
      fix: 'Decide on the page Unmatched, or by Wrong account in Slack: one person at a time for a reseller’s domain.',
    });
  }
  return findings;
};
