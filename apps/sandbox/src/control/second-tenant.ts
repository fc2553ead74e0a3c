import { composeMail } from '../google/compose.ts';
import type { SeedUser } from '../google/seed.ts';
import type { MicrosoftSeed } from '../microsoft/seed.ts';

const OWN = { name: 'Tomas Rye', address: 'tomas.rye@second-harbor.example' } as const;
const DAY = 86_400_000;

/** The mailbox of another tenant, beside the second HubSpot portal and Slack team: three mails with its two customers. */
export function secondGoogleUser(anchor: number): SeedUser {
  return {
    email: OWN.address,
    name: OWN.name,
    timeZone: 'Europe/Oslo',
    calendars: [],
    events: [],
    mails: mailsOf(anchor).map(({ raw, at, inbound }) => ({ raw, at, labelIds: inbound ? ['INBOX'] : ['SENT'] })),
  };
}

/** The same mailbox as a tenant of its own at Microsoft. */
export function secondMicrosoftTenant(anchor: number): MicrosoftSeed['tenants'][number] {
  return {
    domain: 'second-harbor.example',
    name: 'Second Harbor',
    apps: {},
    users: [
      {
        upn: OWN.address,
        name: OWN.name,
        timeZone: 'Europe/Oslo',
        calendars: [],
        folders: [],
        events: [],
        mails: mailsOf(anchor).map(({ raw, at, inbound }) => ({ raw, at, folder: inbound ? 'inbox' : 'sentitems' })),
      },
    ],
  };
}

interface SecondMail {
  readonly raw: string;
  readonly at: number;
  readonly inbound: boolean;
}

function mailsOf(anchor: number): SecondMail[] {
  const written = [
    ['fjordline-bakery.example', 9, 'Opening hours in the app', true],
    ['kestrel-optics.example', 6, 'Your question from Tuesday', false],
    ['fjordline-bakery.example', 2, 'Invoice for last month', true],
  ] as const;
  return written.map(([domain, days, subject, inbound], index) => {
    const at = anchor - days * DAY;
    const customer = { name: 'Ida', address: `ida@${domain}` };
    const [from, to] = inbound ? [customer, OWN] : [OWN, customer];
    const body = 'Hello,\n\na short mail of the second sample company.\n\nBest';
    const raw = composeMail({ messageId: `second-${index}@${domain}`, at, from, to: [to], subject, body });
    return { raw, at, inbound };
  });
}
