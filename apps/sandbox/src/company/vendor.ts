import type { Staff, Vendor } from './world.ts';

const DOMAIN = 'lumenledger.example';

function slack(id: string, handle: string, email: string): NonNullable<Staff['slack']> {
  return { id, handle, email };
}

function member(
  local: string,
  name: string,
  role: Staff['role'],
  watched: boolean,
  account?: NonNullable<Staff['slack']>,
): Staff {
  return { email: `${local}@${DOMAIN}`, name, role, watched, ...(account ? { slack: account } : {}) };
}

/**
 * Lumen Ledger, an invented vendor of invoicing and month-end software. Two CSMs have another address in Slack than at
 * work, so that the map from CSM to Slack user must be an explicit one. Support works out of the shared mailbox.
 */
export const VENDOR: Vendor = {
  name: 'Lumen Ledger',
  domains: [DOMAIN, 'lumen-ledger.example'],
  timezone: 'America/New_York',
  staff: [
    member('maya.okafor', 'Maya Okafor', 'csm', true, slack('U0CSM0001', 'maya', `maya.okafor@${DOMAIN}`)),
    member('jonas.lindqvist', 'Jonas Lindqvist', 'csm', true, slack('U0CSM0002', 'jonas', `jonas.lindqvist@${DOMAIN}`)),
    member('priya.raman', 'Priya Raman', 'csm', true, slack('U0CSM0003', 'priya', 'praman@lumen-ledger.example')),
    member('tomas.herrera', 'Tomás Herrera', 'csm', true, slack('U0CSM0004', 'tomas', `tomas.herrera@${DOMAIN}`)),
    member('aiko.brandt', 'Aiko Brandt', 'csm', true, slack('U0CSM0005', 'aiko', 'aiko@lumen-ledger.example')),
    member('sam.whitlock', 'Sam Whitlock', 'csm', true, slack('U0CSM0006', 'sam', `sam.whitlock@${DOMAIN}`)),
    member('elena.vasquez', 'Elena Vasquez', 'sales', true, slack('U0SAL0001', 'elena', `elena.vasquez@${DOMAIN}`)),
    member('derek.oyelaran', 'Derek Oyelaran', 'sales', true, slack('U0SAL0002', 'derek', `derek.oyelaran@${DOMAIN}`)),
    member('hanna.kovac', 'Hanna Kovač', 'sales', true, slack('U0SAL0003', 'hanna', `hanna.kovac@${DOMAIN}`)),
    member('leo.marchetti', 'Leo Marchetti', 'support', false),
    member('ruth.adeyemi', 'Ruth Adeyemi', 'support', false),
    member('nils.fosse', 'Nils Fosse', 'support', false),
    member('carla.nunez', 'Carla Núñez', 'revops', false, slack('U0OPS0001', 'carla', `carla.nunez@${DOMAIN}`)),
    member('support', 'Lumen Ledger Support', 'shared', true),
    member('success', 'Lumen Ledger Customer Success', 'shared', true),
  ],
};

export const SUPPORT_MAILBOX = `support@${DOMAIN}`;
export const SUCCESS_MAILBOX = `success@${DOMAIN}`;

/** The staff of one role, in order. */
export function staffOf(role: Staff['role']): readonly Staff[] {
  return VENDOR.staff.filter((staff) => staff.role === role);
}

const watched = new Set(VENDOR.staff.filter((staff) => staff.watched).map((staff) => staff.email));
const byEmail = new Map(VENDOR.staff.map((staff) => [staff.email, staff]));

/** True for the address of a connected mailbox. */
export function isWatched(address: string): boolean {
  return watched.has(address);
}

/** The member of staff who has this work address. */
export function staffAt(email: string): Staff {
  const staff = byEmail.get(email);
  if (!staff) throw new RangeError(`${email} is nobody's address at ${VENDOR.name}.`);
  return staff;
}
