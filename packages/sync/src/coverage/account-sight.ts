import { addressKey } from '@waymark/identity';
import { addressesSeen, installations, streamStates, type Account, type Contact, type Tx } from '@waymark/store';
import { seesPeople } from './coverage.ts';

/** How much of the contact with one account can be seen. */
export interface AccountSight {
  /** The people known at the account who have an address and have not left. */
  readonly known: number;
  /** Those of them whose mail came through something that is read now. */
  readonly seen: number;
  readonly unseen: readonly { readonly contactId: string; readonly name: string | null; readonly address: string }[];
  readonly csm: {
    readonly address: string | null;
    /** `watched`: read now; `stopped`: installed and not read; `not_connected`: never installed; `nobody`: there is no CSM. */
    readonly mailbox: 'watched' | 'stopped' | 'not_connected' | 'nobody';
  };
}

/** Whose mail of an account is seen: that of the contacts who have traffic through mailboxes, or CRMs that log mail, which are read now. */
export async function accountSight(
  tx: Tx,
  account: Pick<Account, 'accountId' | 'csmEmail'>,
  contacts: readonly Contact[],
): Promise<AccountSight> {
  const all = await installations(tx);
  const states = await streamStates(tx);
  const readers = (sees: (state: (typeof states)[number]) => boolean) =>
    new Set(states.filter(sees).map((state) => state.installationId));
  const active = new Set(all.filter((one) => one.status === 'active').map((one) => one.installationId));
  const mailReaders = readers((state) => state.sees.includes('email') && state.pausedReason === null);
  const seen = await addressesSeen(
    tx,
    account.accountId,
    [...mailReaders].filter((id) => active.has(id)),
  );
  const keys = new Set([...seen].map(addressKey));
  const known = contacts.filter((one) => one.leftAt === null && one.addresses.length > 0);
  const unseen = known.filter((one) => !one.addresses.some((address) => keys.has(addressKey(address))));
  return {
    known: known.length,
    seen: known.length - unseen.length,
    unseen: unseen.map(({ contactId, name, addresses }) => ({ contactId, name, address: addresses[0] ?? '' })),
    csm: { address: account.csmEmail, mailbox: mailboxOf(account.csmEmail, all, readers(seesPeople)) },
  };
}

function mailboxOf(
  csm: string | null,
  all: Awaited<ReturnType<typeof installations>>,
  reading: ReadonlySet<string>,
): AccountSight['csm']['mailbox'] {
  if (csm === null) return 'nobody';
  const own = all.filter(
    (one) => one.address !== null && addressKey(one.address) === addressKey(csm) && reading.has(one.installationId),
  );
  if (own.length === 0) return 'not_connected';
  return own.some((one) => one.status === 'active') ? 'watched' : 'stopped';
}

const mailboxWords: Readonly<Record<AccountSight['csm']['mailbox'], string>> = {
  watched: 'is read',
  stopped: 'is connected and not read now',
  not_connected: 'is not connected',
  nobody: '',
};

/** The sight in a sentence or two: `mail of 3 of 4 known contacts is seen; the mailbox of maya@example.com is read`. */
export function sightText({ known, seen, csm }: AccountSight): string {
  const people = known === 0 ? 'no contact is known' : `mail of ${seen} of ${known} known contacts is seen`;
  const mailbox =
    csm.address === null ? 'there is no CSM' : `the mailbox of ${csm.address} ${mailboxWords[csm.mailbox]}`;
  return `${people}; ${mailbox}`;
}
